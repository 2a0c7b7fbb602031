"""Whatever strangers send: files, events and API bodies, generated from their grammars and then broken, and plain bytes.

Each ends in a valid plan, or a refusal that says what is wrong in one bounded line. Nothing crashes, hangs, or eats memory.
"""

import json
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml
from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from verify.case import Tried
from verify.simulation.world import SimulatedWorld
from weighbridge.api import wire
from weighbridge.core import appspec, configs, documents, drops, groups, planning
from weighbridge.core.deployment import created
from weighbridge.core.errors import APPSPEC_SENTENCE, MESSAGE_LIMIT, InvalidDocument, WeighbridgeError
from weighbridge.core.plan import routing_after
from weighbridge.core.requests import DeploymentRequest
from weighbridge.core.routing import Routing

BATCH = 250
LONGEST = 5.0
"""Seconds of the processor that one input may take."""
MOST_MEMORY = 400 * 1024
"""KiB by which a batch may make the process grow."""
LONGEST_LINE = 64 * 1024
"""Bytes that a line of a log may have."""

# ------------------------------------------------------------------------------------------------- what strangers write

NASTY = [
    "",
    " ",
    "null",
    "~",
    "true",
    "0",
    "0.0",
    "010",
    "1e999",
    "NaN",
    "-1",
    "99999999999999999999",
    "$LATEST",
    "live",
    "arn:aws:lambda:us-east-1:000000000000:function:f:1",
    "../../etc",
    "a/b",
    "x" * 300,
    "é" * 100,
    "\u202eevil",
    "\x00",
    "a\nb",
    "\x1b[31m",
    "<script>alert(1)</script>",
    "{% $states.input %}",
    "${TableName}",
    "*",
    "&a",
    "!!python/object:os.system",
    "d-AAAAAAAAA",
]
texts = st.sampled_from(NASTY) | st.text(max_size=30)
scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)
versions = st.integers(1, 40).map(str) | st.integers(1, 40)
names = st.text(alphabet="abcABC019_-", min_size=1, max_size=20)

specs = st.builds(
    lambda name, alias, current, target, hooks: {
        "version": 0.0,
        "Resources": [
            {
                "fn": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {"Name": name, "Alias": alias, "TargetVersion": target} | current,
                }
            }
        ],
        "Hooks": hooks,
    },
    names,
    names,
    st.just({}) | versions.map(lambda version: {"CurrentVersion": version}),
    versions,
    st.lists(
        st.dictionaries(
            st.sampled_from(["BeforeAllowTraffic", "AfterAllowTraffic"]), names.map("CodeDeployHook_".__add__), max_size=1
        ),
        max_size=2,
    ),
)
alarm_settings = st.fixed_dictionaries(
    {"alarms": st.lists(names.map(lambda name: {"name": name}), max_size=3)},
    optional={"enabled": st.booleans(), "ignorePollAlarmFailure": st.booleans()},
)
rollback_settings = st.fixed_dictionaries(
    {}, optional={"enabled": st.booleans(), "events": st.lists(st.sampled_from(groups.ROLLBACK_EVENTS), max_size=3)}
)
group_files = st.fixed_dictionaries(
    {},
    optional={
        "deploymentConfigName": names | st.sampled_from(sorted(configs.PREDEFINED)),
        "alarmConfiguration": alarm_settings,
        "autoRollbackConfiguration": rollback_settings,
        "serviceRoleArn": names.map("arn:aws:iam::123456789012:role/{}".format),
        "tags": st.lists(st.builds(lambda k, v: {"Key": k, "Value": v}, names, texts), max_size=3),
        "triggerConfigurations": st.lists(
            st.builds(
                lambda name: {
                    "triggerName": name,
                    "triggerTargetArn": f"arn:aws:sns:us-east-1:123456789012:{name}",
                    "triggerEvents": ["DeploymentStart"],
                },
                names,
            ),
            max_size=3,
        ),
    },
)
config_files = st.builds(
    lambda kind, percentage, minutes: {
        "trafficRoutingConfig": {
            "type": f"TimeBased{kind.title()}",
            f"timeBased{kind.title()}": {f"{kind}Percentage": percentage, f"{kind}Interval": minutes},
        }
    },
    st.sampled_from(["canary", "linear"]),
    st.integers(-5, 120),
    st.integers(-5, 3000),
) | st.just({"trafficRoutingConfig": {"type": "AllAtOnce"}})
requests = st.builds(
    lambda revision, more: {"applicationName": "team-a", "deploymentGroupName": "prod", "revision": revision} | more,
    specs.map(lambda spec: {"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(spec, default=str)}})
    | st.builds(
        lambda bucket, key: {"revisionType": "S3", "s3Location": {"bucket": bucket, "key": key, "bundleType": "YAML"}},
        names,
        texts,
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "description": texts,
            "deploymentConfigName": names,
            "autoRollbackConfiguration": rollback_settings,
            "overrideAlarmConfiguration": alarm_settings,
        },
    ),
)


@st.composite
def broken(draw: st.DrawFn, whole: st.SearchStrategy[Any]) -> Any:
    """Something that follows its grammar, but for a few places."""
    made = draw(whole)
    for _ in range(draw(st.integers(0, 3))):
        made = _broken(draw, made)
    return made


def _broken(draw: st.DrawFn, made: Any) -> Any:
    if isinstance(made, dict) and made and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(made, key=str)))
        match draw(st.integers(0, 5)):
            case 0:
                return {name: item for name, item in made.items() if name != key}
            case 1:
                return made | {draw(texts): draw(values)}
            case 2:
                return {(str(name).swapcase() if name == key else name): item for name, item in made.items()}
        return made | {key: _broken(draw, made[key])}
    if isinstance(made, list) and made and draw(st.integers(0, 3)):
        place = draw(st.integers(0, len(made) - 1))
        return [*made[:place], _broken(draw, made[place]), *made[place + draw(st.integers(0, 1)) :]]
    return draw(values)


_YAML_TRICKS = [
    "&a ",
    "*a",
    "!!str ",
    "<<: *a\n",
    "\n---\n",
    "\t",
    "? ",
    "|\n",
    "%YAML 1.1\n",
    "\ufeff",
    "...",
    "#",
    "'",
    '"',
]


@st.composite
def files(draw: st.DrawFn, whole: st.SearchStrategy[Any]) -> bytes:
    """A file of that grammar in YAML or JSON, as it is, or with bytes changed; now and then just bytes."""
    if not draw(st.integers(0, 9)):
        return draw(st.binary(max_size=400))
    made = draw(broken(whole))
    try:
        text = json.dumps(made) if draw(st.booleans()) else yaml.safe_dump(made, allow_unicode=True)
    except yaml.YAMLError:
        text = json.dumps(made)
    content = text.encode("utf-8", "surrogatepass")
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 3]))):
        place = draw(st.integers(0, len(content)))
        inserted = draw(st.sampled_from(_YAML_TRICKS).map(str.encode) | st.binary(max_size=3))
        content = content[:place] + inserted + content[place + draw(st.integers(0, 3)) :]
    return content


def of_shape(shape: Shape | None, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that follow a shape of CodeDeploy's model."""
    match shape:
        case StructureShape():
            if depth > 4:  # noqa: PLR2004
                return st.just({})
            members = {name: of_shape(member, depth + 1) for name, member in shape.members.items()}
            needed = {name: members.pop(name) for name in shape.required_members}
            return st.fixed_dictionaries(needed, optional=members)
        case ListShape():
            return st.lists(of_shape(shape.member, depth + 1), max_size=3)
        case MapShape():
            return st.dictionaries(names, of_shape(shape.value, depth + 1), max_size=2)
        case None:
            return st.just({})
    match shape.type_name:
        case "string":
            enum = shape.metadata.get("enum")
            known = st.sampled_from(["team-a", "prod", "d-AAAAAAAAA", "CodeDeployDefault.LambdaAllAtOnce"])
            return st.sampled_from(enum) if enum else known | texts
        case "boolean":
            return st.booleans()
        case "timestamp":
            return st.floats(0, 2e9) | st.integers(0, 2**40)
    return st.integers(-(2**33), 2**33)


# ------------------------------------------------------------------------------------------------------- where it goes


def check_refusal(message: str) -> None:
    """A refusal is one line that people can read, of a bounded length."""
    assert message.strip(), "the refusal says nothing"
    assert len(message) <= MESSAGE_LIMIT + len(APPSPEC_SENTENCE), f"the refusal has {len(message)} characters"
    assert message.isprintable(), f"the refusal holds what cannot be printed: {message!r}"


def _refused(read: Callable[[], Any]) -> Any:
    """What `read` gives, None where it refuses in the right way."""
    try:
        return read()
    except WeighbridgeError as refusal:
        check_refusal(str(refusal))
        return None


def _appspec(_world: SimulatedWorld, content: bytes) -> None:
    spec = _refused(lambda: appspec.parse(content))
    if spec is None:
        return
    record = created(
        "d-AAAAAAAAA", "x", application="team-a", group="prod", revision=None, now=_world.simulation.clock.time
    )
    plan = _refused(
        lambda: planning.make_plan(
            record,
            spec,
            groups.DeploymentGroup.read({}),
            configs.PREDEFINED["CodeDeployDefault.LambdaLinear10PercentEvery1Minute"],
            found=Routing("1"),
            revision_id="r-0",
            group_id="g",
            left_by=None,
        )
    )
    if plan is not None:
        json.dumps(plan)
        assert plan["targetVersion"].isdigit()
        assert [routing_after(plan, step).weight_of(plan["targetVersion"]) for step in range(10)][-1] == 1.0


def _group(_world: SimulatedWorld, content: bytes) -> None:
    group = _refused(lambda: groups.parse("team-a", "prod", documents.load(content)))
    if group is not None:
        json.dumps(group.model_dump(mode="json"))


def _config(_world: SimulatedWorld, content: bytes) -> None:
    config = _refused(lambda: configs.parse("mine", documents.load(content)))
    if config is not None:
        steps = configs.steps(config)
        weights = [step["weight"] for step in steps]
        assert weights == sorted(set(weights))
        assert weights[-1] == 1.0
        assert all(0 < weight <= 1 for weight in weights)
        assert sum(step["bakeSeconds"] for step in steps) <= configs.LONGEST_MINUTES * 60


def _key(_world: SimulatedWorld, key: str) -> None:
    try:
        drops.classify_key(key)
    except InvalidDocument as refusal:
        check_refusal(str(refusal))


def _request(_world: SimulatedWorld, detail: Any) -> None:
    request = _refused(lambda: DeploymentRequest.read(detail))
    if request is not None:
        json.dumps(request.overrides())


def _event(world: SimulatedWorld, event: tuple[str, Any]) -> None:
    """An event of a stranger's reaches the handler that its rule names."""
    detail_type, detail = event
    construct = "Receive" if detail_type == "Deployment Requested" else "Interrupt"
    answer = world.invoke(
        construct,
        {
            "id": "event",
            "source": "stranger",
            "detail-type": detail_type,
            "time": "2026-01-01T06:00:00Z",
            "detail": json.loads(json.dumps(detail, default=str)),
        },
    )
    assert answer is None, f"{construct} ended with {answer}"


def _api(world: SimulatedWorld, call: tuple[str, Any]) -> None:
    operation, arguments = call
    functions = world.simulation.functions
    body = arguments if isinstance(arguments, str) else json.dumps(arguments, default=str)
    event = {
        "version": "2.0",
        "rawPath": "/",
        "headers": {"x-amz-target": f"CodeDeploy_20141006.{operation}", "content-type": "application/x-amz-json-1.1"},
        "requestContext": {
            "http": {"method": "POST", "path": "/"},
            "authorizer": {"iam": {"userArn": "arn:aws:iam::1:user/x"}},
        },
        "body": body,
        "isBase64Encoded": False,
    }
    outcome = functions.invoke(functions.named("Api"), event)
    assert outcome.error is None, f"the API ended with {outcome.error}"
    status, answer = outcome.value["statusCode"], outcome.value["body"]
    assert status in {200, 400}, f"the API answered {status}"
    if status != 200:  # noqa: PLR2004
        refusal = json.loads(answer)
        assert refusal["__type"].endswith("Exception")
        check_refusal(refusal["message"])


operations = st.sampled_from(sorted(wire.service().operation_names))


@cache
def _arguments(operation: str) -> st.SearchStrategy[Any]:
    return of_shape(wire.service().operation_model(operation).input_shape)


calls = operations.flatmap(
    lambda operation: st.tuples(
        st.just(operation), _arguments(operation) | broken(_arguments(operation)) | st.text(max_size=60)
    )
)
events = (
    st.tuples(st.just("Deployment Requested"), broken(requests))
    | st.tuples(
        st.just("Deployment Stop Requested"),
        broken(st.fixed_dictionaries({"deploymentId": st.just("d-AAAAAAAAA"), "autoRollbackEnabled": st.booleans()})),
    )
    | st.tuples(
        st.just("Lifecycle Event Hook Reported"),
        broken(
            st.fixed_dictionaries(
                {
                    "deploymentId": st.just("d-AAAAAAAAA"),
                    "lifecycleEventHookExecutionId": texts,
                    "status": st.sampled_from(["Succeeded", "Failed"]),
                }
            )
        ),
    )
)
keys = st.lists(names | texts, min_size=1, max_size=4).map("/".join) | st.builds(
    "{}/{}/{}{}".format, names, names, texts, st.sampled_from([".yaml", ".yml", ".json", ".YAML", ".txt", ""])
)


@dataclass(frozen=True)
class Door:
    """A way in: what comes through it, where it goes, and how many times it is tried."""

    what: st.SearchStrategy[Any]
    to: Callable[[SimulatedWorld, Any], None]
    inputs: int


DOORS: Mapping[str, Door] = {
    "AppSpec files": Door(files(specs), _appspec, 16_000),
    "deployment group files": Door(files(group_files), _group, 10_000),
    "deployment configuration files": Door(files(config_files), _config, 8_000),
    "object keys": Door(keys, _key, 4_000),
    "requests on the bus": Door(broken(requests), _request, 8_000),
    "events to the handlers": Door(events, _event, 3_000),
    "API bodies": Door(calls, _api, 6_000),
}


@dataclass(frozen=True)
class Batch:
    """Some hundred inputs through one door."""

    door: str
    seed: int
    size: int = BATCH

    fault_class = "hostile input"

    def __str__(self) -> str:
        return f"{self.size} {self.door}, seed {self.seed}"

    def run(self, world: SimulatedWorld) -> Tried:
        world.simulation.forget()
        door, problems, took = DOORS[self.door], list[str](), 0.0
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        @seed(self.seed)
        @settings(
            max_examples=self.size,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(door.what)
        def send(value: Any) -> None:
            nonlocal took
            began = time.process_time()
            door.to(world, value)
            took = max(took, time.process_time() - began)

        try:
            send()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what must not happen
            problems.append(f"{type(error).__name__}: {str(error)[:500]}")
        if took > LONGEST:
            problems.append(f"one input took {took:.1f} s")
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - grown
        if grown > MOST_MEMORY:
            problems.append(f"the process grew by {grown // 1024} MiB")
        longest = max(map(len, world.log().splitlines()), default=0)
        if longest > LONGEST_LINE:
            problems.append(f"a line of the log has {longest} characters")
        return Tried(problems, self.size)


def cases(_world: SimulatedWorld) -> Iterator[Batch]:
    for name, door in DOORS.items():
        for number in range(door.inputs // BATCH):
            yield Batch(name, number)
