"""A deployment in words."""

from typing import Any

import pytest

from tests.cli.samples import BACK, ID, at, awaiting_report, hostile, progress, stopped, succeeded, turning_back
from weighbridge_cli.explain import explanation, headline, where_traffic_is
from weighbridge_cli.text import clean, local_time

WATCH, RETRY = f"weighbridge watch {ID}", f"weighbridge retry {ID}"


def told(seen: Any) -> list[str]:
    return explanation(seen, at(70), WATCH, RETRY)


def test_why_it_was_stopped_and_what_to_do() -> None:
    lines = told(stopped())
    assert lines[:3] == [
        f"Deployment {ID}: checkout:live from version 6 to version 7",
        f"  {ID} Stopped ALARM_ACTIVE: One or more alarms have been activated <checkout-errors>",
        "  All traffic is back on version 6.",
    ]
    assert f"  {'asked for by':<19} arn:aws:iam::123456789012:role/ci" in lines
    assert f"  {'rolled back by':<19} {BACK}" in lines
    assert f"  {local_time(at(2), at(70))}  +{'2 s':<12} TrafficShifted: 10 % of the traffic is on version 7." in lines
    assert lines[lines.index("What to do") :] == [
        "What to do",
        "  Ship the fix with overrideAlarmConfiguration while the alarm is red.",
        f"  To try the same again: {RETRY}",
    ]


def test_what_goes_on_can_be_followed() -> None:
    lines = told(progress())
    assert f"  {ID} is InProgress: 10 % on version 7, baking, 3 min 52 s left." in lines
    assert lines[-1] == f"  It goes on; to follow it: {WATCH}"


def test_who_waits_for_a_person_says_how_to_report() -> None:
    [line] = [line for line in told(awaiting_report()) if "waits for a report" in line]
    assert "CodeDeployHook_check" in line
    assert "PutLifecycleEventHookExecutionStatus" in line


def test_after_a_success_there_is_nothing_to_do() -> None:
    assert "What to do" not in told(succeeded())


@pytest.mark.parametrize(
    ("seen", "sentence"),
    [
        (succeeded(), "All traffic is on version 7."),
        (progress(), "10 % of the traffic is on version 7, the rest on version 6."),
        (stopped(), "All traffic is back on version 6."),
        (stopped(rolledBack=None, rollbackMessage="Not rolled back, because …"), "Not rolled back, because …"),
        (progress(weight=0.0, steps=[]), "No traffic has moved. It is on version 6."),
        (progress(status="Failed", weight=None, currentVersion=None), "No traffic has moved."),
        (progress(weight=None), ""),
    ],
)
def test_where_traffic_is(seen: Any, sentence: str) -> None:
    assert where_traffic_is(seen) == sentence


def test_a_rollback_names_what_it_takes_back() -> None:
    assert headline(progress(deploymentId=BACK, rollbackOf=ID)).startswith(f"Rollback {BACK} of {ID}: checkout:live")
    assert "To try the same again" not in "".join(told(stopped(rollbackOf=ID)))


def test_a_held_up_rollback_says_what_holds_it() -> None:
    lines = told(turning_back(rollbackHeldUp={"code": "IAM_ROLE_PERMISSIONS", "message": "no right"}))
    assert "  Traffic could not be put back so far (IAM_ROLE_PERMISSIONS): no right" in lines


def test_every_line_prints() -> None:
    lines = [clean(line) for line in told(hostile())]
    assert all(line.isprintable() for line in lines)
