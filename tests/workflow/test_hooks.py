"""Hooks before and after the traffic: answered by their return value or by a later report, crashed, denied, or never."""

import json

import pytest

from scenarios.world import Alias, World
from tests.workflow.variants import variants

BEFORE, AFTER = "BeforeAllowTraffic", "AfterAllowTraffic"
# A hook that hands what it was given to the scenario, which then reports in its place, and returns nothing.
TELLS = "boto3.client('sqs', endpoint_url=os.environ['AWS_ENDPOINT_URL']).send_message(QueueUrl={queue!r}, MessageBody=json.dumps(event))"
both = pytest.mark.parametrize("event", variants(AFTER, BEFORE))


def _lifecycle(event: str, last: str) -> list[str]:
    return [last, "Skipped", "Skipped"] if event == BEFORE else ["Succeeded", "Succeeded", last]


@both
def test_a_hook_that_returns_succeeded(world: World, event: str) -> None:
    shop = world.shop()
    hook = world.hook("return {'status': 'Succeeded', 'message': 'all fine'}")
    deployment = world.ended(world.drop(shop, **{event: hook}))
    assert deployment.outcome == ("Succeeded", None)
    [called], [answered] = deployment.timeline("HookCalled"), deployment.timeline("HookAnswered")
    assert (called["lifecycleEvent"], called["function"]) == (event, hook)
    assert (answered["status"], answered["by"], answered["message"]) == ("Succeeded", "return value", "all fine")
    moved = deployment.timeline("TrafficShifted")[-1]
    assert (called["time"] < moved["time"]) == (event == BEFORE)


@both
def test_a_hook_that_returns_failed_ends_the_deployment_and_traffic_is_on_the_old_version(world: World, event: str) -> None:
    shop = world.shop()
    hook = world.hook("return {'status': 'Failed', 'message': 'prices are wrong'}")
    deployment = world.ended(world.drop(shop, **{event: hook}))
    assert deployment.outcome == ("Failed", "HOOK_EXECUTION_FAILURE")
    assert deployment.message.endswith(f"The {event} hook {hook} returned Failed: prices are wrong")
    assert deployment.lifecycle == _lifecycle(event, "Failed")
    assert deployment.weights == ([] if event == BEFORE else [1.0])
    assert world.rollback_of(deployment).outcome == ("Succeeded", None)
    assert world.alias(shop) == Alias("1", {})
    assert deployment.execution["error"] == "HOOK_EXECUTION_FAILURE"
    assert deployment.states[-1] == "Deployment failed"


@both
def test_a_hook_that_crashes_fails_the_deployment_at_once(world: World, event: str) -> None:
    shop = world.shop()
    hook = world.hook("raise KeyError('price')")
    deployment = world.ended(world.drop(shop, **{event: hook}))
    assert deployment.outcome == ("Failed", "HOOK_EXECUTION_FAILURE")
    assert "crashed: KeyError: 'price'" in deployment.message
    assert world.alias(shop) == Alias("1", {})


def silent_hook(world: World) -> tuple[str, str]:
    queue = str(
        world.client("sqs").create_queue(QueueName=f"hook-{len(world.client('sqs').list_queues().get('QueueUrls', []))}")[
            "QueueUrl"
        ]
    )
    return world.hook(TELLS.format(queue=queue)), queue


def told(world: World, queue: str) -> dict[str, str]:
    messages = world.until("the hook's call", lambda: world.client("sqs").receive_message(QueueUrl=queue).get("Messages"))
    payload: dict[str, str] = json.loads(messages[0]["Body"])
    return payload


def _report(world: World, payload: dict[str, str], status: str, **changes: str) -> None:
    detail = {
        "deploymentId": payload["DeploymentId"],
        "lifecycleEventHookExecutionId": payload["LifecycleEventHookExecutionId"],
        "status": status,
    }
    world.send("Lifecycle Event Hook Reported", detail | changes)


@both
@pytest.mark.parametrize("status", ["Succeeded", "Failed"])
def test_a_hook_that_reports_later(world: World, event: str, status: str) -> None:
    shop = world.shop()
    hook, queue = silent_hook(world)
    deployment_id = world.drop(shop, **{event: hook})
    payload = told(world, queue)
    assert {
        name: payload[name]
        for name in ("DeploymentId", "FunctionName", "Alias", "CurrentVersion", "TargetVersion", "LifecycleEvent")
    } == {
        "DeploymentId": deployment_id,
        "FunctionName": shop.name,
        "Alias": "live",
        "CurrentVersion": "1",
        "TargetVersion": "2",
        "LifecycleEvent": event,
    }
    _report(world, payload, "Perhaps")
    _report(world, payload, "Succeeded", lifecycleEventHookExecutionId="guessed")
    _report(world, payload, "Succeeded", deploymentId="d-000000000")
    world.until(
        "the hook's return", lambda: any(e["event"] == "HookReturned" for e in world.record(deployment_id)["timeline"])
    )
    assert world.record(deployment_id)["status"] == "InProgress"
    _report(world, payload, status)
    deployment = world.ended(deployment_id)
    assert deployment.timeline("HookAnswered")[0]["by"] == "report"
    if status == "Succeeded":
        assert deployment.outcome == ("Succeeded", None)
        assert world.alias(shop) == Alias("2", {})
    else:
        assert deployment.outcome == ("Failed", "HOOK_EXECUTION_FAILURE")
        assert deployment.message.endswith(f"The {event} hook {hook} reported Failed.")
        assert world.alias(shop) == Alias("1", {})


def test_a_report_comes_before_the_hook_returns(world: World) -> None:
    shop = world.shop()
    reports = (
        "boto3.client('events', endpoint_url=os.environ['AWS_ENDPOINT_URL']).put_events(Entries=[{'EventBusName': 'weighbridge', 'Source': 'hook', "
        "'DetailType': 'Lifecycle Event Hook Reported', 'Detail': json.dumps({'deploymentId': event['DeploymentId'], "
        "'lifecycleEventHookExecutionId': event['LifecycleEventHookExecutionId'], 'status': 'Succeeded'})}])\n"
        "import time; time.sleep(0.5)\n"
        "return {'status': 'Failed', 'message': 'the first answer counts'}"
    )
    deployment = world.ended(world.drop(shop, BeforeAllowTraffic=world.hook(reports)))
    assert deployment.outcome == ("Succeeded", None)
    assert [entry["by"] for entry in deployment.timeline("HookAnswered")] == ["report"]


def test_a_hook_that_never_answers_times_out_after_an_hour(world: World) -> None:
    shop = world.shop()
    deployment = world.ended(world.drop(shop, BeforeAllowTraffic=world.hook("return 'see you'")))
    assert deployment.outcome == ("Failed", "TIMEOUT")
    assert "A lifecycle event hook did not answer within the hour that it has." in deployment.message
    assert 'did not report, and it returned "see you", which says nothing' in deployment.message
    assert deployment.lifecycle == ["Failed", "Skipped", "Skipped"]
    assert world.alias(shop) == Alias("1", {})


def test_both_hooks_run_once_each_and_the_rollback_runs_none(world: World) -> None:
    shop = world.shop()
    before, after = world.hook("return {'status': 'Succeeded'}"), world.hook("return {'status': 'Failed'}")
    deployment = world.ended(world.drop(shop, BeforeAllowTraffic=before, AfterAllowTraffic=after))
    assert deployment.outcome == ("Failed", "HOOK_EXECUTION_FAILURE")
    assert [entry["function"] for entry in deployment.timeline("HookCalled")] == [before, after]
    assert world.rollback_of(deployment).timeline("HookCalled") == []


@both
def test_a_stop_during_a_hook_ends_the_wait(world: World, event: str) -> None:
    shop = world.shop()
    deployment_id = world.drop(shop, **{event: world.hook("return None")})
    world.in_hook(deployment_id, event)
    world.stop(deployment_id)
    deployment = world.ended(deployment_id, patience=10)
    assert deployment.outcome == ("Stopped", "MANUAL_STOP")
    assert deployment.lifecycle == _lifecycle(event, "Failed")
    assert world.alias(shop) == Alias("1", {})


def test_an_alarm_during_a_hook_that_is_still_running_ends_the_wait(world: World) -> None:
    alarm = world.alarm()
    shop = world.shop(alarmConfiguration={"alarms": [{"name": alarm}]})
    deployment_id = world.drop(
        shop, BeforeAllowTraffic=world.hook("import time; time.sleep(15)\nreturn {'status': 'Succeeded'}")
    )
    world.in_hook(deployment_id, BEFORE)
    world.set_alarm(alarm, "ALARM")
    deployment = world.ended(deployment_id, patience=12)
    assert deployment.outcome == ("Stopped", "ALARM_ACTIVE")
    assert world.alias(shop) == Alias("1", {})


def test_hook_ids_and_task_tokens_are_nowhere_in_the_log(world: World) -> None:
    shop = world.shop()
    hook, queue = silent_hook(world)
    deployment_id = world.drop(shop, BeforeAllowTraffic=hook)
    payload = told(world, queue)
    token = world.in_hook(deployment_id, BEFORE)["gate"]["token"]
    _report(world, payload, "Succeeded")
    world.ended(deployment_id)
    log = world.log()
    assert deployment_id in log
    assert payload["LifecycleEventHookExecutionId"] not in log
    assert token not in log


@pytest.mark.local_cloud  # concurrency
def test_a_hook_that_its_own_concurrency_keeps_from_running_fails_soon_and_says_so(world: World) -> None:
    shop, hook = world.shop(), world.hook("return {'status': 'Succeeded'}")
    world.client("lambda").put_function_concurrency(FunctionName=hook, ReservedConcurrentExecutions=0)
    deployment = world.ended(world.drop(shop, BeforeAllowTraffic=hook))
    assert deployment.outcome == ("Failed", "HOOK_EXECUTION_FAILURE")
    assert f"hook {hook} was not run: its reserved concurrency has no room for it" in deployment.message
    assert len(deployment.timeline("HookCalled")) == 1
    assert world.alias(shop) == Alias("1", {})
