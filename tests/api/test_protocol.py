"""The protocol, whatever the operation: what is no request gets a client's error, and nothing crashes."""

import json
import math
import string
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.caller import CALLER, PROTOCOL, Caller, encoded, modelled
from tests.aws.account import client_error, refuse
from weighbridge.api import applications, protocol
from weighbridge.api.operations import Request
from weighbridge.api.registry import OPERATIONS as SERVED

FOR_SERVERS = {
    "AddTagsToOnPremisesInstances",
    "BatchGetOnPremisesInstances",
    "DeleteGitHubAccountToken",
    "DeleteResourcesByExternalId",
    "DeregisterOnPremisesInstance",
    "GetOnPremisesInstance",
    "RegisterOnPremisesInstance",
    "RemoveTagsFromOnPremisesInstances",
}
# The model requires no member of any answer, so this is what clients rely on.
ANSWERED: dict[str, set[str]] = {
    "BatchGetApplicationRevisions": {"applicationName", "revisions"},
    "BatchGetApplications": {"applicationsInfo"},
    "BatchGetDeploymentGroups": {"deploymentGroupsInfo"},
    "BatchGetDeploymentInstances": {"instancesSummary"},
    "BatchGetDeploymentTargets": {"deploymentTargets"},
    "BatchGetDeployments": {"deploymentsInfo"},
    "CreateApplication": {"applicationId"},
    "CreateDeployment": {"deploymentId"},
    "CreateDeploymentConfig": {"deploymentConfigId"},
    "CreateDeploymentGroup": {"deploymentGroupId"},
    "DeleteDeploymentGroup": {"hooksNotCleanedUp"},
    "GetApplication": {"application"},
    "GetApplicationRevision": {"applicationName", "revision", "revisionInfo"},
    "GetDeployment": {"deploymentInfo"},
    "GetDeploymentConfig": {"deploymentConfigInfo"},
    "GetDeploymentGroup": {"deploymentGroupInfo"},
    "GetDeploymentInstance": {"instanceSummary"},
    "GetDeploymentTarget": {"deploymentTarget"},
    "GetDrop": {"dropInfo"},
    "ListApplicationRevisions": {"revisions"},
    "ListApplications": {"applications"},
    "ListDeploymentConfigs": {"deploymentConfigsList"},
    "ListDeploymentGroups": {"applicationName", "deploymentGroups"},
    "ListDeploymentInstances": {"instancesList"},
    "ListDeploymentTargets": {"targetIds"},
    "ListDeployments": {"deployments"},
    "ListRefusals": {"refusals"},
    "ListTagsForResource": {"Tags"},
    "PutLifecycleEventHookExecutionStatus": {"lifecycleEventHookExecutionId"},
    "StopDeployment": {"status"},
    "UpdateDeploymentGroup": {"hooksNotCleanedUp"},
}
OPERATIONS = list(protocol.service().operation_names)
CREATE = "CodeDeploy_20141006.CreateApplication"
STYLE = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
ROLE = "arn:aws:iam::123456789012:role/Deployer"


def error_of(answer: dict[str, Any]) -> str:
    assert answer["statusCode"] == 400
    return str(json.loads(answer["body"])["__type"])


# ------------------------------------------------------------------------------------------ what is no request


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"target": ""},
        {"target": "CreateApplication"},
        {"target": "CodeDeploy_20141006."},
        {"target": "CodeDeploy_20141006.createApplication"},
        {"target": "CodeDeploy_20141006.CreateApplication.More"},
        {"target": "CodeDeploy_20990101.CreateApplication"},
        {"target": "DynamoDB_20120810.GetItem"},
        {"target": CREATE, "method": "GET"},
        {"target": CREATE, "method": "PUT"},
        {"target": CREATE, "method": ""},
    ],
    ids=str,
)
def test_what_names_no_operation(api: Caller, changes: dict[str, str]) -> None:
    assert error_of(api.send("{}", **changes)) == "UnknownOperationException"


def test_a_header_may_be_written_in_any_case(api: Caller) -> None:
    answer = api.send('{"applicationName": "shop"}', headers={"X-Amz-Target": CREATE})
    assert answer["statusCode"] == 200


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        '"text"',
        "null",
        "1",
        "true",
        "{",
        '{"applicationName": "shop"',
        "{'applicationName': 'shop'}",
        '{"applicationName": "shop"}{}',
        '{"applicationName": NaN}',
        '{"other": Infinity}',
        '{"other": -Infinity}',
        '{"other": ' + "9" * 5000 + "}",
        '{"other": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"other": ' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}",
        "\ufeff{}",
        "\ud800",
        "<application/>",
    ],
    ids=lambda body: ascii(body)[:30],
)
@pytest.mark.parametrize("is_base64", [False, True])
def test_what_is_no_json_object(api: Caller, body: str, is_base64: bool) -> None:
    if is_base64:
        body = encoded(body.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
    answer = api.send(body, target=CREATE, is_base64=is_base64)
    assert error_of(answer) == "SerializationException"


@pytest.mark.parametrize("body", ["not base64!", "e30", "eyJ\n", "/////w==", "ä"])
def test_what_is_no_base64_of_text(api: Caller, body: str) -> None:
    assert error_of(api.send(body, target=CREATE, is_base64=True)) == "SerializationException"


@pytest.mark.parametrize("body", [None, "", "  \n", "{}"])
def test_no_body_is_an_empty_one(api: Caller, body: str | None) -> None:
    assert api.raw("ListApplications", body) == {"applications": []}
    assert error_of(api.send(body, target=CREATE)) == "ApplicationNameRequiredException"


def _padded(size: int, letter: str) -> str:
    start, end = '{"applicationName": "shop", "unknown": "', '"}'
    return start + letter * ((size - len(start) - len(end)) // len(letter.encode())) + end


@pytest.mark.parametrize("letter", ["x", "é"])
@pytest.mark.parametrize("is_base64", [False, True])
def test_the_size_of_a_request_is_limited_in_bytes(api: Caller, letter: str, is_base64: bool) -> None:
    fits, too_large = _padded(protocol.BODY_LIMIT, letter), _padded(protocol.BODY_LIMIT + 8, letter)
    if is_base64:
        fits, too_large = encoded(fits), encoded(too_large)
    assert api.send(fits, target=CREATE, is_base64=is_base64)["statusCode"] == 200
    assert error_of(api.send(too_large, target=CREATE, is_base64=is_base64)) == "RequestEntityTooLargeException"


@pytest.mark.parametrize(
    ("operation", "arguments", "expected"),
    [
        ("CreateApplication", {"applicationName": 1}, "SerializationException"),
        ("CreateApplication", {"applicationName": True}, "SerializationException"),
        ("CreateApplication", {"applicationName": ["shop"]}, "SerializationException"),
        ("CreateApplication", {"applicationName": "\ud800"}, "SerializationException"),
        ("CreateApplication", {"applicationName": None}, "ApplicationNameRequiredException"),
        ("CreateApplication", {"applicationName": ""}, "ApplicationNameRequiredException"),
        ("CreateApplication", {"applicationName": "a" * 101}, "InvalidApplicationNameException"),
        ("CreateApplication", {"applicationName": "a", "tags": {"Key": "a"}}, "SerializationException"),
        ("CreateApplication", {"applicationName": "a", "tags": ["a"]}, "SerializationException"),
        ("CreateApplication", {"applicationName": "a", "computePlatform": "EC2"}, "InvalidComputePlatformException"),
        ("StopDeployment", {"deploymentId": "d-AAAAAAAAA", "autoRollbackEnabled": "true"}, "SerializationException"),
        ("StopDeployment", {"deploymentId": ""}, "DeploymentIdRequiredException"),
        ("BatchGetDeployments", {"deploymentIds": []}, "DeploymentIdRequiredException"),
        ("BatchGetDeployments", {"deploymentIds": "d-AAAAAAAAA"}, "SerializationException"),
        ("RegisterApplicationRevision", {"applicationName": "a", "revision": {}}, "RevisionRequiredException"),
        ("ListDeployments", {"createTimeRange": {"start": "yesterday"}}, "SerializationException"),
        ("ListDeployments", {"createTimeRange": {"start": True}}, "SerializationException"),
        ("ListDeployments", {"createTimeRange": {"start": 1e300}}, "SerializationException"),
        ("ListDeployments", {"createTimeRange": {"start": 10**400}}, "SerializationException"),
        ("ListDeployments", {"includeOnlyStatuses": ["Done"]}, "InvalidDeploymentStatusException"),
        ("ListApplicationRevisions", {"applicationName": "a", "deployed": "yes"}, "InvalidDeployedStateFilterException"),
        ("ListDeploymentTargets", {"deploymentId": "d-AAAAAAAAA", "targetFilters": {"Name": []}}, "InvalidTargetFilterNameException"),
        ("ListDeploymentTargets", {"deploymentId": "d-AAAAAAAAA", "targetFilters": []}, "SerializationException"),
        ("PutLifecycleEventHookExecutionStatus", {"status": "Done"}, "InvalidLifecycleEventHookExecutionStatusException"),
        ("ContinueDeployment", {"deploymentWaitType": "LONG"}, "InvalidDeploymentWaitTypeException"),
        ("CreateDeployment", {"applicationName": "a", "autoRollbackConfiguration": {"events": ["ANY"]}}, "InvalidAutoRollbackConfigException"),
        ("CreateDeploymentConfig", {"deploymentConfigName": "a", "minimumHealthyHosts": {"value": 2**31}}, "SerializationException"),
        ("CreateDeploymentConfig", {"deploymentConfigName": "a", "minimumHealthyHosts": {"value": 1.5}}, "SerializationException"),
    ],
    ids=lambda value: ascii(value)[:70],
)  # fmt: skip
def test_types_lengths_and_values_are_those_of_the_model(
    api: Caller, operation: str, arguments: dict[str, Any], expected: str
) -> None:
    answer = api.raw(operation, json.dumps(arguments))
    assert answer["Error"]["Code"] == expected


@pytest.mark.parametrize("operation", SERVED)
def test_each_required_member_has_an_exception_of_its_operation(api: Caller, operation: str) -> None:
    shape = protocol.service().operation_model(operation).input_shape
    assert shape is not None
    if shape.required_members:
        assert api.raw(operation, "{}")["Error"]["Code"] in modelled(operation)


@pytest.mark.parametrize(
    ("operation", "arguments", "says"),
    [
        ("CreateApplication", {"applicationName": "a", "computePlatform": "EC2"}, "ComputePlatform 'EC2' is not valid. Valid values are [Lambda]"),
        ("CreateDeployment", {"revision": {"revisionType": "FTP"}}, "Valid values are [S3, String, AppSpecContent]"),
        ("CreateDeployment", {"revision": {"s3Location": {"bundleType": "rar"}}}, "Valid values are [zip, YAML, JSON]"),
        ("CreateDeployment", {"deploymentMode": "FAST"}, "Valid values are [STANDARD]"),
        ("CreateDeployment", {"fileExistsBehavior": "PERHAPS"}, "FileExistsBehavior 'PERHAPS' is not valid; leave it out."),
        ("CreateDeploymentGroup", {"deploymentStyle": {"deploymentType": "GREEN"}}, "Valid values are [BLUE_GREEN]"),
        ("CreateDeploymentGroup", {"deploymentStyle": {"deploymentOption": "NO"}}, "Valid values are [WITH_TRAFFIC_CONTROL]"),
        ("CreateDeploymentGroup", {"outdatedInstancesStrategy": "NO"}, "Valid values are [UPDATE]"),
        (
            "CreateDeploymentGroup",
            {"triggerConfigurations": [{"triggerEvents": ["Any"]}]},
            "Valid values are [DeploymentStart, DeploymentSuccess, DeploymentFailure, DeploymentStop, DeploymentRollback, DeploymentReady]",
        ),
        ("PutLifecycleEventHookExecutionStatus", {"status": "Done"}, "Valid values are [Succeeded, Failed]"),
        ("ListDeploymentTargets", {"targetFilters": {"Name": []}}, "Valid values are [TargetStatus]"),
    ],
    ids=lambda value: ascii(value)[:60],
)  # fmt: skip
def test_no_value_is_called_valid_that_is_refused(
    api: Caller, operation: str, arguments: dict[str, Any], says: str
) -> None:
    assert says in api.raw(operation, json.dumps(arguments))["Error"]["Message"]


def test_the_bundle_type_may_be_written_in_any_case() -> None:
    location = {"bucket": "drops", "key": "a.yaml", "bundleType": "yaml"}
    body = {"applicationName": "a", "revision": {"revisionType": "S3", "s3Location": location}}
    assert protocol.arguments_of("CreateDeployment", json.dumps(body))["revision"] == body["revision"]


def test_what_the_model_has_as_boolean_is_false_where_it_is_absent_and_the_nullable_is_left_out() -> None:
    """Clients with plain booleans do not send false."""
    body: dict[str, Any] = {"applicationName": "a", "autoRollbackConfiguration": {"enabled": None}}
    assert protocol.arguments_of("CreateDeployment", json.dumps(body)) == {
        "applicationName": "a",
        "autoRollbackConfiguration": {"enabled": False},
        "ignoreApplicationStopFailures": False,
        "updateOutdatedInstancesOnly": False,
    }
    stop = {"deploymentId": "d-AAAAAAAAA"}
    assert protocol.arguments_of("StopDeployment", json.dumps(stop)) == stop
    group = {"applicationName": "a", "currentDeploymentGroupName": "b"}
    assert protocol.arguments_of("UpdateDeploymentGroup", json.dumps(group)) == group


def test_nulls_and_unknown_members_are_left_out() -> None:
    body: dict[str, Any] = {
        "applicationName": "a",
        "tags": [None, {"Key": "k", "Value": None, "New": 1}],
        "computePlatform": None,
        "x": {},
    }
    assert protocol.arguments_of("CreateApplication", json.dumps(body)) == {"applicationName": "a", "tags": [{"Key": "k"}]}


def test_times_come_in_as_seconds_and_go_out_as_seconds() -> None:
    body: dict[str, Any] = {"createTimeRange": {"start": 1_700_000_000.25, "end": 1_700_000_001}}
    assert protocol.arguments_of("ListDeployments", json.dumps(body))["createTimeRange"]["start"] == datetime(
        2023, 11, 14, 22, 13, 20, 250_000, UTC
    )
    answered = protocol.answer("GetApplication", {"application": {"createTime": "2023-11-14T22:13:20.250Z", "unknown": 1}})
    assert json.loads(answered) == {"application": {"createTime": 1_700_000_000.25}}


# ------------------------------------------------------------------------------------------------- the handler


def test_the_caller_is_who_signed(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def operation(request: Request) -> dict[str, Any]:
        seen.append(request.caller)
        return {}

    monkeypatch.setitem(applications.OPERATIONS, "ListApplications", operation)
    api.call("ListApplications")
    assert seen == [CALLER]


@pytest.mark.parametrize("code", ["ThrottlingException", "TransactionConflictException", "InternalServerError"])
def test_what_may_pass_is_throttling_to_the_clients(api: Caller, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    status = 500 if code == "InternalServerError" else 400
    refuse(monkeypatch, "dynamodb", "query", client_error(code, "Query", status))
    error = api.raw("ListApplications", "{}")["Error"]
    assert error == {"Code": "ThrottlingException", "Message": "Rate exceeded"}


@pytest.mark.parametrize("operation", sorted(FOR_SERVERS))
def test_operations_for_servers_say_so_whatever_the_body_is(api: Caller, operation: str) -> None:
    error = api.raw(operation, "no JSON")["Error"]
    expected = "OperationNotSupportedException" if "GitHub" in operation else "UnknownOperationException"
    assert error["Code"] == expected
    assert "Lambda functions, which are all that run here" in error["Message"]


def test_every_other_operation_is_served() -> None:
    assert set(SERVED) == set(OPERATIONS) - FOR_SERVERS


# ---------------------------------------------------------------------------------------- bodies from the model

# What a valid request would name, so that bodies get beyond the checks of the protocol.
KNOWN: dict[str, list[Any]] = {
    "applicationName": ["shop", "other", "new"],
    "newApplicationName": ["shop", "other"],
    "applicationNames": [["shop", "other"], ["shop", "unknown"]],
    "deploymentGroupName": ["prod", "new"],
    "currentDeploymentGroupName": ["prod"],
    "newDeploymentGroupName": ["prod", "test"],
    "deploymentGroupNames": [["prod"], ["prod", "unknown"]],
    "deploymentConfigName": ["mine", "CodeDeployDefault.LambdaAllAtOnce", "CodeDeployDefault.OneAtATime", "newer"],
    "deploymentStyle": [STYLE],
    "serviceRoleArn": [ROLE],
    "deploymentId": ["d-AAAAAAAAA", "d-UNKNOWN00"],
    "deploymentIds": [["d-AAAAAAAAA"], ["d-UNKNOWN00", "d-AAAAAAAAA"]],
    "targetId": ["shop"],
    "targetIds": [["shop"], ["shop", "other"]],
    "ResourceArn": [
        f"arn:aws:codedeploy:eu-west-1:123456789012:{name}"
        for name in ("application:shop", "deploymentgroup:shop/prod", "deploymentconfig:mine", "application:no", "x:y", "application:")
    ],
    "Tags": [[{"Key": "team", "Value": "a"}]],
    "TagKeys": [["team"]],
    "computePlatform": ["Lambda"],
    "trafficRoutingConfig": [
        {"type": "AllAtOnce"},
        {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 5}},
    ],
    "autoRollbackConfiguration": [{"enabled": False}, {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}],
    "alarmConfiguration": [{"enabled": True, "alarms": [{"name": "errors"}]}],
    "revision": [
        {"revisionType": "AppSpecContent", "appSpecContent": {"content": "version: 0.0"}},
        {"revisionType": "S3", "s3Location": {"bucket": "drops", "key": "a.yaml", "bundleType": "YAML"}},
        {"revisionType": "GitHub", "gitHubLocation": {"repository": "a/b", "commitId": "c"}},
    ],
    "nextToken": ["", "WyJBUFBMSUNBVElPTlMiLCAic2hvcCJd", "bm9uc2Vuc2U="],
    "createTimeRange": [{"start": 0}, {"start": 5, "end": 4}, {}],
}  # fmt: skip

REFUSED = {
    "autoScalingGroups",
    "blueGreenDeploymentConfiguration",
    "ec2TagFilters",
    "ec2TagSet",
    "ecsServices",
    "fileExistsBehavior",
    "loadBalancerInfo",
    "minimumHealthyHosts",
    "onPremisesInstanceTagFilters",
    "onPremisesTagSet",
    "outdatedInstancesStrategy",
    "targetInstances",
    "terminationHookEnabled",
    "triggerConfigurations",
    "zonalConfig",
}

SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["", "\x00", "a" * 300, "\ud800", "d-", "#", "a/b", "Ω", 10**400, -0.0, math.inf]),
)
JUNK = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=5)  # fmt: skip
NAMES = st.text(string.ascii_letters + string.digits + "._+=,@-", min_size=1, max_size=12)


@cache
def bodies(shape: Shape, *, clean: bool) -> st.SearchStrategy[Any]:
    """Values for a shape: clean ones of its form and with names that there are, others with something wrong somewhere."""
    match shape:
        case StructureShape():
            members = {name: mostly(bodies(member, clean=clean), clean=clean) for name, member in shape.members.items()}
            known = {name: st.sampled_from(KNOWN[name]) for name in shape.members if name in KNOWN}
            if clean:
                members |= known
                # Members that only servers have would end most bodies early.
                needed = {
                    name: members.pop(name) for name in (*shape.required_members, "deploymentStyle") if name in members
                }
                return st.fixed_dictionaries(
                    needed, optional={name: members[name] for name in members if name not in REFUSED}
                )
            likely = {name: known.get(name, member) | member for name, member in members.items()}
            return st.fixed_dictionaries({}, optional={**likely, "unknown": JUNK})
        case ListShape():
            return st.lists(mostly(bodies(shape.member, clean=clean), clean=clean), max_size=3)
        case MapShape():
            return st.dictionaries(bodies(shape.key, clean=clean), bodies(shape.value, clean=clean), max_size=2)
    match shape.type_name:
        case "string":
            enum = shape.metadata.get("enum")
            return st.sampled_from(enum) if enum else NAMES if clean else st.one_of(NAMES, st.text(max_size=30))
        case "boolean":
            return st.booleans()
        case "timestamp":
            return st.floats(-1e10, 1e11) if clean else st.floats(-1e12, 1e12) | st.integers(-(10**20), 10**20)
        case _:
            return st.integers(-5, 3000)


def mostly(values: st.SearchStrategy[Any], *, clean: bool) -> st.SearchStrategy[Any]:
    return values if clean else st.integers(0, 9).flatmap(lambda die: JUNK if die == 0 else values)


@pytest.fixture
def furnished(api: Caller) -> Iterator[Caller]:
    for name in ("shop", "other"):
        api.call("CreateApplication", applicationName=name, computePlatform="Lambda")
    api.call("CreateDeploymentGroup", applicationName="shop", deploymentGroupName="prod", serviceRoleArn=ROLE, deploymentStyle=STYLE)  # fmt: skip
    api.call("CreateDeploymentConfig", deploymentConfigName="mine", trafficRoutingConfig={"type": "AllAtOnce"})
    return api  # type: ignore[return-value]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_body_provokes_anything_but_an_answer_or_an_error_of_the_operation(furnished: Caller, operation: str) -> None:
    """The caller asserts for every answer: 200 or 400, botocore can parse it, and the error is one of the operation's."""
    shape = protocol.service().operation_model(operation).input_shape
    assert shape is not None

    # A few here, thousands in `make verify`, by a grammar of its own.
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(body=bodies(shape, clean=True) | bodies(shape, clean=False))
    def check(body: Any) -> None:
        answer = furnished.raw(operation, json.dumps(body))
        assert "Error" in answer or set(answer) >= ANSWERED.get(operation, set())

    check()


@settings(max_examples=300, deadline=None)
@given(operation=st.sampled_from(OPERATIONS), text=st.text() | JUNK.map(json.dumps), is_base64=st.booleans())
def test_no_text_provokes_anything_but_an_error_of_the_protocol(operation: str, text: str, is_base64: bool) -> None:
    try:
        protocol.arguments_of(operation, text, is_base64=is_base64)
    except protocol.ApiError as error:
        assert error.name in modelled(operation) | PROTOCOL  # noqa: PT017
