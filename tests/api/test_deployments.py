"""Deployments by the API: what is shown, listed and stopped."""

import json
import string
from datetime import timedelta
from typing import Any

import pytest

from tests.api.caller import Caller, Refused
from tests.api.shop import INLINE, NAMES, D, refusal
from tests.aws.account import Waits, keep_planned, kept, new_record
from tests.core.samples import START, at, plan
from weighbridge.aws import clients, dynamodb
from weighbridge.aws.dynamodb import Expression
from weighbridge.core.deployment import Change, begun, group_status, stamp
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.errors import Interrupted
from weighbridge.core.record import Status
from weighbridge.core.rollbacks import rollback_record
from weighbridge.store import deployments, keys, settings

pytestmark = pytest.mark.usefixtures("group_id")


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
