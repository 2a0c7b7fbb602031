"""Untrusted input: files, events and API bodies, generated from their grammars and then broken, and plain bytes.

Each ends in a valid plan, or a refusal that says what is wrong in one bounded line. Nothing crashes, hangs, or eats memory.
"""

import cProfile
import io
import json
import resource
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from verify.case import Tried
from verify.grammars import archives, broken, calls, config_files, events, files, group_files, keys, requests, specs
from verify.simulation.world import SimulatedWorld
from weighbridge.core import appspec, bundles, configs, documents, groups, object_keys, planning
from weighbridge.core.deployment import created
from weighbridge.core.errors import APPSPEC_SENTENCE, MESSAGE_LIMIT, InvalidDocument, WeighbridgeError
from weighbridge.core.plan import routing_after
from weighbridge.core.requests import DeploymentRequest
from weighbridge.core.routing import Routing

BATCH = 250
MOST_CALLS = 5_000_000
"""Of functions, by which one input is read: more would take longer than a function has."""
MOST_MEMORY = 400 * 1024
"""KiB by which a batch may make the process grow."""
LONGEST_LINE = 64 * 1024
"""Bytes that a line of a log may have."""


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
            routing=Routing("1"),
            revision_id="r-0",
            group_id="g",
            left_by=None,
        )
    )
    if plan is not None:
        json.dumps(plan)
        assert plan["targetVersion"].isdigit()
        assert routing_after(plan, len(plan["steps"]) - 1).weight_of(plan["targetVersion"]) == 1.0


def _bundle(world: SimulatedWorld, content: bytes) -> None:
    file = _refused(lambda: bundles.appspec_in(io.BytesIO(content)))
    if file is not None:
        _appspec(world, file)


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
        object_keys.classify_key(key)
    except InvalidDocument as refusal:
        check_refusal(str(refusal))


def _request(_world: SimulatedWorld, detail: Any) -> None:
    request = _refused(lambda: DeploymentRequest.read(detail))
    if request is not None:
        json.dumps(request.overrides())


def _event(world: SimulatedWorld, event: tuple[str, Any]) -> None:
    """An event reaches the handler that its rule names, whatever is in it."""
    construct, payload = event
    answer = world.invoke(construct, json.loads(json.dumps(payload, default=str)))
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


@dataclass(frozen=True)
class Input:
    """What can be sent in: how it is generated, what takes it, and how many of it are tried."""

    what: st.SearchStrategy[Any]
    to: Callable[[SimulatedWorld, Any], None]
    count: int


INPUTS: Mapping[str, Input] = {
    "AppSpec files": Input(files(specs), _appspec, 16_000),
    "zip archives with AppSpec files": Input(archives(specs), _bundle, 4_000),
    "deployment group files": Input(files(group_files), _group, 10_000),
    "deployment configuration files": Input(files(config_files), _config, 8_000),
    "object keys": Input(keys, _key, 4_000),
    "requests on the bus": Input(broken(requests), _request, 8_000),
    "events to the handlers": Input(events, _event, 3_000),
    "API bodies": Input(calls, _api, 6_000),
}


@dataclass(frozen=True)
class Batch:
    """Some hundred inputs of one kind."""

    kind: str
    seed: int
    size: int = BATCH

    fault_class = "fuzzing"

    def __str__(self) -> str:
        return f"{self.size} {self.kind}, seed {self.seed}"

    def run(self, world: SimulatedWorld) -> Tried:
        world.simulation.forget()
        source, problems, most = INPUTS[self.kind], list[str](), 0
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        @seed(self.seed)
        @settings(
            max_examples=self.size,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(source.what)
        def send(value: Any) -> None:
            nonlocal most
            with cProfile.Profile() as profile:
                source.to(world, value)
            most = max(most, sum(entry.callcount for entry in profile.getstats()))

        try:
            send()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what must not happen
            problems.append(f"{type(error).__name__}: {str(error)[:500]}")
        if most > MOST_CALLS:
            problems.append(f"one input took {most:,} calls of functions")
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - grown
        if grown > MOST_MEMORY:
            problems.append(f"the process grew by {grown // 1024} MiB")
        longest = max(map(len, world.log().splitlines()), default=0)
        if longest > LONGEST_LINE:
            problems.append(f"a line of the log has {longest} characters")
        return Tried(problems, self.size)


def cases(_world: SimulatedWorld) -> Iterator[Batch]:
    for name, source in INPUTS.items():
        for number in range(source.count // BATCH):
            yield Batch(name, number)
