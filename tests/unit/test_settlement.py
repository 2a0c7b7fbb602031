"""What is done about a deployment whose execution is gone, and what the world is told."""

from typing import Any

import pytest

from tests.unit.samples import apply, at, plan, record
from weighbridge.core.deployment import created, shifted
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.interruptions import given_up, interrupted, stop_interruption
from weighbridge.core.notifications import notifications
from weighbridge.core.plan import routing_after
from weighbridge.core.rollbacks import rollback_record
from weighbridge.core.settlement import (
    Close,
    Execution,
    HandOn,
    Nothing,
    RestoreTraffic,
    Rollback,
    Start,
    StartRollback,
    settlement,
    sweep_order,
)

NONE, NO_ROLLBACK = Execution(None), Rollback()
BACK = rollback_record(plan(), at(0))


@pytest.mark.parametrize("since", [0, 7, 100_000])
@pytest.mark.parametrize("reach", [10, 37, 250, 999, 1000])
def test_everybodys_turn_comes_soon_however_short_a_sweep_is(since: int, reach: int) -> None:
    everybody = [f"d-{n:09}" for n in range(1000)]
    looked_at = set[str]()
    for number in range(3 * len(everybody) // reach):
        order = sweep_order(everybody, at(300 * (since + number)))
        assert sorted(order) == everybody
        looked_at |= set(order[:reach])
    assert looked_at == set(everybody)


def test_the_same_sweep_delivered_again_begins_at_the_same_place() -> None:
    everybody = [f"d-{n:09}" for n in range(10)]
    assert sweep_order(everybody, at(1)) == sweep_order(everybody[::-1], at(299))
    assert sweep_order(everybody, at(1)) != sweep_order(everybody, at(301))
    assert sweep_order([], at(0)) == []


def _moving(**changes: Any) -> dict[str, Any]:
    sample = plan(**changes)
    return apply(record(**changes), shifted(sample, 0, routing_after(sample, 0), "r-1", at(2)))


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT", "FAILED", "SUCCEEDED"])
def test_a_dead_execution_is_rolled_back_by_an_execution_of_its_own(status: Any) -> None:
    assert settlement(_moving(), Execution(status), NO_ROLLBACK) == StartRollback()
    assert settlement(_moving(), Execution(status), Rollback(Execution("RUNNING"))) == Nothing()
    closed = settlement(_moving(), Execution(status), Rollback(Execution("SUCCEEDED")))
    assert isinstance(closed, Close)
    assert closed.rollback == {"status": "SUCCEEDED"}
    assert settlement(_moving(), Execution(status), Rollback(Execution("ABORTED"))) == RestoreTraffic()


@pytest.mark.parametrize("execution", [Execution("FAILED"), Execution("ABORTED"), NONE])
def test_a_rollback_that_has_ended_is_not_made_again_whatever_became_of_its_execution(execution: Execution) -> None:
    succeeded_ = apply(BACK, succeeded(BACK, at(9)).change)
    closed = settlement(_moving(), Execution("FAILED"), Rollback(execution, succeeded_))
    assert isinstance(closed, Close)
    assert closed.rollback == {"status": "SUCCEEDED"}
    failed_ = apply(BACK, failed(BACK, {"error": "AliasMoved", "cause": "Somebody else moved it."}, {}, at(9)).change)
    closed = settlement(_moving(), Execution("FAILED"), Rollback(execution, failed_))
    assert isinstance(closed, Close)
    why = {"code": "INVALID_LAMBDA_CONFIGURATION", "cause": "Somebody else moved it."}
    assert closed.rollback == {"status": "FAILED"} | why


@pytest.mark.parametrize("execution", [Execution("FAILED"), Execution("TIMED_OUT")])
def test_a_rollback_that_is_still_open_is_made_here_and_now(execution: Execution) -> None:
    assert settlement(_moving(), Execution("FAILED"), Rollback(execution, BACK)) == RestoreTraffic()


def test_a_living_execution_is_handed_what_is_on_record_for_its_wait() -> None:
    baking = _moving() | {"gate": {"token": "t", "waitingFor": "bake"}}
    stop = stop_interruption(baking, True)
    assert stop
    assert settlement(baking, Execution("RUNNING"), NO_ROLLBACK) == Nothing()
    assert settlement(apply(baking, interrupted(stop, at(5))), Execution("RUNNING"), NO_ROLLBACK) == HandOn()
    waiting = _moving() | {"gate": {"token": "t", "waitingFor": "AfterAllowTraffic"}, "hooks": {"AfterAllowTraffic": {}}}
    assert settlement(waiting, Execution("RUNNING"), NO_ROLLBACK) == Nothing()
    answered = waiting | {"hooks": {"AfterAllowTraffic": {"answer": {"status": "Succeeded"}}}}
    assert settlement(answered, Execution("RUNNING"), NO_ROLLBACK) == HandOn()
    # What is on record for another wait is none of this one's.
    assert (
        settlement(answered | {"gate": {"token": "t", "waitingFor": "bake"}}, Execution("RUNNING"), NO_ROLLBACK)
        == Nothing()
    )


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
    decided = settlement(moving, Execution("ABORTED"), NO_ROLLBACK)
    assert decided == (StartRollback() if restored else Close({"error": error, "cause": "Because."}, {}))
    off = _moving(rollBackOn=only | {on: False}) | {"interruption": {"error": error, "message": "Because."}}
    assert settlement(off, Execution("ABORTED"), NO_ROLLBACK) == Close({"error": error, "cause": "Because."}, {})


def test_a_living_execution_and_a_closed_record_are_left_alone() -> None:
    assert settlement(_moving(), Execution("RUNNING"), NO_ROLLBACK) == Nothing()
    ended = apply(_moving(), succeeded(_moving(), at(9)).change)
    assert settlement(ended, Execution("ABORTED"), NO_ROLLBACK) == Nothing()


def test_what_was_never_started_is_started() -> None:
    assert settlement(_moving(), NONE, NO_ROLLBACK) == Start()


def test_stop_in_the_console_is_a_stop_request() -> None:
    closed = settlement(_moving(), Execution("ABORTED"), Rollback(Execution("SUCCEEDED")))
    assert isinstance(closed, Close)
    assert closed.failure["error"] == "StopRequested"
    off = {"failure": True, "alarm": True, "stop": False}
    closed = settlement(_moving(rollBackOn=off), Execution("ABORTED"), NO_ROLLBACK)
    assert closed == Close({"error": "StopRequested", "cause": "The execution was stopped in Step Functions."}, {})


def test_an_interruption_that_was_recorded_is_the_reason() -> None:
    moving = _moving()
    interruption = stop_interruption(moving, False)
    assert interruption
    moving = apply(moving, interrupted(interruption, at(5)))
    closed = settlement(moving, Execution("FAILED", "States.Runtime", "?"), NO_ROLLBACK)
    assert isinstance(closed, Close)
    assert closed.failure["error"] == "StopRequested"


def test_a_deployment_that_had_no_plan_yet_is_only_closed() -> None:
    made = created("d-A", "id", application="a", group="g", revision=None, now=at(0))
    for status in ("FAILED", "ABORTED", "TIMED_OUT"):
        assert isinstance(settlement(made, Execution(status), NO_ROLLBACK), Close)


def test_an_alias_that_was_moved_is_not_rolled_back() -> None:
    failure = Execution("FAILED", "AliasMoved", "Somebody else.")
    assert settlement(_moving(), failure, NO_ROLLBACK) == Close({"error": "AliasMoved", "cause": "Somebody else."}, {})


def test_a_dead_rollback_is_finished_here() -> None:
    assert settlement(rollback_record(plan(), at(0)), Execution("ABORTED"), NO_ROLLBACK) == RestoreTraffic()


def _told(old: Any, new: Any) -> list[tuple[str, Any]]:
    return [(news.detail_type, news.detail.get("state")) for news in notifications(old, new, "eu-west-1")]


def test_the_world_is_told_in_codedeploys_words_and_in_ours() -> None:
    made = created("d-A", "id", application="a", group="g", revision=None, now=at(0))
    change = "CodeDeploy Deployment State-change Notification"
    assert _told(None, made) == []
    begun = record()
    assert _told(made | {"timeline": begun["timeline"][:1]}, begun) == [(change, "START")]
    moving = _moving()
    assert _told(begun, moving) == [("Deployment Traffic Shifted", None)]
    ended = apply(moving, succeeded(moving, at(9)).change)
    assert _told(moving, ended) == [(change, "SUCCESS")]
    assert _told(made, made | {"status": "Failed"}) == [(change, "FAILURE")]
    assert _told(begun, begun | {"status": "Stopped"}) == [(change, "STOP")]
    back = rollback_record(plan(), at(0))
    assert _told(back, back | {"status": "Succeeded"}) == [(change, "SUCCESS"), ("Deployment Rolled Back", None)]
    assert dict(notifications(begun, moving, "eu-west-1")[0].detail) == {
        "region": "eu-west-1",
        "application": "shop-app",
        "deploymentGroup": "prod",
        "deploymentId": "d-AAAAAAAAA",
        "instanceGroupId": "g-1",
        "time": "2026-11-23T06:00:02.000Z",
        "targetVersion": "2",
        "weight": 0.1,
        "revisionId": "r-1",
        "reason": "Step 1 of 10.",
    }


def test_what_ended_an_execution_may_have_no_cause() -> None:
    assert given_up({"error": "States.Timeout"}, at(1)).sets["interruption"] == {
        "error": "States.Timeout",
        "message": "",
        "rollBack": True,
    }
