"""Deployments that are asked for by the API: what is kept and started at once, and what is refused."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from tests.api.caller import CALLER, Caller, Refused
from tests.api.shop import APPSPEC, INLINE, NAMES, S3, SHA256, refusal
from tests.aws.account import client_error, kept, lost_answer, refuse
from tests.core.samples import at
from weighbridge.aws import clients
from weighbridge.core.deployment import created, stamp
from weighbridge.core.endings import failed
from weighbridge.core.errors import InvalidAppSpec
from weighbridge.core.groups import DeploymentGroup
from weighbridge.core.planning import roll_back_on, watched_alarms
from weighbridge.lifecycle import schedule, validate
from weighbridge.store import deployments, revisions, settings

pytestmark = pytest.mark.usefixtures("group_id")


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


def test_the_version_that_is_live_is_codedeploys_error(api: Caller) -> None:
    properties = {"Name": "shop", "Alias": "live", "TargetVersion": "1"}
    document = {"version": 0.0, "Resources": [{"shop": {"Type": "AWS::Lambda::Function", "Properties": properties}}]}
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(document)}}
    canary = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    asked_for = api.call("CreateDeployment", **NAMES, revision=revision, deploymentConfigName=canary)
    with pytest.raises(InvalidAppSpec, match="has nothing to shift"):
        validate.plan(asked_for["deploymentId"], 0)


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


def test_an_execution_that_cannot_be_started_at_once_is_left_to_the_scheduled_run(
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
