"""What people see of a deployment on its way."""

from typing import Any

import pytest

from tests.core.samples import after, apply, at, plan, record
from weighbridge.core import hooks
from weighbridge.core.deployment import awaited, created, hook_answered, hook_called, stamp
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.errors import AlarmActive, StopRequested
from weighbridge.core.ids import rollback_id
from weighbridge.core.interruptions import Interruption, interrupted
from weighbridge.core.progress import progress
from weighbridge.core.record import Record
from weighbridge.core.rollbacks import held_up, rollback_record, traffic_restored

ALARM = AlarmActive(["errors"])
FAILURE = {"error": "AlarmActive", "cause": str(ALARM)}
BEFORE = {"BeforeAllowTraffic": "CodeDeployHook_check"}


def waits(of: Record, rollback: Record | None = None) -> tuple[Any, Any]:
    shown = progress(of, rollback=rollback)
    return shown["waitingFor"], shown["waitsUntil"]


def asked_for() -> Record:
    return created("d-AAAAAAAAA", "s3://drops/a.yaml", application="shop-app", group="prod", now=at(0))


def with_hook() -> Record:
    called = hook_called(plan(hooks=BEFORE), hooks.BEFORE, "secret-id", "secret-token", at(2))
    return apply(record(hooks=BEFORE), called)


def test_before_it_is_planned_it_has_no_steps() -> None:
    shown = progress(asked_for())
    assert (shown["steps"], shown["weight"], shown["targetVersion"]) == ([], None, None)
    assert waits(asked_for()) == ("Start", None)


@pytest.mark.parametrize(("event", "waiting_for"), [("GroupAwaited", "Group"), ("VersionAwaited", "Version")])
def test_what_is_awaited_at_the_start_is_named(event: Any, waiting_for: str) -> None:
    assert waits(apply(asked_for(), awaited(event, "It is on its way.", at(1)))) == (waiting_for, None)


def test_steps_are_done_under_way_and_to_come() -> None:
    shown = progress(after(2))
    assert [step["status"] for step in shown["steps"]] == ["Succeeded", "InProgress", *["Pending"] * 8]
    assert [step["weight"] for step in shown["steps"]] == [10.0 * n for n in range(1, 11)]
    assert [step["startTime"] for step in shown["steps"][:3]] == [stamp(at(0)), stamp(at(60)), None]
    assert (shown["weight"], shown["currentVersion"], shown["targetVersion"]) == (20.0, "1", "2")


def test_a_bake_has_an_end() -> None:
    assert waits(record()) == ("Shift", None)
    assert waits(after(2)) == ("Bake", stamp(at(120)))
    assert waits(after(10)) == ("Completion", None)


def test_a_bake_whose_begin_was_left_out_of_a_full_timeline_has_none() -> None:
    shortened = after(2)
    shortened["timeline"] = [entry for entry in shortened["timeline"] if entry["event"] != "TrafficShifted"]
    assert waits(shortened) == ("Shift", None)
    assert progress(shortened)["weight"] == 20.0


def test_a_hook_has_an_hour_and_then_an_answer() -> None:
    waiting = with_hook()
    assert waits(waiting) == ("Hook", stamp(at(2) + hooks.PATIENCE))
    answer: hooks.Answer = {"status": "Succeeded", "message": "all 12 checks passed", "by": "return value"}
    answered = apply(waiting, hook_answered(hooks.BEFORE, BEFORE[hooks.BEFORE], answer, at(5)))
    [shown] = progress(answered)["hooks"]
    assert (shown["status"], shown["message"]) == ("Succeeded", "all 12 checks passed")
    assert waits(answered) == ("Shift", None)


def test_nothing_that_is_secret_is_shown() -> None:
    shown = str(progress(with_hook(), alarms={}, with_timeline=True))
    assert "secret" not in shown
    assert hooks.digest("secret-id") not in shown


def test_alarms_have_a_state_where_it_was_asked_for() -> None:
    assert progress(after(1))["alarms"] == [{"name": "errors", "state": None}]
    assert progress(after(1), alarms={"errors": "OK"})["alarms"] == [{"name": "errors", "state": "OK"}]
    assert progress(after(1), alarms={})["alarms"] == [{"name": "errors", "state": "Missing"}]


def test_an_alarm_takes_traffic_back() -> None:
    fired = apply(after(3), interrupted(Interruption(ALARM, roll_back=True), at(130)))
    shown = progress(fired)
    assert shown["waitingFor"] == "Rollback"
    assert shown["interruption"] == {"code": "ALARM_ACTIVE", "message": str(ALARM), "rollback": True}
    assert shown["rollbackDeploymentId"] is None
    rollback = rollback_record(plan(), at(131))
    assert progress(fired, rollback=rollback)["rollbackDeploymentId"] == rollback["deploymentId"]


def test_a_stop_without_rollback_only_ends() -> None:
    stopped = apply(after(3), interrupted(Interruption(StopRequested("Stopped."), roll_back=False), at(130)))
    assert waits(stopped) == ("Completion", None)


def test_a_hook_that_said_no_takes_traffic_back_without_an_interruption() -> None:
    assert waits(after(3), rollback_record(plan(), at(131))) == ("Rollback", None)


def test_a_rollback_has_one_step() -> None:
    rollback = rollback_record(plan(), at(131))
    shown = progress(rollback)
    assert (shown["rollbackOf"], shown["waitingFor"]) == ("d-AAAAAAAAA", "Rollback")
    assert [step["status"] for step in shown["steps"]] == ["InProgress"]
    restored = apply(rollback, traffic_restored(plan(), "r-9", at(132), moved=True))
    [step] = progress(restored)["steps"]
    assert (step["status"], step["startTime"]) == ("Succeeded", stamp(at(132)))
    assert progress(restored)["weight"] == 100.0


def test_a_rollback_that_is_held_up_says_why_and_what_to_do() -> None:
    failure = {"error": "RolePermissions", "cause": "The role may not update the alias."}
    rollback = apply(rollback_record(plan(), at(131)), held_up(failure, at(140)))
    shown = progress(after(3), rollback=rollback)
    assert shown["rollbackHeldUp"] == {"code": "IAM_ROLE_PERMISSIONS", "message": failure["cause"]}
    assert "tried again" in progress(rollback)["advice"]


def test_what_was_never_taken_is_skipped_in_the_end() -> None:
    fired = apply(after(3), interrupted(Interruption(ALARM, roll_back=True), at(130)))
    ended = apply(fired, failed(fired, FAILURE, {"status": "SUCCEEDED"}, at(140)).change)
    shown = progress(ended, with_timeline=True)
    assert (shown["status"], shown["waitingFor"]) == ("Stopped", None)
    assert [step["status"] for step in shown["steps"]] == [*["Succeeded"] * 3, *["Skipped"] * 7]
    assert shown["errorInformation"]["code"] == "ALARM_ACTIVE"
    assert shown["rollbackDeploymentId"] == rollback_id("d-AAAAAAAAA")
    assert (shown["rolledBack"], shown["weight"]) == (True, 0.0)
    assert "CloudWatch" in shown["advice"]
    last = shown["timeline"][-1]
    assert last["event"] == "Ended"
    assert last["text"].startswith("Stopped. One or more alarms")


def test_a_success_needs_no_advice() -> None:
    done = after(10)
    shown = progress(apply(done, succeeded(done, at(700)).change))
    assert (shown["status"], shown["advice"], shown["timeline"]) == ("Succeeded", None, None)
    assert {step["status"] for step in shown["steps"]} == {"Succeeded"}
