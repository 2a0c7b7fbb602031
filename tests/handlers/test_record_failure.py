"""State "Record failure": the record says why, once traffic is where it belongs."""

import json
from types import SimpleNamespace

import pytest

from tests.aws.account import (
    events_of,
    keep_begun,
    kept,
    lost_answer,
    new_record,
)
from tests.aws.invocation import ID, ROLLBACK_ID, event_file, invoke
from tests.core.samples import at
from tests.handlers.steps import PLAN, arrive, forged, group, planned_deployment, shifted_deployment, validate
from weighbridge.core.deployment import begun
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.errors import (
    AlarmActive,
    DeploymentLimitExceeded,
    NotThePlan,
)
from weighbridge.core.execution import Execution
from weighbridge.core.interruptions import Interruption, interrupted
from weighbridge.core.reconciliation import Rollback, StartRollback, action_for
from weighbridge.core.rollbacks import rollback_record
from weighbridge.store import deployments


def _rollback(error: str | None = None) -> None:
    """The rollback has ended: well, or with that error."""
    deployments.create(rollback_record(PLAN, at(5)))
    back = kept(ROLLBACK_ID)
    ending = (
        failed(back, {"error": error, "cause": "Somebody else moved it."}, {}, at(6)) if error else succeeded(back, at(6))
    )
    deployments.end(back, ending)


def test_a_failure_recorded_twice_is_recorded_once() -> None:
    planned_deployment()
    _rollback()
    answer = invoke("record_failure", event_file("record_failure"))
    assert (answer["status"], answer["code"]) == ("Stopped", "ALARM_ACTIVE")
    ended = kept(ID)
    assert ended["errorInformation"] == {"code": "ALARM_ACTIVE", "message": answer["message"]}
    assert "Automatic rollback is triggered" in ended["rollbackInfo"]["rollbackMessage"]
    assert invoke("record_failure", event_file("record_failure")) == answer
    assert kept(ID) == ended
    keep_begun("d-BBBBBBBBB")


def test_a_failure_recorded_after_a_lost_answer_is_counted_and_told(no_pauses: list[float]) -> None:
    planned_deployment()
    _rollback()
    with lost_answer("dynamodb", "TransactWriteItems"):
        answer = invoke("record_failure", event_file("record_failure"))
    assert answer["status"] == kept(ID)["status"] == "Stopped"
    assert len(no_pauses) == 1


def test_a_rollback_that_failed_keeps_its_own_record() -> None:
    planned_deployment()
    failure = {"error": "AliasMoved", "cause": json.dumps({"errorMessage": "Somebody else moved the alias."})}
    event = event_file("record_failure") | {"deploymentId": ROLLBACK_ID, "failure": failure, "rollback": {}}
    answer = invoke("record_failure", event)
    assert (answer["status"], answer["code"]) == ("Failed", "INVALID_LAMBDA_CONFIGURATION")
    assert kept(ROLLBACK_ID)["status"] == "Failed"


def test_a_rollback_that_succeeded_although_its_start_seemed_to_fail_is_told_as_it_was() -> None:
    # The answer to StartExecution got lost, the rollback was over in no time, and the second start met its name.
    planned_deployment()
    _rollback()
    rollback = {"status": "FAILED", "cause": "Execution Already Exists"}
    invoke("record_failure", event_file("record_failure") | {"rollback": rollback})
    record = kept(ID)
    assert "Automatic rollback is triggered" in record["rollbackInfo"]["rollbackMessage"]
    assert deployments.left_by("shop:live") is None


def test_a_rollback_that_did_fail_for_good_is_told() -> None:
    planned_deployment()
    _rollback("AliasMoved")
    rollback = {"status": "FAILED", "cause": json.dumps({"Error": "AliasMoved", "Cause": "Somebody else moved it."})}
    invoke("record_failure", event_file("record_failure") | {"rollback": rollback})
    assert "could not roll back" in kept(ID)["rollbackInfo"]["rollbackMessage"]
    left = deployments.left_by("shop:live")
    assert left
    assert left["deploymentId"] == ID


@pytest.mark.parametrize("kept_already", [True, False])
def test_no_deployment_ends_before_its_rollback_has(kept_already: bool) -> None:
    # Somebody stopped the rollback's execution, or it could not even be started: the reconciliation goes on with it.
    planned_deployment()
    deployments.update(ID, interrupted(Interruption(AlarmActive(["shop-errors"]), roll_back=True), at(4)))
    if kept_already:
        deployments.create(rollback_record(PLAN, at(5)))
    rollback = {"status": "FAILED", "cause": json.dumps({"Status": "ABORTED"})}
    answer = invoke("record_failure", event_file("record_failure") | {"rollback": rollback})
    record = kept(ID)
    assert (answer["status"], record["status"], answer["code"]) == ("InProgress", "InProgress", "ALARM_ACTIVE")
    assert "tried again every five minutes" in answer["message"]
    other = new_record("d-BBBBBBBBB")
    deployments.create(other)
    with pytest.raises(DeploymentLimitExceeded):
        deployments.begin(other, begun("c", group_id="g", alarms=[], alias="shop:live", now=at(9)))


def test_a_rollback_that_may_still_succeed_is_left_to_the_reconciliation_and_said_to_be_held_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    planned_deployment()
    failure = {"error": "Throttled", "cause": json.dumps({"errorMessage": "Too many requests."})}
    event = event_file("record_failure") | {"deploymentId": ROLLBACK_ID, "failure": failure, "rollback": {}}
    for _ in range(2):
        assert invoke("record_failure", event)["status"] == "InProgress"
    record = kept(ROLLBACK_ID)
    assert record["heldUp"] == {"code": "THROTTLED", "message": "Too many requests."}
    assert [entry["code"] for entry in record["timeline"] if entry["event"] == "RollbackHeldUp"] == ["THROTTLED"]
    assert capsys.readouterr().out.count('"RollbacksHeldUp":[1.0]') == 2


def test_a_rollback_that_has_restored_traffic_and_cannot_be_completed_is_not_held_up() -> None:
    shifted_deployment(0)
    invoke("shift_traffic", event_file("shift_traffic.back"))
    failure = {"error": "ServiceUnavailable", "cause": json.dumps({"errorMessage": "DynamoDB is away."})}
    event = event_file("record_failure") | {"deploymentId": ROLLBACK_ID, "failure": failure, "rollback": {}}
    assert invoke("record_failure", event)["status"] == "InProgress"
    assert "heldUp" not in kept(ROLLBACK_ID)


def test_a_deployment_that_only_seemed_interrupted_is_closed() -> None:
    planned_deployment()
    _rollback()
    failure = {"error": "Interrupted", "cause": json.dumps({"errorMessage": "It was interrupted."})}
    invoke("record_failure", event_file("record_failure") | {"failure": failure})
    assert kept(ID)["status"] == "Failed"


@pytest.mark.parametrize("rolled_back", [True, False])
def test_a_failure_without_a_cause_is_recorded(rolled_back: bool) -> None:
    planned_deployment()
    if rolled_back:
        _rollback()
    causeless = {"failure": {"error": "States.Timeout"}, "rollback": {"status": "FAILED"}}
    answer = invoke("record_failure", event_file("record_failure") | causeless)
    assert answer["status"] == kept(ID)["status"] == ("Failed" if rolled_back else "InProgress")


def test_a_validation_that_fails_after_its_plan_was_kept_is_finished_by_the_reconciliation(place: SimpleNamespace) -> None:
    # Its answer got lost after the plan was written, and the next try failed: decision 0007.
    group()
    arrived = arrive(place)
    validate(arrived)
    failure = {"error": "Throttled", "cause": "Slow down."}
    answer = invoke("record_failure", {"deploymentId": arrived, "plan": {}, "failure": failure, "rollback": {}})
    assert answer == {"status": "InProgress", "code": "Throttled", "message": "Slow down."}
    assert action_for(kept(arrived), Execution("FAILED", answer["code"], answer["message"]), Rollback()) == StartRollback()


@pytest.mark.parametrize("error", ["StopRequested", "AliasMoved", "DeploymentEnded", "HookFailed", "Anything"])
@pytest.mark.parametrize("rollback", [{}, {"status": "SUCCEEDED"}, {"status": "FAILED", "cause": "No."}], ids=str)
def test_nothing_is_closed_while_traffic_is_split_whatever_is_told(error: str, rollback: dict[str, str]) -> None:
    before = shifted_deployment(0)
    failure = {"error": error, "cause": "Somebody says so."}
    invoke("record_failure", event_file("record_failure") | {"failure": failure, "rollback": rollback})
    assert kept(ID) == before


def test_a_rollback_that_can_never_be_made_is_told_by_an_event_an_alarm_and_the_deployment(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shifted_deployment()
    failure = {"error": "InvalidLambdaFunction", "cause": "Lambda refused to route live of shop: no version 1."}
    back = event_file("record_failure") | {"deploymentId": ROLLBACK_ID, "failure": failure, "rollback": {}}
    invoke("record_failure", back)
    assert events_of(kept(ROLLBACK_ID))[-2:] == ["RollbackFailed", "Ended"]
    assert '"RollbacksHeldUp":[1.0]' in capsys.readouterr().out
    answer = invoke("record_failure", event_file("record_failure") | {"rollback": {"status": "FAILED", "cause": ""}})
    assert answer["message"].endswith(
        "Traffic was not put back: Lambda refused to route live of shop: no version 1. This deployment had left the alias live "
        "of shop with version 2 at 100 %; route it to a version that is there, or deploy one."
    )


def test_a_rollback_that_leaves_an_alias_to_somebody_else_is_not_told_of_like_that(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shifted_deployment()
    failure = {"error": "AliasMoved", "cause": "Somebody else moved the alias."}
    invoke(
        "record_failure", event_file("record_failure") | {"deploymentId": ROLLBACK_ID, "failure": failure, "rollback": {}}
    )
    assert "RollbackFailed" not in events_of(kept(ROLLBACK_ID))
    assert "RollbacksHeldUp" not in capsys.readouterr().out
    answer = invoke("record_failure", event_file("record_failure") | {"rollback": {"status": "FAILED", "cause": ""}})
    assert answer["message"].endswith("Traffic was not put back: Somebody else moved the alias.")


def test_a_made_up_rollback_gets_no_record() -> None:
    planned_deployment()
    failure = {"error": "AliasMoved", "cause": "Somebody says so."}
    event = forged("record_failure", rollbackDeploymentId="d-ZZZZZZZZZ", deploymentId="d-ZZZZZZZZZ", failure=failure)
    with pytest.raises(NotThePlan):
        invoke("record_failure", event)
    assert deployments.get("d-ZZZZZZZZZ") is None
