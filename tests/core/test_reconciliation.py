"""What is done about a deployment whose execution is gone."""

from typing import Any

import pytest

from tests.core.samples import apply, at, members, plan, record
from weighbridge.core.deployment import created, shifted
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.execution import Execution
from weighbridge.core.interruptions import given_up, interrupted, stop_interruption
from weighbridge.core.plan import routing_after
from weighbridge.core.reconciliation import (
    Close,
    HandOn,
    Nothing,
    RestoreTraffic,
    Rollback,
    Start,
    StartRollback,
    action_for,
)
from weighbridge.core.record import Record
from weighbridge.core.rollbacks import rollback_record

NONE, NO_ROLLBACK = Execution(None), Rollback()
BACK = rollback_record(plan(), at(0))


def _moving(**changes: Any) -> Record:
    sample = plan(**changes)
    return apply(record(**changes), shifted(sample, 0, routing_after(sample, 0), "r-1", at(2)))


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT", "FAILED", "SUCCEEDED"])
def test_a_dead_execution_is_rolled_back_by_an_execution_of_its_own(status: Any) -> None:
    assert action_for(_moving(), Execution(status), NO_ROLLBACK) == StartRollback()
    assert action_for(_moving(), Execution(status), Rollback(Execution("RUNNING"))) == Nothing()
    closed = action_for(_moving(), Execution(status), Rollback(Execution("SUCCEEDED")))
    assert isinstance(closed, Close)
    assert closed.rollback == {"status": "SUCCEEDED"}
    assert action_for(_moving(), Execution(status), Rollback(Execution("ABORTED"))) == RestoreTraffic()


@pytest.mark.parametrize("execution", [Execution("FAILED"), Execution("ABORTED"), NONE])
def test_a_rollback_that_has_ended_is_not_made_again_whatever_became_of_its_execution(execution: Execution) -> None:
    succeeded_ = apply(BACK, succeeded(BACK, at(9)).change)
    closed = action_for(_moving(), Execution("FAILED"), Rollback(execution, succeeded_))
    assert isinstance(closed, Close)
    assert closed.rollback == {"status": "SUCCEEDED"}
    failed_ = apply(BACK, failed(BACK, {"error": "AliasMoved", "cause": "Somebody else moved it."}, {}, at(9)).change)
    closed = action_for(_moving(), Execution("FAILED"), Rollback(execution, failed_))
    assert isinstance(closed, Close)
    why = {"code": "INVALID_LAMBDA_CONFIGURATION", "cause": "Somebody else moved it."}
    assert closed.rollback == {"status": "FAILED"} | why


@pytest.mark.parametrize("execution", [Execution("FAILED"), Execution("TIMED_OUT")])
def test_a_rollback_that_is_still_open_is_made_here_and_now(execution: Execution) -> None:
    assert action_for(_moving(), Execution("FAILED"), Rollback(execution, BACK)) == RestoreTraffic()


def test_a_living_execution_is_handed_what_is_on_record_for_its_wait() -> None:
    baking = _moving() | {"gate": {"token": "t", "waitingFor": "bake"}}
    stop = stop_interruption(baking, True)
    assert stop
    assert action_for(baking, Execution("RUNNING"), NO_ROLLBACK) == Nothing()
    assert action_for(apply(baking, interrupted(stop, at(5))), Execution("RUNNING"), NO_ROLLBACK) == HandOn()
    after = {"gate": {"token": "t", "waitingFor": "AfterAllowTraffic"}}
    waiting = members(**(_moving() | after | {"hooks": {"AfterAllowTraffic": {}}}))
    assert action_for(waiting, Execution("RUNNING"), NO_ROLLBACK) == Nothing()
    answered = members(**(waiting | {"hooks": {"AfterAllowTraffic": {"answer": {"status": "Succeeded"}}}}))
    assert action_for(answered, Execution("RUNNING"), NO_ROLLBACK) == HandOn()
    # What is on record for another wait is none of this one's.
    baking_now = members(**(answered | {"gate": {"token": "t", "waitingFor": "bake"}}))
    assert action_for(baking_now, Execution("RUNNING"), NO_ROLLBACK) == Nothing()


@pytest.mark.parametrize(
    ("error", "on", "restored"),
    [
        ("HookFailed", "failure", True),
        ("KeyError", "failure", True),
        ("AlarmsUnreadable", "alarm", True),
        ("AlarmActive", "alarm", True),
        ("AliasMoved", "failure", False),
    ],
)
def test_what_the_state_machine_recorded_is_judged_as_it_judges_itself(error: str, on: str, restored: bool) -> None:
    only = {"failure": False, "alarm": False, "stop": False, on: True}
    moving = _moving(rollBackOn=only) | {"interruption": {"error": error, "message": "Because."}}
    decided = action_for(moving, Execution("ABORTED"), NO_ROLLBACK)
    assert decided == (StartRollback() if restored else Close({"error": error, "cause": "Because."}, {}))
    off = _moving(rollBackOn=only | {on: False}) | {"interruption": {"error": error, "message": "Because."}}
    assert action_for(off, Execution("ABORTED"), NO_ROLLBACK) == Close({"error": error, "cause": "Because."}, {})


def test_a_living_execution_and_a_closed_record_are_left_alone() -> None:
    assert action_for(_moving(), Execution("RUNNING"), NO_ROLLBACK) == Nothing()
    ended = apply(_moving(), succeeded(_moving(), at(9)).change)
    assert action_for(ended, Execution("ABORTED"), NO_ROLLBACK) == Nothing()


def test_what_was_never_started_is_started() -> None:
    assert action_for(_moving(), NONE, NO_ROLLBACK) == Start()


def test_stop_in_the_console_is_a_stop_request() -> None:
    closed = action_for(_moving(), Execution("ABORTED"), Rollback(Execution("SUCCEEDED")))
    assert isinstance(closed, Close)
    assert closed.failure["error"] == "StopRequested"
    off = {"failure": True, "alarm": True, "stop": False}
    closed = action_for(_moving(rollBackOn=off), Execution("ABORTED"), NO_ROLLBACK)
    assert closed == Close({"error": "StopRequested", "cause": "The execution was stopped in Step Functions."}, {})


def test_an_interruption_that_was_recorded_is_the_reason() -> None:
    moving = _moving()
    interruption = stop_interruption(moving, False)
    assert interruption
    moving = apply(moving, interrupted(interruption, at(5)))
    closed = action_for(moving, Execution("FAILED", "States.Runtime", "?"), NO_ROLLBACK)
    assert isinstance(closed, Close)
    assert closed.failure["error"] == "StopRequested"


def test_a_deployment_that_had_no_plan_yet_is_only_closed() -> None:
    made = created("d-A", "id", application="a", group="g", revision=None, now=at(0))
    for status in ("FAILED", "ABORTED", "TIMED_OUT"):
        assert isinstance(action_for(made, Execution(status), NO_ROLLBACK), Close)


def test_an_alias_that_was_moved_is_not_rolled_back() -> None:
    failure = Execution("FAILED", "AliasMoved", "Somebody else.")
    assert action_for(_moving(), failure, NO_ROLLBACK) == Close({"error": "AliasMoved", "cause": "Somebody else."}, {})


def test_a_dead_rollback_is_finished_here() -> None:
    assert action_for(rollback_record(plan(), at(0)), Execution("ABORTED"), NO_ROLLBACK) == RestoreTraffic()


def test_what_ended_an_execution_may_have_no_cause() -> None:
    assert given_up({"error": "States.Timeout"}, at(1)).sets["interruption"] == {
        "error": "States.Timeout",
        "message": "",
        "rollBack": True,
    }
