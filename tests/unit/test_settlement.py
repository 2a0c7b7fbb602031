"""What is done about a deployment whose execution is gone, and what the world is told."""

from typing import Any

import pytest

from tests.unit.samples import apply, at, plan, record
from weighbridge.core.deployment import created, shifted
from weighbridge.core.endings import succeeded
from weighbridge.core.interruptions import interrupted, stop_interruption
from weighbridge.core.notifications import notifications
from weighbridge.core.plan import routing_after
from weighbridge.core.rollbacks import rollback_record
from weighbridge.core.settlement import Close, Execution, Nothing, RestoreTraffic, Start, StartRollback, settlement

NONE = Execution(None)


def _moving(**changes: Any) -> dict[str, Any]:
    sample = plan(**changes)
    return apply(record(**changes), shifted(sample, 0, routing_after(sample, 0), "r-1", at(2)))


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT", "FAILED", "SUCCEEDED"])
def test_a_dead_execution_is_rolled_back_by_an_execution_of_its_own(status: Any) -> None:
    assert settlement(_moving(), Execution(status), NONE) == StartRollback()
    assert settlement(_moving(), Execution(status), Execution("RUNNING")) == Nothing()
    closed = settlement(_moving(), Execution(status), Execution("SUCCEEDED"))
    assert isinstance(closed, Close)
    assert closed.rollback == {"status": "SUCCEEDED"}
    assert settlement(_moving(), Execution(status), Execution("ABORTED")) == RestoreTraffic()


def test_a_living_execution_and_a_closed_record_are_left_alone() -> None:
    assert settlement(_moving(), Execution("RUNNING"), NONE) == Nothing()
    ended = apply(_moving(), succeeded(_moving(), at(9)).change)
    assert settlement(ended, Execution("ABORTED"), NONE) == Nothing()


def test_what_was_never_started_is_started() -> None:
    assert settlement(_moving(), NONE, NONE) == Start()


def test_stop_in_the_console_is_a_stop_request() -> None:
    closed = settlement(_moving(), Execution("ABORTED"), Execution("SUCCEEDED"))
    assert isinstance(closed, Close)
    assert closed.failure["error"] == "StopRequested"
    off = {"failure": True, "alarm": True, "stop": False}
    closed = settlement(_moving(rollBackOn=off), Execution("ABORTED"), NONE)
    assert closed == Close({"error": "StopRequested", "cause": "The execution was stopped in Step Functions."}, {})


def test_an_interruption_that_was_recorded_is_the_reason() -> None:
    moving = _moving()
    interruption = stop_interruption(moving, False)
    assert interruption
    moving = apply(moving, interrupted(interruption, at(5)))
    closed = settlement(moving, Execution("FAILED", "States.Runtime", "?"), NONE)
    assert isinstance(closed, Close)
    assert closed.failure["error"] == "StopRequested"


def test_a_deployment_that_had_no_plan_yet_is_only_closed() -> None:
    made = created("d-A", "id", application="a", group="g", revision=None, now=at(0))
    for status in ("FAILED", "ABORTED", "TIMED_OUT"):
        assert isinstance(settlement(made, Execution(status), NONE), Close)


def test_an_alias_that_was_moved_is_not_rolled_back() -> None:
    failure = Execution("FAILED", "AliasMoved", "Somebody else.")
    assert settlement(_moving(), failure, NONE) == Close({"error": "AliasMoved", "cause": "Somebody else."}, {})


def test_a_dead_rollback_is_finished_here() -> None:
    assert settlement(rollback_record(plan(), at(0)), Execution("ABORTED"), NONE) == RestoreTraffic()


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
