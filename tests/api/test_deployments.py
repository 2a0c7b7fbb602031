"""Deployments by the API: what is asked for at once, what is refused, what is shown, listed and stopped."""

import hashlib
import json
import string
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.api.caller import CALLER, Caller, Refused
from tests.aws.account import Waits, client_error, keep_begun, keep_planned, kept, lost_answer, new_record, refuse
from tests.core.samples import START, at, plan
from weighbridge.aws import clients, dynamodb
from weighbridge.aws.dynamodb import Expression
from weighbridge.core.deployment import Change, begun, created, group_status, planned, shifted, stamp
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.errors import Interrupted, StopRequested
from weighbridge.core.groups import DeploymentGroup
from weighbridge.core.interruptions import Interruption, interrupted
from weighbridge.core.plan import routing_after
from weighbridge.core.planning import roll_back_on, watched_alarms
from weighbridge.core.record import Status
from weighbridge.core.rollbacks import rollback_record
from weighbridge.lifecycle import schedule
from weighbridge.store import deployments, keys, revisions, settings

APPSPEC = json.dumps({"version": 0.0, "Resources": [{"shop": {"Type": "AWS::Lambda::Function", "Properties": {}}}]})
SHA256 = hashlib.sha256(APPSPEC.encode()).hexdigest()
INLINE = {"revisionType": "AppSpecContent", "appSpecContent": {"content": APPSPEC}}
S3 = {"revisionType": "S3", "s3Location": {"bucket": "drops", "key": "a.yaml", "bundleType": "yaml"}}
NAMES = {"applicationName": "shop-app", "deploymentGroupName": "prod"}
D = "d-AAAAAAAAA"


@pytest.fixture(autouse=True)
def group_id(place: SimpleNamespace) -> str:  # noqa: ARG001  # the table
    settings.put_group("shop-app", "prod", DeploymentGroup(), stamp(at(0)))
    item = settings.group_item("shop-app", "prod")
    assert item
    return str(item["deploymentGroupId"])


def refusal(api: Caller, operation: str, **arguments: Any) -> str:
    with pytest.raises(Refused) as caught:
        api.call(operation, **arguments)
    return caught.value.name.removesuffix("Exception")


# ---------------------------------------------------------------------------------------------------- create


def test_a_deployment_is_kept_with_its_caller_and_started(api: Caller, place: SimpleNamespace) -> None:
    deployment_id = api.call("CreateDeployment", **NAMES, revision=INLINE, description="spring prices")["deploymentId"]
    record = kept(deployment_id)
    assert record["requestedBy"] == record["timeline"][0]["requestedBy"] == CALLER
    assert (record["status"], record["creator"], record["description"]) == ("Created", "user", "spring prices")
    executions = clients.client("stepfunctions").list_executions(stateMachineArn=place.machine)["executions"]
    assert [execution["name"] for execution in executions] == [deployment_id]
    info = api.call("GetDeployment", deploymentId=deployment_id)["deploymentInfo"]
    assert info["revision"] == {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": SHA256}}
    assert info["deploymentConfigName"] == "CodeDeployDefault.LambdaAllAtOnce"
    assert info["deploymentOverview"]["Pending"] == 1
    assert info["createTime"].isoformat(timespec="milliseconds")[:23] == record["createTime"][:23]


@pytest.mark.parametrize(
    "revision",
    [INLINE, S3, {"revisionType": "String", "string": {"content": APPSPEC, "sha256": SHA256}},
     {"revisionType": "S3", "s3Location": {**S3["s3Location"], "version": "v1", "eTag": '"abc"', "bundleType": "JSON"}},  # type: ignore[dict-item]
     {"revisionType": "S3", "s3Location": {**S3["s3Location"], "bundleType": "zip"}}],  # type: ignore[dict-item]
)  # fmt: skip
def test_every_type_of_revision_is_registered_by_its_deployment(api: Caller, revision: dict[str, Any]) -> None:
    deployment_id = api.call("CreateDeployment", **NAMES, revision=revision)["deploymentId"]
    registered = api.call("GetApplicationRevision", applicationName="shop-app", revision=revision)
    assert registered["revision"]["revisionType"] == revision["revisionType"]
    info = registered["revisionInfo"]
    assert info["description"] == f"Application revision registered by Deployment ID: {deployment_id}"
    assert info["registerTime"] == info["firstUsedTime"] == info["lastUsedTime"]


# What the skeletons of the CLI and of SDKs have besides the member that somebody filled in.
SKELETON: dict[str, Any] = {
    "s3Location": {"bucket": "", "key": "", "bundleType": "zip", "version": "", "eTag": ""},
    "gitHubLocation": {"repository": "", "commitId": ""},
    "string": {"content": "", "sha256": ""},
    "appSpecContent": {"content": "", "sha256": ""},
}


@pytest.mark.parametrize(
    "filled_in",
    [
        {"revisionType": "AppSpecContent", "appSpecContent": {"content": APPSPEC, "sha256": ""}},
        {"revisionType": "String", "string": {"content": APPSPEC, "sha256": SHA256}},
        {"revisionType": "S3", "s3Location": {**S3["s3Location"], "version": "", "eTag": ""}},  # type: ignore[dict-item]
    ],
    ids=lambda revision: str(revision["revisionType"]),
)
def test_a_filled_in_skeleton_is_the_revision_of_its_type(api: Caller, filled_in: dict[str, Any]) -> None:
    sent: dict[str, Any] = {"revision": SKELETON | filled_in}
    record = kept(api.call("CreateDeployment", **NAMES, **sent, targetInstances={"tagFilters": []})["deploymentId"])
    [member] = set(filled_in) - {"revisionType"}
    said = {name: value for name, value in filled_in[member].items() if value}
    assert record["revision"] == {
        "revisionType": filled_in["revisionType"],
        member: said | ({"bundleType": "YAML"} if member == "s3Location" else {"sha256": SHA256}),
    }
    registered = api.call("GetApplicationRevision", applicationName="shop-app", **sent)
    assert registered["revision"]["revisionType"] == filled_in["revisionType"]
    api.call("RegisterApplicationRevision", applicationName="shop-app", **sent)


BAD_CREATIONS: list[tuple[str, dict[str, Any]]] = [
    ("ApplicationNameRequired", {"applicationName": None}),
    ("InvalidApplicationName", {"applicationName": "a/b"}),
    ("InvalidApplicationName", {"applicationName": "a" * 101}),
    ("ApplicationDoesNotExist", {"applicationName": "nobody"}),
    ("DeploymentGroupNameRequired", {"deploymentGroupName": None}),
    ("InvalidDeploymentGroupName", {"deploymentGroupName": "?"}),
    ("DeploymentGroupDoesNotExist", {"deploymentGroupName": "test"}),
    ("RevisionRequired", {"revision": None}),
    ("RevisionRequired", {"revision": {}}),
    ("InvalidRevision", {"revision": {"revisionType": "FTP"}}),
    ("InvalidRevision", {"revision": {"revisionType": "S3"}}),
    ("InvalidRevision", {"revision": {"s3Location": S3["s3Location"]}}),
    ("InvalidRevision", {"revision": {"revisionType": "S3", "s3Location": {"bucket": "drops", "key": "a.yaml"}}}),
    ("InvalidRevision", {"revision": {"revisionType": "S3", "s3Location": {"bucket": "drops", "key": "a", "bundleType": "tgz"}}}),
    ("InvalidRevision", {"revision": {"revisionType": "S3", "s3Location": {"key": "a", "bundleType": "YAML"}}}),
    ("InvalidRevision", {"revision": {"revisionType": "GitHub", "gitHubLocation": {"repository": "a/b", "commitId": "c"}}}),
    ("InvalidRevision", {"revision": {"revisionType": "AppSpecContent"}}),
    ("InvalidRevision", {"revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": ""}}}),
    ("InvalidRevision", {"revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": "a", "sha256": "b"}}}),
    ("InvalidRevision", {"revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": "ü" * 51_201}}}),
    ("InvalidRevision", {"revision": {"revisionType": "String", "appSpecContent": {"content": "a"}}}),
    ("RevisionDoesNotExist", {"revision": {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "0" * 64}}}),
    ("InvalidDeploymentConfigName", {"deploymentConfigName": "a b"}),
    ("DeploymentConfigDoesNotExist", {"deploymentConfigName": "Nothing"}),
    ("DescriptionTooLong", {"description": "a" * 257}),
    ("InvalidFileExistsBehavior", {"fileExistsBehavior": "RETAIN"}),
    ("InvalidFileExistsBehavior", {"fileExistsBehavior": "PERHAPS"}),
    ("InvalidIgnoreApplicationStopFailuresValue", {"ignoreApplicationStopFailures": True}),
    ("InvalidUpdateOutdatedInstancesOnlyValue", {"updateOutdatedInstancesOnly": True}),
    ("InvalidTargetInstances", {"targetInstances": {"autoScalingGroups": ["a"]}}),
    ("InvalidInput", {"deploymentMode": "RESTART"}),
    ("InvalidAutoRollbackConfig", {"autoRollbackConfiguration": {"enabled": True}}),
    ("InvalidAutoRollbackConfig", {"autoRollbackConfiguration": {"enabled": True, "events": []}}),
    ("InvalidAutoRollbackConfig", {"autoRollbackConfiguration": {"enabled": True, "events": ["ON_MONDAYS"]}}),
    ("InvalidAlarmConfig", {"overrideAlarmConfiguration": {"enabled": True}}),
    ("InvalidAlarmConfig", {"overrideAlarmConfiguration": {"enabled": True, "alarms": []}}),
    ("InvalidAlarmConfig", {"overrideAlarmConfiguration": {"enabled": True, "alarms": [{"name": "a"}, {"name": "a"}]}}),
    ("InvalidAlarmConfig", {"overrideAlarmConfiguration": {"enabled": True, "alarms": [{"name": "a" * 256}]}}),
    ("InvalidAlarmConfig", {"overrideAlarmConfiguration": {"alarms": [{"name": "arn:aws:cloudwatch:eu-west-3:123456789012:alarm:red"}]}}),
    ("AlarmsLimitExceeded", {"overrideAlarmConfiguration": {"enabled": True, "alarms": [{"name": str(n)} for n in range(51)]}}),
    ("Serialization", {"revision": "s3://drops/a.yaml"}),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "changes"), BAD_CREATIONS)
def test_what_cannot_be_created_is_refused_before_anything_is_kept(
    api: Caller, expected: str, changes: dict[str, Any]
) -> None:
    arguments = {name: value for name, value in {**NAMES, "revision": INLINE, **changes}.items() if value is not None}
    assert refusal(api, "CreateDeployment", **arguments) == expected
    assert api.call("ListDeployments")["deployments"] == []
    assert "activeDeployment" not in (settings.group_item("shop-app", "prod") or {})


def test_members_that_mean_nothing_may_be_sent_when_they_say_nothing(api: Caller) -> None:
    harmless = {"ignoreApplicationStopFailures": False, "updateOutdatedInstancesOnly": False, "deploymentMode": "STANDARD"}
    assert api.call("CreateDeployment", **NAMES, revision=S3, **harmless)["deploymentId"]


@pytest.mark.parametrize(
    ("sent", "is_kept"),
    [
        ({"overrideAlarmConfiguration": {}}, {"enabled": False, "ignorePollAlarmFailure": False}),
        (
            {"overrideAlarmConfiguration": {"alarms": [{"name": "red"}]}},
            {"enabled": False, "ignorePollAlarmFailure": False, "alarms": [{"name": "red"}]},
        ),
        ({"autoRollbackConfiguration": {}}, {"enabled": False}),
        (
            {"autoRollbackConfiguration": {"events": ["DEPLOYMENT_FAILURE"]}},
            {"enabled": False, "events": ["DEPLOYMENT_FAILURE"]},
        ),
    ],
)
def test_what_a_call_leaves_of_enabled_is_off(api: Caller, sent: dict[str, Any], is_kept: dict[str, Any]) -> None:
    group = DeploymentGroup.read({"alarmConfiguration": {"alarms": [{"name": "a"}]}})
    settings.put_group("shop-app", "prod", group, stamp(at(0)))
    record: Any = kept(api.call("CreateDeployment", **NAMES, revision=S3, **sent)["deploymentId"])
    assert [record[member] for member in sent] == [is_kept]
    by_override = "overrideAlarmConfiguration" in sent
    assert watched_alarms(record, group)["names"] == ([] if by_override else ["a"])
    assert roll_back_on(record, group)["failure"] is by_override


def test_a_second_deployment_of_the_group_is_refused_and_told_which_one_runs(api: Caller) -> None:
    first = api.call("CreateDeployment", **NAMES, revision=INLINE)["deploymentId"]
    with pytest.raises(Refused) as caught:
        api.call("CreateDeployment", **NAMES, revision=INLINE)
    assert caught.value.name == "DeploymentLimitExceededException"
    assert caught.value.message == f"The Deployment Group 'prod' already has an active Deployment '{first}'"
    assert api.call("ListDeployments")["deployments"] == [first]


def test_a_deployment_that_ends_before_it_began_leaves_the_group_free(api: Caller) -> None:
    first = api.call("CreateDeployment", **NAMES, revision=INLINE)["deploymentId"]
    failure = {"error": "InvalidAppSpec", "cause": "No."}
    assert deployments.end(kept(first), failed(kept(first), failure, {}, at(1)))
    second = api.call("CreateDeployment", **NAMES, revision=INLINE)["deploymentId"]
    group = settings.group_item("shop-app", "prod") or {}
    assert group["activeDeployment"] == group["lastAttemptedDeployment"]["deploymentId"] == second
    info = api.call("GetDeployment", deploymentId=first)["deploymentInfo"]
    assert info["errorInformation"] == {"code": "INVALID_LAMBDA_CONFIGURATION", "message": "No."}
    assert info["deploymentOverview"]["Skipped"] == 1


def test_an_execution_that_cannot_be_started_at_once_is_left_to_the_sweep(
    api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Refused, the client would try again and be told that its own first try is in the way.
    refuse(monkeypatch, "stepfunctions", "start_execution", client_error("ThrottlingException"))
    deployment_id = api.call("CreateDeployment", **NAMES, revision=INLINE)["deploymentId"]
    assert deployments.unfinished() == [deployment_id]


def test_a_registration_that_fails_changes_nothing(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule.keep_on(datetime.now(UTC))
    refuse(monkeypatch, "dynamodb", "update_item", client_error("ProvisionedThroughputExceededException"))
    assert api.call("CreateDeployment", **NAMES, revision=INLINE)["deploymentId"]


def test_a_registered_revision_is_deployed_again_by_its_sha256_alone(api: Caller) -> None:
    api.call("RegisterApplicationRevision", applicationName="shop-app", revision=INLINE)
    known = {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": SHA256}}
    deployment_id = api.call("CreateDeployment", **NAMES, revision=known)["deploymentId"]
    assert kept(deployment_id)["revision"]["appSpecContent"]["content"] == APPSPEC


# ----------------------------------------------------------------------------------------------------- get


def _end(deployment_id: str, seconds: float = 5) -> None:
    assert deployments.end(kept(deployment_id), succeeded(kept(deployment_id), at(seconds)))


def test_the_previous_revision_is_that_of_the_last_success(api: Caller) -> None:
    keep_planned()
    _end(D)
    group = settings.group_item("shop-app", "prod") or {}
    assert group["lastSuccessfulDeployment"] == {
        "deploymentId": D, "status": "Succeeded", "createTime": stamp(at(0)), "endTime": stamp(at(5)),
    }  # fmt: skip
    assert deployments.target_of(new_record()) == group["targetRevision"] == new_record()["revision"]
    info = api.call("GetDeployment", deploymentId=D)["deploymentInfo"]
    assert "previousRevision" not in info
    assert info["deploymentOverview"]["Succeeded"] == 1
    assert info["autoRollbackConfiguration"]["enabled"] is True
    assert (info["createTime"], info["startTime"], info["completeTime"]) == (at(0), at(1), at(5))


def test_a_rollback_is_the_groups_last_success_and_its_revision_is_registered(api: Caller) -> None:
    record = keep_planned()
    rollback = rollback_record(record["plan"], at(4))
    assert deployments.create(rollback)
    assert deployments.end(rollback, succeeded(rollback, at(5)))
    stop = {"error": "StopRequested", "cause": "Stop."}
    assert deployments.end(record, failed(record, stop, {"status": "SUCCEEDED"}, at(6)))
    group = settings.group_item("shop-app", "prod") or {}
    assert "activeDeployment" not in group
    for member in ("lastAttemptedDeployment", "lastSuccessfulDeployment"):
        assert (group[member]["deploymentId"], group[member]["status"]) == (rollback["deploymentId"], "Succeeded")
    info = api.call("GetDeployment", deploymentId=rollback["deploymentId"])["deploymentInfo"]
    assert (info["creator"], info["rollbackInfo"]["rollbackTriggeringDeploymentId"]) == ("codeDeployRollback", D)
    back = api.call("GetApplicationRevision", applicationName="shop-app", revision=info["revision"])
    assert (
        json.loads(back["revision"]["appSpecContent"]["content"])["Resources"][0]["shop"]["Properties"]["TargetVersion"]
        == "1"
    )
    assert back["revisionInfo"]["deploymentGroups"] == ["prod"]


BAD_IDS = [("DeploymentIdRequired", ""), ("InvalidDeploymentId", "d-1"), ("InvalidDeploymentId", "d-aaaaaaaaa"), ("DeploymentDoesNotExist", "d-000000000")]  # fmt: skip
OF_ONE = ["GetDeployment", "StopDeployment", "ListDeploymentTargets", "ListDeploymentInstances", "PutLifecycleEventHookExecutionStatus"]  # fmt: skip


@pytest.mark.parametrize("operation", OF_ONE)
@pytest.mark.parametrize(("expected", "deployment_id"), [*BAD_IDS, ("DeploymentIdRequired", None)])
def test_a_deployment_that_is_not_there(api: Caller, operation: str, expected: str, deployment_id: str | None) -> None:
    assert refusal(api, operation, deploymentId=deployment_id) == expected


def test_a_batch_leaves_out_what_is_not_there(api: Caller) -> None:
    for letter in "AB":
        deployments.create(new_record(f"d-{letter * 9}"))
    deployment_ids = ["d-BBBBBBBBB", "d-000000000", D, "d-BBBBBBBBB"]
    infos = api.call("BatchGetDeployments", deploymentIds=deployment_ids)["deploymentsInfo"]
    assert [info["deploymentId"] for info in infos] == ["d-BBBBBBBBB", D]
    assert refusal(api, "BatchGetDeployments", deploymentIds=[D] * 26) == "BatchLimitExceeded"
    assert refusal(api, "BatchGetDeployments", deploymentIds=[]) == "DeploymentIdRequired"
    assert refusal(api, "BatchGetDeployments", deploymentIds=["x"]) == "InvalidDeploymentId"


def test_a_batch_never_answers_more_than_fits(api: Caller) -> None:
    # Each of these is four bytes long once it is in a text in a text.
    long = {"revisionType": "S3", "s3Location": {"bucket": "drops", "key": '"' * 75_000}}
    ids = [f"d-{letter * 9}" for letter in string.ascii_uppercase[:20]]
    for deployment_id in ids:
        deployments.create(new_record(deployment_id) | {"revision": long})
    assert len(api.call("BatchGetDeployments", deploymentIds=ids[:10])["deploymentsInfo"]) == 10
    assert refusal(api, "BatchGetDeployments", deploymentIds=ids) == "BatchLimitExceeded"


# ---------------------------------------------------------------------------------------------------- list


def _id(n: int) -> str:
    letters = string.digits + string.ascii_uppercase
    return "d-" + "".join(letters[n // 36**place % 36] for place in range(9))


def _keep_many(total: int, group: str) -> None:
    """Keys alone: deployments of five statuses in turn, one a minute, every second one of `group`."""
    statuses: tuple[Status, ...] = ("Succeeded", "Failed", "Stopped", "Succeeded", "InProgress")
    items = []
    for n in range(total):
        status = statuses[n % 5]
        values = {
            "deploymentId": _id(n),
            "status": status,
            "createTime": stamp(START + timedelta(minutes=n)),
            "groupStatus": group_status(group if n % 2 == 0 else "another", status),
        }
        items.append({**keys.deployment(_id(n)), **{name: {"S": value} for name, value in values.items()}})
    for start in range(0, total, 25):
        requests = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        clients.client("dynamodb").batch_write_item(RequestItems={dynamodb.name(): requests})


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every request to DynamoDB from now on: its operation, and how many items it read."""
    seen: list[dict[str, Any]] = []
    client = clients.client("dynamodb")
    call = client._make_api_call

    def note(operation: str, arguments: dict[str, Any]) -> Any:
        answer = call(operation, arguments)
        seen.append({"operation": operation, "read": answer.get("ScannedCount", 0), "index": arguments.get("IndexName")})
        return answer

    monkeypatch.setattr(client, "_make_api_call", note)
    return seen


def test_ten_thousand_deployments_are_listed_by_reading_little_more_than_a_page(
    api: Caller, group_id: str, queries: list[dict[str, Any]]
) -> None:
    _keep_many(10_000, group_id)
    newest = [_id(n) for n in range(9_999, -1, -1)]
    queries.clear()
    first = api.call("ListDeployments")
    assert first["deployments"] == newest[:100]
    assert {query["operation"] for query in queries} == {"Query"}
    assert sum(query["read"] for query in queries) <= 500
    assert len(queries) <= 8

    queries.clear()
    failed_of_group = api.call("ListDeployments", **NAMES, includeOnlyStatuses=["Failed", "Queued"])
    assert failed_of_group["deployments"] == [_id(n) for n in range(9_999, -1, -1) if n % 10 == 6][:100]
    assert {query["index"] for query in queries if query["operation"] == "Query"} == {"groupStatus"}
    assert sum(query["read"] for query in queries) <= 200

    queries.clear()
    span = {"start": (START + timedelta(minutes=5_000)).timestamp(), "end": (START + timedelta(minutes=5_020)).timestamp()}
    assert api.call("ListDeployments", createTimeRange=span)["deployments"] == [_id(n) for n in range(5_020, 4_999, -1)]
    assert sum(query["read"] for query in queries) <= 21


def test_every_page_together_lists_each_deployment_once(api: Caller, group_id: str) -> None:
    _keep_many(730, group_id)
    assert api.names("ListDeployments", "deployments") == [_id(n) for n in range(729, -1, -1)]
    of_group = api.names("ListDeployments", "deployments", **NAMES)
    assert of_group == [_id(n) for n in range(729, -1, -1) if n % 2 == 0]
    since = {"start": (START + timedelta(minutes=300)).timestamp()}
    stopped = api.names("ListDeployments", "deployments", includeOnlyStatuses=["Stopped"], createTimeRange=since)
    assert stopped == [_id(n) for n in range(729, 299, -1) if n % 5 == 2]


def test_pages_stay_as_they_are_while_deployments_come_and_change(api: Caller, group_id: str) -> None:
    _keep_many(150, group_id)
    first = api.call("ListDeployments")
    deployments.create(new_record() | {"createTime": stamp(START + timedelta(days=9))})
    change = Expression()
    change.set("status", "Failed")
    dynamodb.update(change.update(keys.deployment(_id(20))))
    dynamodb.update(change.update(keys.deployment(_id(120))))
    second = api.call("ListDeployments", nextToken=first["nextToken"])
    assert second["deployments"] == [_id(n) for n in range(49, -1, -1)]
    assert "nextToken" not in second


def test_deployments_of_one_moment_are_not_lost_between_pages(api: Caller) -> None:
    made = [_id(n) for n in range(130)]
    for deployment_id in made:
        deployments.create(new_record(deployment_id))
    assert api.names("ListDeployments", "deployments") == sorted(made, reverse=True)


def test_what_is_linked_to_something_outside(api: Caller) -> None:
    deployments.create(new_record())
    assert api.call("ListDeployments", externalId="cfn") == {"deployments": []}


BAD_LISTS: list[tuple[str, dict[str, Any]]] = [
    ("ApplicationNameRequired", {"deploymentGroupName": "prod"}),
    ("DeploymentGroupNameRequired", {"applicationName": "shop-app"}),
    ("ApplicationDoesNotExist", {"applicationName": "nobody", "deploymentGroupName": "prod"}),
    ("DeploymentGroupDoesNotExist", {"applicationName": "shop-app", "deploymentGroupName": "test"}),
    ("InvalidDeploymentGroupName", {"applicationName": "shop-app", "deploymentGroupName": "a b"}),
    ("InvalidDeploymentStatus", {"includeOnlyStatuses": ["Done"]}),
    ("InvalidTimeRange", {"createTimeRange": {"start": 2, "end": 1}}),
    ("InvalidExternalId", {"externalId": ""}),
    *[("InvalidNextToken", {"nextToken": token}) for token in ("", "x", "bnVsbA==", "WzEsMl0=", "WyIiLCJkLUFBQUFBQUFBQSJd", "ü", "A" * 9000)],
]  # fmt: skip


@pytest.mark.parametrize(("expected", "arguments"), BAD_LISTS)
def test_lists_that_cannot_be_made(api: Caller, expected: str, arguments: dict[str, Any]) -> None:
    assert refusal(api, "ListDeployments", **arguments) == expected


# ---------------------------------------------------------------------------------------------------- stop


def test_a_stop_while_nothing_waits_is_pending_and_then_succeeds(api: Caller) -> None:
    keep_planned()
    assert api.call("StopDeployment", deploymentId=D)["status"] == "Pending"
    assert kept()["interruption"]["rollBack"] is True
    again = api.call("StopDeployment", deploymentId=D)
    assert again["status"] == "Succeeded"
    assert again["statusMessage"] == "No more commands will be scheduled for execution in the deployment instances"


@pytest.mark.parametrize(("over", "status"), [(set(), "Succeeded"), ({"t-bake"}, "Pending")])
def test_a_stop_is_pending_while_a_step_follows_the_wait_that_is_on_record(
    api: Caller, waits: Waits, over: set[str], status: str
) -> None:
    keep_planned()
    deployments.update(D, Change(sets={"gate": {"token": "t-bake", "waitingFor": "bake"}}))
    waits.over |= over
    assert api.call("StopDeployment", deploymentId=D)["status"] == status
    assert kept()["interruption"]["error"] == "StopRequested"


def test_a_stop_before_the_start_is_pending_and_keeps_it_from_beginning(api: Caller) -> None:
    deployment_id = api.call("CreateDeployment", **NAMES, revision=INLINE)["deploymentId"]
    assert api.call("StopDeployment", deploymentId=deployment_id)["status"] == "Pending"
    change = begun("config", group_id="g-1", alarms=[], alias="shop:live", now=at(1))
    with pytest.raises(Interrupted):
        deployments.begin(kept(deployment_id), change)


@pytest.mark.parametrize(("wanted", "rolls_back"), [(None, False), (True, True), (False, False)])
def test_a_stop_decides_over_the_rollback(api: Caller, wanted: bool | None, rolls_back: bool) -> None:
    keep_planned(rollBackOn={"failure": True, "alarm": True, "stop": False})
    api.call("StopDeployment", deploymentId=D, autoRollbackEnabled=wanted)
    assert kept()["interruption"]["rollBack"] is rolls_back


def test_a_stop_of_what_has_ended(api: Caller) -> None:
    keep_planned()
    _end(D)
    with pytest.raises(Refused) as caught:
        api.call("StopDeployment", deploymentId=D)
    assert caught.value.name == "DeploymentAlreadyCompletedException"
    assert caught.value.message == f"Deployment {D} has already completed"


def test_a_rollback_is_not_stopped(api: Caller) -> None:
    rollback = rollback_record(plan(), at(4))
    deployments.create(rollback)
    assert refusal(api, "StopDeployment", deploymentId=rollback["deploymentId"]) == "UnsupportedActionForDeploymentType"
    assert "interruption" not in kept(rollback["deploymentId"])


# -------------------------------------------------------------------------------------------------- targets


def test_before_the_appspec_is_read_there_is_no_target(api: Caller) -> None:
    deployments.create(new_record())
    assert refusal(api, "ListDeploymentTargets", deploymentId=D) == "DeploymentNotStarted"
    assert refusal(api, "GetDeploymentTarget", deploymentId=D, targetId="shop") == "DeploymentNotStarted"
    assert refusal(api, "BatchGetDeploymentTargets", deploymentId=D, targetIds=["shop"]) == "DeploymentNotStarted"
    assert refusal(api, "ListDeploymentInstances", deploymentId=D) == "DeploymentNotStarted"
    assert refusal(api, "GetDeploymentInstance", deploymentId=D, instanceId="shop") == "InstanceDoesNotExist"


def test_the_one_target_by_all_its_operations(api: Caller) -> None:
    sample = plan()
    keep_planned()
    deployments.update(D, shifted(sample, 0, routing_after(sample, 0), "r-1", at(2)))
    assert api.call("ListDeploymentTargets", deploymentId=D) == {"targetIds": ["shop"]}
    target = api.call("GetDeploymentTarget", deploymentId=D, targetId="shop")["deploymentTarget"]
    assert target["deploymentTargetType"] == "LambdaTarget"
    assert target["lambdaTarget"]["targetArn"].endswith(":123456789012:function:shop")
    assert target["lambdaTarget"]["lambdaFunctionInfo"] == {
        "functionName": "shop", "functionAlias": "live", "currentVersion": "1", "targetVersion": "2", "targetVersionWeight": 0.1,
    }  # fmt: skip
    events = target["lambdaTarget"]["lifecycleEvents"]
    assert [(event["lifecycleEventName"], event["status"]) for event in events] == [
        ("BeforeAllowTraffic", "Succeeded"), ("AllowTraffic", "InProgress"), ("AfterAllowTraffic", "Pending"),
    ]  # fmt: skip
    assert (events[0]["startTime"], events[0]["diagnostics"]["errorCode"]) == (at(2), "Success")
    assert api.call("BatchGetDeploymentTargets", deploymentId=D, targetIds=["shop"])["deploymentTargets"] == [target]
    assert api.call("ListDeploymentInstances", deploymentId=D) == {"instancesList": ["shop"]}
    summary = api.call("GetDeploymentInstance", deploymentId=D, instanceId="shop")["instanceSummary"]
    assert (summary["instanceId"], summary["status"], summary["lifecycleEvents"]) == ("shop", "InProgress", events)
    batch = api.call("BatchGetDeploymentInstances", deploymentId=D, instanceIds=["shop", "other"])
    assert batch["instancesSummary"] == [summary]
    assert "other" in batch["errorMessage"]


@pytest.mark.parametrize(("wanted", "found"), [(["InProgress", "Failed"], ["shop"]), (["Succeeded"], [])])
def test_targets_by_status(api: Caller, wanted: list[str], found: list[str]) -> None:
    keep_begun()
    sample = planned(plan(), at(1))
    deployments.update(D, sample)
    assert api.call("ListDeploymentTargets", deploymentId=D, targetFilters={"TargetStatus": wanted})["targetIds"] == found
    assert api.call("ListDeploymentInstances", deploymentId=D, instanceStatusFilter=wanted)["instancesList"] == found


BAD_TARGETS: list[tuple[str, str, dict[str, Any]]] = [
    ("InvalidNextToken", "ListDeploymentTargets", {"nextToken": "x"}),
    ("InvalidInstanceStatus", "ListDeploymentTargets", {"targetFilters": {"TargetStatus": ["Fine"]}}),
    ("InvalidDeploymentInstanceType", "ListDeploymentTargets", {"targetFilters": {"ServerInstanceLabel": ["Blue"]}}),
    ("InvalidTargetFilterName", "ListDeploymentTargets", {"targetFilters": {"Colour": ["Blue"]}}),
    ("DeploymentTargetIdRequired", "GetDeploymentTarget", {}),
    ("InvalidDeploymentTargetId", "GetDeploymentTarget", {"targetId": "a b"}),
    ("DeploymentTargetDoesNotExist", "GetDeploymentTarget", {"targetId": "other"}),
    ("DeploymentTargetIdRequired", "BatchGetDeploymentTargets", {"targetIds": []}),
    ("DeploymentTargetListSizeExceeded", "BatchGetDeploymentTargets", {"targetIds": ["shop", "other"]}),
    ("InvalidDeploymentTargetId", "BatchGetDeploymentTargets", {"targetIds": ["?"]}),
    ("DeploymentTargetDoesNotExist", "BatchGetDeploymentTargets", {"targetIds": ["other"]}),
    ("InvalidNextToken", "ListDeploymentInstances", {"nextToken": "x"}),
    ("InvalidInstanceStatus", "ListDeploymentInstances", {"instanceStatusFilter": ["Fine"]}),
    ("InvalidInstanceType", "ListDeploymentInstances", {"instanceTypeFilter": ["Red"]}),
    ("InvalidDeploymentInstanceType", "ListDeploymentInstances", {"instanceTypeFilter": ["Blue"]}),
    ("InstanceIdRequired", "GetDeploymentInstance", {}),
    ("InvalidInstanceName", "GetDeploymentInstance", {"instanceId": "a b"}),
    ("InstanceDoesNotExist", "GetDeploymentInstance", {"instanceId": "other"}),
    ("InstanceIdRequired", "BatchGetDeploymentInstances", {"instanceIds": []}),
    ("InvalidInstanceName", "BatchGetDeploymentInstances", {"instanceIds": ["a b"]}),
    ("BatchLimitExceeded", "BatchGetDeploymentInstances", {"instanceIds": ["shop"] * 26}),
]


@pytest.mark.parametrize(("expected", "operation", "arguments"), BAD_TARGETS)
def test_targets_that_are_none(api: Caller, expected: str, operation: str, arguments: dict[str, Any]) -> None:
    keep_planned()
    assert refusal(api, operation, deploymentId=D, **arguments) == expected


def test_an_alarm_in_mid_shift_is_told_by_the_event_that_it_hit(api: Caller) -> None:
    sample = plan()
    keep_planned()
    deployments.update(D, shifted(sample, 0, routing_after(sample, 0), "r-1", at(2)))
    failure = {"error": "AlarmActive", "cause": "Activated alarms: <errors>"}
    assert deployments.end(kept(), failed(kept(), failure, {"status": "SUCCEEDED"}, at(3)))
    target = api.call("GetDeploymentTarget", deploymentId=D, targetId="shop")["deploymentTarget"]["lambdaTarget"]
    assert target["status"] == "Failed"
    assert [event["status"] for event in target["lifecycleEvents"]] == ["Succeeded", "Failed", "Skipped"]
    diagnostics = target["lifecycleEvents"][1]["diagnostics"]
    assert (diagnostics["errorCode"], diagnostics["message"]) == ("UnknownError", "Activated alarms: <errors>")


def test_what_was_interrupted_by_a_stop_says_so(api: Caller) -> None:
    keep_planned()
    stop = Interruption(StopRequested("The deployment was stopped by request; traffic is restored."), roll_back=True)
    deployments.update(D, interrupted(stop, at(3)))
    messages = api.call("GetDeployment", deploymentId=D)["deploymentInfo"]["deploymentStatusMessages"]
    assert messages[-1].endswith(" Interrupted: The deployment was stopped by request; traffic is restored.")


def test_registration_is_one_write_and_harmless_twice(api: Caller, queries: list[dict[str, Any]]) -> None:
    record = created("d-CCCCCCCCC", "x", application="shop-app", group="prod", revision=S3, now=at(0), group_id="g")
    queries.clear()
    revisions.use(record, at(0))
    assert [query["operation"] for query in queries] == ["UpdateItem"]
    revisions.use(record, at(60))
    with lost_answer("dynamodb", "UpdateItem"):
        revisions.use(record, at(120))
    info = api.call("GetApplicationRevision", applicationName="shop-app", revision=S3)["revisionInfo"]
    assert (info["registerTime"], info["firstUsedTime"], info["lastUsedTime"]) == (at(0), at(0), at(120))
    assert info["deploymentGroups"] == []
