"""Deployments as CodeDeploy's API shows them."""

from tests.core.samples import after, apply, at, plan, record
from weighbridge.core import hooks
from weighbridge.core.deployment import hook_answered, hook_called
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.overview import deployment_info, lifecycle_events, target_status

HOOKS = {hooks.BEFORE: "CodeDeployHook_check"}
NO: hooks.Answer = {"status": "Failed", "message": "two rows differ", "by": "return value"}


def test_the_one_target_is_counted_by_its_status() -> None:
    overview = deployment_info(after(3))["deploymentOverview"]
    assert (overview["InProgress"], sum(overview.values())) == (1, 1)
    done = after(10)
    ended = apply(done, succeeded(done, at(700)).change)
    assert deployment_info(ended)["deploymentOverview"]["Succeeded"] == 1


def test_rollback_settings_are_those_of_the_plan_where_the_request_says_none() -> None:
    shown = deployment_info(record(rollBackOn={"failure": True, "alarm": False, "stop": True}))
    events = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST"]
    assert shown["autoRollbackConfiguration"] == {"enabled": True, "events": events}
    off = deployment_info(record(rollBackOn={"failure": False, "alarm": False, "stop": False}))
    assert off["autoRollbackConfiguration"] == {"enabled": False, "events": []}


def test_one_that_ended_before_anything_began_is_skipped() -> None:
    begun = record()
    early = apply(begun, failed(begun, {"error": "InvalidAppSpec", "cause": "No."}, {}, at(5)).change)
    assert target_status(early) == "Skipped"
    late = after(2)
    assert target_status(apply(late, failed(late, {"error": "HookFailed", "cause": "No."}, {}, at(99)).change)) == "Failed"


def test_a_hook_that_said_no_tells_why_in_its_event() -> None:
    called = apply(record(hooks=HOOKS), hook_called(plan(hooks=HOOKS), hooks.BEFORE, "id", "token", at(2)))
    answered = apply(called, hook_answered(hooks.BEFORE, HOOKS[hooks.BEFORE], NO, at(3)))
    ended = apply(answered, failed(answered, {"error": "HookFailed", "cause": "It said no."}, {}, at(4)).change)
    before, shift, after_ = lifecycle_events(ended)
    assert [event["status"] for event in (before, shift, after_)] == ["Failed", "Skipped", "Skipped"]
    assert before["diagnostics"] == {
        "scriptName": "CodeDeployHook_check", "logTail": "two rows differ", "errorCode": "ScriptFailed",
        "message": ended["errorInformation"]["message"],
    }  # fmt: skip
    assert shift["diagnostics"] is None
