"""What the readings of alarms mean."""

import pytest

from weighbridge.core.alarms import Reading, definitions, verdict
from weighbridge.core.errors import AlarmActive, AlarmsUnreadable, RolePermissions
from weighbridge.core.plan import WatchedAlarms


def _read(**states: str) -> dict[str, Reading]:
    return {name: Reading(state, "made") for name, state in states.items()}


@pytest.mark.parametrize("ignore", [True, False])
def test_ok_and_insufficient_data_do_not_stop_and_alarm_does(ignore: bool) -> None:
    watched = WatchedAlarms(names=["a", "b"], ignorePollFailure=ignore)
    assert verdict(watched, _read(a="OK", b="INSUFFICIENT_DATA")).failure is None
    judged = verdict(watched, _read(a="ALARM", b="ALARM"))
    assert isinstance(judged.failure, AlarmActive)
    assert str(judged.failure).endswith("Activated alarms: <a> <b>")


def test_a_missing_alarm_or_a_failed_poll_obeys_ignore_poll_alarm_failure() -> None:
    strict, lenient = (WatchedAlarms(names=["a"], ignorePollFailure=ignore) for ignore in (False, True))
    unreadable: tuple[dict[str, Reading] | RolePermissions, ...] = ({}, RolePermissions("denied"), _read(a="OK"))
    for readings in unreadable:
        assert isinstance(verdict(strict, readings, ["another"]).failure, AlarmsUnreadable)
        judged = verdict(lenient, readings, ["another"])
        assert judged.failure is None
        assert "goes on" in judged.reason


def test_an_alarm_that_could_not_be_evaluated_obeys_ignore_poll_alarm_failure() -> None:
    strict, lenient = (WatchedAlarms(names=["a"], ignorePollFailure=ignore) for ignore in (False, True))
    for state in ("EVALUATION_ERROR", "EVALUATION_FAILURE"):
        judged = verdict(strict, {"a": Reading("OK", "made", state)})
        assert isinstance(judged.failure, AlarmsUnreadable)
        assert f"CloudWatch could not evaluate a ({state}), so the deployment was stopped" in str(judged.failure)
        assert verdict(lenient, {"a": Reading("OK", "made", state)}).failure is None
        assert isinstance(verdict(lenient, {"a": Reading("ALARM", "made", state)}).failure, AlarmActive)
    assert verdict(strict, {"a": Reading("OK", "made", "PARTIAL_DATA")}) == verdict(strict, _read(a="OK"))


def test_where_log_alarms_cannot_be_read_no_alarm_is_said_to_be_missing() -> None:
    watched = WatchedAlarms(names=["a"], ignorePollFailure=False)
    judged = verdict(watched, {}, (), ["MetricAlarm", "CompositeAlarm"])
    assert isinstance(judged.failure, AlarmsUnreadable)
    assert "There is no alarm named a, or it is a log alarm, so the deployment was stopped; watch no log alarm" in str(
        judged.failure
    )


def test_only_an_alarm_that_was_there_at_the_start_can_have_changed() -> None:
    watched = WatchedAlarms(names=["a", "b", "c"], ignorePollFailure=False)
    first = definitions(watched, _read(a="OK", c="OK"))
    assert first == ["made", "", "made"]
    now = _read(a="OK", b="OK", c="OK")
    assert verdict(watched, now, first).failure is None
    changed = verdict(watched, now | {"c": Reading("OK", "made anew")}, first)
    assert "says nothing of it: c, so the deployment was stopped" in str(changed.failure)


def test_the_advice_is_there_however_many_alarms_are_missing() -> None:
    judged = verdict(WatchedAlarms(names=[f"{n:02}" + "x" * 253 for n in range(50)], ignorePollFailure=False), {})
    assert "and 45 more" in str(judged.failure)
    assert str(judged.failure).endswith("create or name the alarm, or set ignorePollAlarmFailure.")


def test_an_active_alarm_stops_even_beside_a_missing_one() -> None:
    watched = WatchedAlarms(names=["a", "b"], ignorePollFailure=True)
    assert isinstance(verdict(watched, _read(b="ALARM")).failure, AlarmActive)
