"""Alarms, stop requests, drift and crashes: the alias ends on one version, and the record says why."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scenarios.world import BROKEN, PATIENCE, Alias, World, appspec
from tests.workflow.variants import variants

ENDLESS: dict[str, Any] = {"deploymentConfigName": "Endless"}
MINUTE_STEPS: dict[str, Any] = {"deploymentConfigName": "CodeDeployDefault.LambdaLinear10PercentEvery1Minute"}


def _watching(*alarms: str, **settings: bool) -> dict[str, Any]:
    return {"alarmConfiguration": {"enabled": True, "alarms": [{"name": name} for name in alarms], **settings}}


def test_an_alarm_that_is_red_already_stops_before_any_traffic_moves(world: World) -> None:
    quiet, red = world.alarm(), world.alarm(state="ALARM")
    shop = world.shop(**ENDLESS, **_watching(quiet, red))
    hook = world.hook("raise RuntimeError('must not be called')")
    deployment = world.ended(world.drop(shop, BeforeAllowTraffic=hook))
    assert deployment.outcome == ("Stopped", "ALARM_ACTIVE")
    assert deployment.message.endswith(f"Activated alarms: <{red}>")
    assert deployment.weights == []
    assert deployment.record["hooks"] == {}
    assert world.alias(shop) == Alias("1", {})
    assert deployment.states[-1] == "Deployment stopped"
    assert deployment.execution["error"] == "ALARM_ACTIVE"


def test_an_alarm_in_mid_bake_ends_it_at_once_and_traffic_goes_back(world: World) -> None:
    notices, alarm = world.notices, world.alarm()
    shop = world.shop(**ENDLESS, **_watching(alarm))
    deployment_id = world.drop(shop)
    world.in_bake(deployment_id)
    world.set_alarm(alarm, "ALARM")
    world.until("the old version", lambda: world.alias(shop) == Alias("1", {}), patience=15)
    deployment = world.ended(deployment_id)
    assert deployment.outcome == ("Stopped", "ALARM_ACTIVE")
    assert deployment.lifecycle == ["Succeeded", "Failed", "Skipped"]
    rollback = world.rollback_of(deployment)
    assert rollback.outcome == ("Succeeded", None)
    assert rollback.record["creator"] == "codeDeployRollback"
    assert rollback.lifecycle == ["Succeeded"] * 3
    assert rollback.weights == [1.0]
    assert rollback.execution["name"] == rollback.id
    assert rollback.states == ["Is this a rollback?", "Shift traffic back", "Complete rollback", "Deployment succeeded"]
    assert deployment.states[deployment.states.index("Bake") :][:3] == ["Bake", "Roll back?", "Roll back"]
    assert world.is_free(shop)
    assert notices.of(deployment.id, "STOP")
    assert notices.of(rollback.id, "Deployment Rolled Back")


@pytest.mark.local_cloud  # metrics
def test_an_alarm_on_the_new_versions_own_errors_fires_by_itself(world: World) -> None:
    shop = world.shop(versions=2, last=BROKEN, **MINUTE_STEPS)
    dimensions = {"FunctionName": shop.name, "Resource": f"{shop.name}:live", "ExecutedVersion": "2"}
    alarm = world.alarm(
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        TreatMissingData="notBreaching",
    )
    world.group(shop, deploymentConfigName="Endless", **_watching(alarm))
    deployment_id = world.drop(shop)
    world.in_bake(deployment_id)
    failed = 0
    while world.record(deployment_id)["status"] == "InProgress":
        answer = world.client("lambda").invoke(FunctionName=shop.name, Qualifier="live")
        assert answer["ExecutedVersion"] == ("2" if "FunctionError" in answer else "1")
        failed += "FunctionError" in answer
    assert failed
    assert world.ended(deployment_id).outcome == ("Stopped", "ALARM_ACTIVE")
    assert world.alias(shop) == Alias("1", {})


def test_an_alarm_whose_event_is_lost_is_seen_at_the_next_step(world: World) -> None:
    alarm = world.alarm()
    shop = world.shop(**MINUTE_STEPS, **_watching(alarm))
    with world.without_rule("AlarmFired"):
        deployment_id = world.drop(shop)
        world.in_bake(deployment_id, step=2)
        world.set_alarm(alarm, "ALARM")
        deployment = world.ended(deployment_id)
    assert deployment.outcome == ("Stopped", "ALARM_ACTIVE")
    assert deployment.timeline("Interrupted") == []  # nobody came: the poll saw it
    assert deployment.timeline("AlarmsRead")
    assert 1.0 not in deployment.weights
    assert world.alias(shop) == Alias("1", {})


@pytest.mark.parametrize(("ignore", "outcome"), [(False, "Stopped"), (True, "Succeeded")])
def test_a_missing_alarm_obeys_ignore_poll_alarm_failure(world: World, ignore: bool, outcome: str) -> None:
    shop = world.shop(**_watching("no-such-alarm", ignorePollAlarmFailure=ignore))
    deployment = world.ended(world.drop(shop))
    assert deployment.record["status"] == outcome
    assert "no-such-alarm" in deployment.timeline("AlarmsRead")[0]["reason"]
    assert world.alias(shop) == Alias("2" if ignore else "1", {})


def test_insufficient_data_does_not_stop(world: World) -> None:
    alarm = world.alarm(state="INSUFFICIENT_DATA")
    shop = world.shop(**_watching(alarm))
    assert world.ended(world.drop(shop)).outcome == ("Succeeded", None)


@pytest.mark.parametrize("how", variants("changed", "made anew"))
def test_an_alarm_that_is_another_one_by_now_stops_the_deployment(world: World, how: str) -> None:
    alarm = world.alarm()
    described = world.client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]
    taken_over = ("AlarmName", "Namespace", "MetricName", "Period", "EvaluationPeriods", "Statistic", "ComparisonOperator")
    shop = world.shop(**_watching(alarm), deploymentConfigName="CodeDeployDefault.LambdaLinear10PercentEvery10Minutes")
    next_second = described["AlarmConfigurationUpdatedTimestamp"] + timedelta(seconds=1)
    world.until("the emulator, whose alarms know whole seconds only", lambda: datetime.now(UTC) > next_second)
    deployment_id = world.drop(shop)
    world.in_bake(deployment_id)
    if how == "made anew":
        world.client("cloudwatch").delete_alarms(AlarmNames=[alarm])
    world.client("cloudwatch").put_metric_alarm(**{name: described[name] for name in taken_over}, Threshold=1_000_000)
    stopped = world.ended(deployment_id)
    assert stopped.outcome == ("Stopped", "CODEDEPLOY_RESOURCE_CANNOT_BE_FOUND")
    assert (
        f"Changed or made anew since the deployment began, so that its state says nothing of it: {alarm}" in stopped.message
    )
    assert world.alias(shop) == Alias("1", {})


def test_a_request_may_override_alarms_and_rollback(world: World) -> None:
    red = world.alarm(state="ALARM")
    shop = world.shop(**_watching(red))
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec(shop.name)}}
    override = {"enabled": False, "alarms": [{"name": red}]}
    deployment = world.ended(world.request(shop, {"revision": revision, "overrideAlarmConfiguration": override}))
    assert deployment.outcome == ("Succeeded", None)


def test_an_alarm_without_rollback_leaves_the_weights_and_says_so(world: World) -> None:
    alarm = world.alarm()
    off: dict[str, Any] = {"autoRollbackConfiguration": {"enabled": False}}
    shop = world.shop(**ENDLESS, **_watching(alarm), **off)
    deployment_id = world.drop(shop)
    world.in_bake(deployment_id)
    world.set_alarm(alarm, "ALARM")
    deployment = world.ended(deployment_id)
    assert deployment.outcome == ("Stopped", "ALARM_ACTIVE")
    assert world.alias(shop) == Alias("1", {"2": 0.1})
    assert "version 1 at 90 %, version 2 at 10 %" in deployment.record["rollbackInfo"]["rollbackMessage"]
    assert world.is_free(shop)


@pytest.mark.parametrize("options", variants({}, {"autoRollbackEnabled": True}))
def test_a_stop_request_ends_the_bake_and_traffic_goes_back(world: World, options: dict[str, bool]) -> None:
    shop = world.shop(**ENDLESS)
    deployment_id = world.drop(shop)
    world.in_bake(deployment_id)
    world.stop(deployment_id, **options)
    deployment = world.ended(deployment_id)
    assert deployment.outcome == ("Stopped", "MANUAL_STOP")
    assert world.rollback_of(deployment).outcome == ("Succeeded", None)
    assert world.alias(shop) == Alias("1", {})


def test_a_stop_without_rollback_leaves_the_weights_and_does_not_block_the_next_deployment(world: World) -> None:
    shop = world.shop(**ENDLESS)
    deployment_id = world.drop(shop)
    world.in_bake(deployment_id)
    world.stop(deployment_id, autoRollbackEnabled=False)
    assert world.ended(deployment_id).outcome == ("Stopped", "MANUAL_STOP")
    assert world.alias(shop) == Alias("1", {"2": 0.1})
    next_one = world.drop(shop, "3")
    world.in_bake(next_one)
    assert world.alias(shop) == Alias("1", {"3": 0.1})
    world.stop(next_one)
    world.ended(next_one)
    assert world.alias(shop) == Alias("1", {})


def test_an_alias_moved_by_somebody_else_is_not_overwritten(world: World) -> None:
    shop = world.shop(deploymentConfigName="Brief")
    deployment_id = world.drop(shop)
    world.in_bake(deployment_id)
    world.route(shop, "3", {"1": 0.5})
    deployment = world.ended(deployment_id)
    assert deployment.outcome == ("Failed", "INVALID_LAMBDA_CONFIGURATION")
    assert "Somebody else moved the alias" in deployment.message
    assert world.alias(shop) == Alias("3", {"1": 0.5})
    assert "Not rolled back" in deployment.record["rollbackInfo"]["rollbackMessage"]
    assert "Roll back" not in deployment.states
    assert world.is_free(shop)


def test_a_rollback_does_not_overwrite_what_somebody_else_wrote(world: World) -> None:
    shop = world.shop(**ENDLESS)
    deployment_id = world.drop(shop)
    world.in_bake(deployment_id)
    world.route(shop, "3")
    world.stop(deployment_id)
    deployment = world.ended(deployment_id)
    assert deployment.outcome == ("Stopped", "MANUAL_STOP")
    assert "could not roll back" in deployment.record["rollbackInfo"]["rollbackMessage"]
    assert world.rollback_of(deployment).outcome == ("Failed", "INVALID_LAMBDA_CONFIGURATION")
    assert world.alias(shop) == Alias("3", {})
    assert world.is_free(shop)


def test_a_rollback_to_a_version_that_is_gone_is_told_of(world: World) -> None:
    notices, shop = world.notices, world.shop()
    deployment_id = world.drop(shop, AfterAllowTraffic=world.hook("return None"))
    world.in_hook(deployment_id, "AfterAllowTraffic")
    world.client("lambda").delete_function(FunctionName=shop.name, Qualifier="1")
    world.stop(deployment_id)
    deployment = world.ended(deployment_id)
    assert deployment.outcome == ("Stopped", "MANUAL_STOP")
    assert "Traffic was not put back: Lambda refused to route live" in deployment.message
    assert f"had left the alias live of {shop.name} with version 2 at 100 %; route it" in deployment.message
    rollback = world.rollback_of(deployment)
    assert rollback.outcome == ("Failed", "INVALID_LAMBDA_FUNCTION")
    [failed] = [
        notice for notice in notices.of(rollback.id, "FAILURE") if notice["detail-type"] == "Deployment Rollback Failed"
    ]
    assert failed["detail"]["code"] == "INVALID_LAMBDA_FUNCTION"
    assert world.alias(shop) == Alias("2", {})
    assert world.is_free(shop)


def test_another_description_of_the_alias_is_no_drift(world: World) -> None:
    shop = world.shop(deploymentConfigName="Brief")
    deployment_id = world.drop(shop)
    world.in_bake(deployment_id)
    world.client("lambda").update_alias(FunctionName=shop.name, Name="live", Description="somebody's note")
    assert world.ended(deployment_id).outcome == ("Succeeded", None)
    assert world.alias(shop) == Alias("2", {})


@pytest.mark.parametrize(
    ("construct", "failed_after"), [("CheckAlarms", "Check alarms"), ("Complete", "Complete deployment")]
)
def test_a_handler_that_crashes_fails_the_deployment_and_traffic_goes_back(
    world: World, construct: str, failed_after: str
) -> None:
    shop = world.shop(deploymentConfigName="Brief")
    deployment_id = world.drop(shop)
    world.in_bake(deployment_id)
    with world.broken(construct):
        world.until("the rollback", lambda: "Roll back" in _states(world, deployment_id))
        world.until("the old version", lambda: world.alias(shop) == Alias("1", {}))
    deployment = world.ended(deployment_id)
    assert deployment.outcome == ("Failed", "INTERNAL_ERROR")
    assert deployment.states[deployment.states.index("Record reason") - 1] == failed_after
    assert world.is_free(shop)


def _states(world: World, deployment_id: str) -> list[str]:
    execution = world.execution(deployment_id)
    assert execution
    history = world.client("stepfunctions").get_execution_history(executionArn=execution["executionArn"], maxResults=1000)
    return [event["stateEnteredEventDetails"]["name"] for event in history["events"] if "stateEnteredEventDetails" in event]


def test_a_handler_that_crashes_in_validation_is_a_failed_record(world: World) -> None:
    shop = world.shop()
    with world.broken("Validate"):
        deployment = world.ended(world.drop(shop))
    assert deployment.outcome == ("Failed", "INTERNAL_ERROR")
    assert world.alias(shop) == Alias("1", {})


def test_stop_in_the_console_is_settled(world: World) -> None:
    shop = world.shop(**ENDLESS)
    deployment_id = world.drop(shop)
    world.in_bake(deployment_id)
    execution = world.execution(deployment_id)
    assert execution
    world.client("stepfunctions").stop_execution(executionArn=execution["executionArn"])
    deployment = world.ended(deployment_id)
    assert deployment.execution["status"] == "ABORTED"
    assert deployment.outcome == ("Stopped", "MANUAL_STOP")
    assert world.rollback_of(deployment).outcome == ("Succeeded", None)
    assert world.alias(shop) == Alias("1", {})
    assert world.is_free(shop)


def test_stop_in_the_console_is_reconciled_by_the_schedule_when_the_event_is_lost(world: World) -> None:
    shop = world.shop(**ENDLESS)
    deployment_id = world.drop(shop)
    world.in_bake(deployment_id)
    execution = world.execution(deployment_id)
    assert execution
    with world.without_rule("ExecutionEnded"):
        world.client("stepfunctions").stop_execution(executionArn=execution["executionArn"])
        deployment = world.ended(deployment_id, PATIENCE)
    assert deployment.outcome == ("Stopped", "MANUAL_STOP")
    assert world.alias(shop) == Alias("1", {})
    assert world.is_free(shop)


def test_a_shift_that_outlives_its_stopped_execution_does_not_take_effect(world: World) -> None:
    shop = world.shop(**ENDLESS)
    hook = world.hook("return None")
    deployment_id = world.drop(shop, BeforeAllowTraffic=hook)
    plan = world.in_hook(deployment_id, "BeforeAllowTraffic")["plan"]
    execution = world.execution(deployment_id)
    assert execution
    world.client("stepfunctions").stop_execution(executionArn=execution["executionArn"])
    assert world.ended(deployment_id).outcome == ("Stopped", "MANUAL_STOP")
    held_up = {"deploymentId": deployment_id, "plan": plan, "step": 0, "revisionId": plan["revisionId"]}
    answer = world.invoke("ShiftTraffic", held_up)
    assert answer["errorType"] == "DeploymentEnded"
    assert world.alias(shop) == Alias("1", {})


def test_the_first_deployment_ever_of_a_group_can_be_rolled_back(world: World) -> None:
    shop = world.shop(**ENDLESS)
    deployment_id = world.drop(shop)
    world.in_bake(deployment_id)
    world.stop(deployment_id)
    deployment = world.ended(deployment_id)
    rollback = world.rollback_of(deployment)
    assert deployment.record["rollbackInfo"]["rollbackMessage"] == (
        f"Deployment {deployment.id} terminated. Automatic rollback is triggered with a DeploymentId {rollback.id}."
    )
    assert rollback.record["rollbackInfo"]["rollbackMessage"] == (
        f"Deployment {rollback.id} is triggered to roll back deployment {deployment.id}."
    )
