"""What a deployment's progress says: exit codes and words."""

from typing import Any

import pytest

from tests.cli.samples import ID, NOON, at, awaiting_report, entry, hook, progress, stopped, succeeded, turning_back
from weighbridge_cli.progress import awaited_report, reached, reason, state, subject, versions, with_states

CREATED = progress(
    status="Created",
    functionName=None,
    alias=None,
    currentVersion=None,
    targetVersion=None,
    weight=None,
    steps=[],
    waitingFor="Start",
    waitsUntil=None,
    timeline=[],
)
SHIFTING = progress(waitingFor="Shift", waitsUntil=None)
WITHOUT_TRAFFIC = progress(weight=0.0, steps=[{**each, "status": "Pending"} for each in progress()["steps"]])


@pytest.mark.parametrize(
    ("seen", "started", "shifted", "paused", "finished"),
    [
        (CREATED, None, None, None, None),
        (WITHOUT_TRAFFIC, 0, None, None, None),
        (progress(), 0, 0, None, None),
        (awaiting_report(), 0, None, 4, None),
        (turning_back(), None, None, None, None),
        (succeeded(), 0, 0, 0, 0),
        (stopped(), 1, 1, 1, 1),
        (progress(status="Failed"), 1, 1, 1, 1),
    ],
)
def test_what_ends_a_wait_and_how(seen: Any, started: int, shifted: int, paused: int, finished: int) -> None:
    codes = [reached(seen, until) for until in ("started", "shifted", "paused", "finished")]
    assert codes == [started, shifted, paused, finished]


def test_a_hook_that_runs_waits_for_nobody() -> None:
    running = awaiting_report(timeline=[entry(2, "HookCalled", "CodeDeployHook_check was called as the …")])
    assert awaited_report(running) is None
    assert awaited_report(awaiting_report()) == hook("InProgress", startTime=at(2))
    other = awaiting_report(timeline=[entry(3, "HookReturned", "AfterAllowTraffic hook: It returned null.")])
    assert awaited_report(other) is None


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (CREATED, "about to begin"),
        (progress(), "10 % on version 7, baking, 5 min 2 s left"),
        (SHIFTING, "10 % on version 7, shifting traffic"),
        (progress(waitsUntil=at(-1)), "10 % on version 7, baking"),
        (awaiting_report(), "0 % on version 7, waiting for the report of CodeDeployHook_check, 1 h left"),
        (turning_back(), "10 % on version 7, rolling back to version 6 by d-BACKBACK1"),
        (
            turning_back(rollbackHeldUp={"code": "AccessDenied", "message": "no right"}),
            "10 % on version 7, rollback held up: no right",
        ),
        (progress(waitingFor="Group"), "10 % on version 7, waiting for its deployment group, 5 min 2 s left"),
        (progress(waitingFor="SomethingNew"), "10 % on version 7, about to begin"),
        (succeeded(), "Succeeded"),
        (stopped(), "Stopped ALARM_ACTIVE"),
    ],
)
def test_in_a_few_words(seen: Any, words: str) -> None:
    assert state(seen, NOON) == words


def test_names() -> None:
    assert (subject(progress()), versions(progress())) == ("checkout:live", "6 → 7")
    assert (subject(CREATED), versions(CREATED)) == ("shop/prod", "")
    assert reason(stopped()) == "One or more alarms have been activated <checkout-errors>"
    assert reason(progress()) == ""
    assert CREATED["deploymentId"] == ID


def test_states_of_alarms_are_those_of_the_last_look_that_asked() -> None:
    without = progress(alarms=[{"name": "checkout-errors"}, {"name": "new"}])
    assert with_states(without, progress())["alarms"] == [{"name": "checkout-errors", "state": "OK"}, {"name": "new"}]
    assert with_states(without, None) == without
    assert with_states(turning_back(), progress())["alarms"][0]["state"] == "ALARM"
