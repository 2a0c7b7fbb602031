"""Untrusted input: files, events and API bodies by their grammars, then broken, and plain bytes."""

import io
import json
import zipfile
from functools import cache
from typing import Any

import yaml
from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import strategies as st

from weighbridge.api import protocol
from weighbridge.core import configs
from weighbridge.core.rollback_rule import ROLLBACK_EVENTS

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
    "\ud800",
]
texts = st.sampled_from(NASTY) | st.text(max_size=30)
scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | texts


def _deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


# What a number, a text and a nesting can be that no table and no parser takes.
extremes = st.sampled_from([10**60, -(10**60), 10.0**300, 5e-324, "x" * 100_000, _deep(300)])
values = extremes | st.recursive(
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
    {}, optional={"enabled": st.booleans(), "events": st.lists(st.sampled_from(ROLLBACK_EVENTS), max_size=3)}
)
group_files = st.fixed_dictionaries(
    {},
    optional={
        "deploymentConfigName": names | st.sampled_from(sorted(configs.PREDEFINED)),
        "alarmConfiguration": alarm_settings,
        "autoRollbackConfiguration": rollback_settings,
        "serviceRoleArn": names.map("arn:aws:iam::123456789012:role/{}".format),
        "aliases": st.lists(st.builds("{}:{}".format, names, names), max_size=3),
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
    except (yaml.YAMLError, RecursionError):
        text = json.dumps(made)
    content = text.encode("utf-8", "surrogatepass")
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 3]))):
        place = draw(st.integers(0, len(content)))
        inserted = draw(st.sampled_from(_YAML_TRICKS).map(str.encode) | st.binary(max_size=3))
        content = content[:place] + inserted + content[place + draw(st.integers(0, 3)) :]
    return content


@st.composite
def archives(draw: st.DrawFn, whole: st.SearchStrategy[Any]) -> bytes:
    """A zip archive with files of that grammar, as it is, or with bytes changed."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))) as opened:
        for name in draw(st.lists(st.sampled_from(_MEMBERS), max_size=3, unique=True)):
            opened.writestr(name, draw(files(whole)))
    content = bytearray(archive.getvalue())
    for place in draw(st.lists(st.integers(0, len(content) - 1), max_size=3)):
        content[place] = draw(st.integers(0, 255))
    return bytes(content)


_MEMBERS = ["appspec.yaml", "appspec.yml", "APPSPEC.JSON", "/appspec.yaml", "x/appspec.yaml", "../appspec.yaml", "index.py"]


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


operations = st.sampled_from(sorted(protocol.service().operation_names))


@cache
def _arguments(operation: str) -> st.SearchStrategy[Any]:
    return of_shape(protocol.service().operation_model(operation).input_shape)


calls = operations.flatmap(
    lambda operation: st.tuples(
        st.just(operation), _arguments(operation) | broken(_arguments(operation)) | st.text(max_size=60)
    )
)


def _event(construct: str, source: str, detail_type: str, detail: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Events for a handler: each has a detail of that grammar, and any place in it may be broken."""
    whole = st.fixed_dictionaries(
        {
            "id": st.just("event"),
            "source": st.just(source),
            "detail-type": st.just(detail_type),
            "time": st.just("2026-01-01T06:00:00Z"),
            "detail": detail,
        }
    )
    return st.tuples(st.just(construct), broken(whole).filter(lambda event: isinstance(event, dict)))


events = (
    _event("Receive", "anybody", "Deployment Requested", requests)
    | _event("Receive", "anybody", "Deployment Stop Request", st.fixed_dictionaries({"deploymentId": texts}))
    | _event(
        "Receive",
        "aws.s3",
        "Object Created",
        st.fixed_dictionaries(
            {
                "bucket": st.just({"name": "nowhere"}),
                "object": st.fixed_dictionaries({"key": st.just("team-a/prod/a.yaml"), "version-id": texts}),
            }
        ),
    )
    | _event(
        "Interrupt",
        "anybody",
        "Deployment Stop Requested",
        st.fixed_dictionaries({"deploymentId": st.just("d-AAAAAAAAA"), "autoRollbackEnabled": st.booleans()}),
    )
    | _event(
        "Interrupt",
        "anybody",
        "Lifecycle Event Hook Reported",
        st.fixed_dictionaries(
            {
                "deploymentId": st.just("d-AAAAAAAAA"),
                "lifecycleEventHookExecutionId": texts,
                "status": st.sampled_from(["Succeeded", "Failed"]),
            }
        ),
    )
    | _event(
        "Interrupt", "aws.cloudwatch", "CloudWatch Alarm State Change", st.fixed_dictionaries({"alarmName": names | texts})
    )
)
keys = st.lists(names | texts, min_size=1, max_size=4).map("/".join) | st.builds(
    "{}/{}/{}{}".format, names, names, texts, st.sampled_from([".yaml", ".yml", ".json", ".YAML", ".txt", ""])
)
