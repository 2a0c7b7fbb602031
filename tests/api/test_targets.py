"""The one target of a deployment, by its present and its deprecated operations."""

from typing import Any

import pytest

from tests.api.caller import Caller
from tests.api.shop import D, refusal
from tests.aws.account import keep_begun, keep_planned, kept, new_record
from tests.core.samples import at, plan
from weighbridge.core.deployment import planned, shifted
from weighbridge.core.endings import failed
from weighbridge.core.errors import StopRequested
from weighbridge.core.interruptions import Interruption, interrupted
from weighbridge.core.plan import routing_after
from weighbridge.store import deployments

pytestmark = pytest.mark.usefixtures("group_id")


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
