"""Who may invoke Weighbridge's functions, and nothing else: what they are sent is not believed."""

import json
from typing import Any

import boto3
import pytest

from scenarios.world import Alias, World, allow, appspec

pytestmark = pytest.mark.local_cloud  # IAM


@pytest.fixture(scope="module")
def attacker(world: World) -> boto3.Session:
    return world.user("attacker", allow("lambda:InvokeFunction", "*"))


def _invoked(world: World, by: boto3.Session, construct: str, event: dict[str, Any]) -> Any:
    functions = world.cloud.client("lambda", by)
    answer = functions.invoke(FunctionName=world.function_of(construct), Payload=json.dumps(event, default=float))
    return json.load(answer["Payload"])


def _calls(record: dict[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """What an attacker who has read the record of a deployment in its bake may send to the steps."""
    deployment_id, plan = record["deploymentId"], record["plan"]
    mine, failure = {"deploymentId": deployment_id, "plan": plan}, {"error": "StopRequested", "cause": "Because."}
    others = plan | {"functionName": "shop-elsewhere", "targetVersion": "3"}
    back = {"deploymentId": plan["rollbackDeploymentId"]}
    hook = {"taskToken": "made-up", "lifecycleEvent": "AfterAllowTraffic"}
    hooked = plan | {"hooks": {"AfterAllowTraffic": "CodeDeployHook_of_the_attacker"}}
    revision = {"revisionId": record["revisionId"]}
    return {
        "all traffic at once": ("ShiftTraffic", mine | revision | {"step": 9}),
        "another version": ("ShiftTraffic", mine | revision | {"step": 1, "plan": plan | {"targetVersion": "3"}}),
        "another function": ("ShiftTraffic", mine | revision | {"step": 1, "plan": others}),
        "another function back": ("ShiftTraffic", back | {"plan": others}),
        "another version back": ("ShiftTraffic", back | {"plan": plan | {"currentVersion": "3"}}),
        "a deployment that is not there": ("ShiftTraffic", back | {"plan": plan | {"deploymentId": "d-ZZZZZZZZZ"}}),
        "a hook before its time": ("RunHook", mine | hook),
        "a hook of the attacker's": ("RunHook", mine | hook | {"plan": hooked}),
        "a hook that is over": ("RunHook", mine | hook | {"lifecycleEvent": "BeforeAllowTraffic"}),
        "an end that succeeds": ("Complete", mine),
        "an end that fails": ("RecordFailure", mine | {"failure": failure, "rollback": {}}),
        "an end that is said to be rolled back": ("RecordFailure", mine | {"failure": failure, "rollback": {"status": "SUCCEEDED"}}),
        "a rollback that failed": (
            "RecordFailure",
            back | {"plan": others, "failure": {"error": "AliasMoved", "cause": ""}, "rollback": {}},
        ),
        "another plan": ("Validate", {"deploymentId": deployment_id}),
    }  # fmt: skip


def test_a_step_that_somebody_else_invokes_does_nothing(world: World, attacker: boto3.Session) -> None:
    alarm = world.alarm()
    watches: dict[str, Any] = {"alarmConfiguration": {"enabled": True, "alarms": [{"name": alarm}]}}
    shop = world.shop(deploymentConfigName="Endless", **watches)
    yes, never = world.hook("return {'status': 'Succeeded'}"), world.hook("return {'status': 'Failed'}")
    deployment_id = world.drop(shop, BeforeAllowTraffic=yes, AfterAllowTraffic=never)
    before = world.in_bake(deployment_id)
    for what, (construct, event) in _calls(before).items():
        _invoked(world, attacker, construct, event)
        assert world.alias(shop) == Alias("1", {"2": 0.1}), what
        assert world.record(deployment_id) == before, what
    world.set_alarm(alarm, "ALARM")
    deployment = world.ended(deployment_id)
    assert deployment.outcome == ("Stopped", "ALARM_ACTIVE")
    assert world.rollback_of(deployment).outcome == ("Succeeded", None)
    assert world.alias(shop) == Alias("1", {})


def test_a_hook_that_somebody_else_has_run_beforehand_is_asked_all_the_same(world: World, attacker: boto3.Session) -> None:
    shop = world.shop(deploymentConfigName="Brief")
    hook = world.hook("return {'status': 'Failed', 'message': 'the real one'}")
    deployment_id = world.drop(shop, AfterAllowTraffic=hook)
    record = world.in_bake(deployment_id)
    _, forged = _calls(record)["a hook of the attacker's"]
    assert _invoked(world, attacker, "RunHook", forged)["errorType"] == "NotThePlan"
    deployment = world.ended(deployment_id)
    assert deployment.outcome == ("Failed", "HOOK_EXECUTION_FAILURE")
    assert deployment.message.endswith("the real one")


def test_a_forged_token_does_not_keep_an_alarm_from_ending_the_wait(world: World, attacker: boto3.Session) -> None:
    alarm = world.alarm()
    watches: dict[str, Any] = {"alarmConfiguration": {"enabled": True, "alarms": [{"name": alarm}]}}
    shop, hook = world.shop(**watches), world.hook("return None")
    deployment_id = world.drop(shop, BeforeAllowTraffic=hook)
    record = world.in_hook(deployment_id, "BeforeAllowTraffic")
    forged = {"deploymentId": deployment_id, "plan": record["plan"], "lifecycleEvent": "BeforeAllowTraffic"}
    assert _invoked(world, attacker, "RunHook", forged | {"taskToken": "made-up"})["errorType"] == "NotThePlan"
    assert world.record(deployment_id)["gate"] == record["gate"]
    world.set_alarm(alarm, "ALARM")
    assert world.ended(deployment_id).outcome == ("Stopped", "ALARM_ACTIVE")


def test_an_ended_rollback_run_again_moves_nothing(world: World, attacker: boto3.Session) -> None:
    shop = world.shop(deploymentConfigName="Endless")
    deployment_id = world.drop(shop)
    world.in_bake(deployment_id)
    world.stop(deployment_id)
    rollback = world.rollback_of(world.ended(deployment_id))
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec(shop.name)}}
    again = {"revision": revision, "deploymentConfigName": "CodeDeployDefault.LambdaAllAtOnce"}
    assert world.ended(world.request(shop, again)).outcome == ("Succeeded", None)
    asked = json.loads(rollback.execution["input"])
    event = {"deploymentId": asked["deploymentId"], "plan": asked["rollBack"]}
    assert _invoked(world, attacker, "ShiftTraffic", event)["errorType"] == "DeploymentEnded"
    assert world.alias(shop) == Alias("2", {})


def test_an_execution_that_is_started_with_a_plan_of_ones_own_moves_nothing(world: World) -> None:
    starter = world.user("starter", allow("states:StartExecution", world.outputs["StateMachineArn"]))
    shop = world.shop()
    plan = world.ended(world.drop(shop)).record["plan"]
    made_up = plan | {"deploymentId": "d-MADEUPPPP", "rollbackDeploymentId": "d-MADEUPPP0"}
    executions = world.cloud.client("stepfunctions", starter)
    for name, back in (("d-MADEUPPP0", made_up), ("d-MADEUPPP1", plan | {"rollbackDeploymentId": "d-MADEUPPP1"})):
        asked = json.dumps({"deploymentId": name, "rollBack": back}, default=float)
        executions.start_execution(stateMachineArn=world.outputs["StateMachineArn"], name=name, input=asked)

        def failed(name: str = name) -> bool:
            execution = world.execution(name)
            return execution is not None and execution["status"] == "FAILED"

        world.until(f"the end of {name}", failed)
        assert world.item(f"DEPLOYMENT#{name}", "DEPLOYMENT") is None
    assert world.alias(shop) == Alias("2", {})
