"""States "Shift …": traffic forward and back, once however often, and only where it is wanted."""

from typing import Any

import pytest

from tests.aws.account import (
    OUTDATED,
    client_error,
    create_alias,
    events_of,
    keep_planned,
    kept,
    refuse,
    routing,
)
from tests.aws.invocation import ID, ROLLBACK_ID, event_file, invoke
from tests.core.samples import at
from tests.handlers.steps import PLAN, STOP, forged, planned_deployment, shifted_deployment
from weighbridge.core.endings import failed
from weighbridge.core.errors import (
    AlarmActive,
    AliasMoved,
    DeploymentEnded,
    Interrupted,
    NotThePlan,
    Released,
    RolePermissions,
    Throttled,
    WeighbridgeError,
)
from weighbridge.core.interruptions import Interruption, interrupted
from weighbridge.store import deployments


def test_a_shift_moves_traffic_and_keeps_what_it_did() -> None:
    planned_deployment()
    answer = invoke("shift_traffic", event_file("shift_traffic.forward"))
    assert routing() == ("1", {"2": 0.1})
    record = kept(ID)
    assert record["revisionId"] == answer["revisionId"]
    assert record["routing"] == {"version": "1", "weights": {"2": 0.1}}
    assert events_of(record)[-1] == "TrafficShifted"


def test_the_last_shift_moves_the_alias_itself() -> None:
    shifted_deployment(0)
    invoke("shift_traffic", event_file("shift_traffic.forward") | {"step": 1})
    assert routing() == ("2", {})
    assert kept(ID)["lifecycleEvents"]["AllowTraffic"]["status"] == "Succeeded"


def test_a_shift_back_restores_traffic_and_keeps_the_rollbacks_record() -> None:
    shifted_deployment(0)
    for _ in range(2):
        invoke("shift_traffic", event_file("shift_traffic.back"))
    assert routing() == ("1", {})
    record = kept(ROLLBACK_ID)
    assert record["rollbackInfo"]["rollbackTriggeringDeploymentId"] == ID
    assert record["routing"] == {"version": "1", "weights": {}}


@pytest.mark.parametrize("method", ["put_item", "update_item"])
def test_traffic_comes_back_before_anything_is_written_down(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    shifted_deployment(0)
    refuse(monkeypatch, "dynamodb", method, client_error("ThrottlingException"))
    with pytest.raises(Throttled):
        invoke("shift_traffic", event_file("shift_traffic.back"))
    assert routing() == ("1", {})
    invoke("shift_traffic", event_file("shift_traffic.back"))
    assert events_of(kept(ROLLBACK_ID)) == ["Created", "TrafficShifted"]


def test_a_rollback_before_the_first_shift_tells_of_no_shift() -> None:
    planned_deployment()
    event = event_file("shift_traffic.back")
    event["plan"]["revisionId"] = PLAN["revisionId"]
    invoke("shift_traffic", event)
    assert events_of(kept(ROLLBACK_ID)) == ["Created", "TrafficKept"]
    assert kept(ROLLBACK_ID)["timeline"][-1]["reason"] == f"Deployment {ID} is rolled back before it moved any traffic."
    assert routing() == ("1", {})


def test_a_shift_back_that_is_still_tried_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    shifted_deployment(0)
    refuse(monkeypatch, "lambda", "update_alias", client_error("TooManyRequestsException", "UpdateAlias", 429))
    with pytest.raises(Throttled):
        invoke("shift_traffic", event_file("shift_traffic.back"))
    assert kept(ROLLBACK_ID)["status"] == "InProgress"
    assert set(deployments.unfinished()) == {ID, ROLLBACK_ID}


def test_an_alias_that_somebody_else_moved_is_not_shifted_back(monkeypatch: pytest.MonkeyPatch) -> None:
    shifted_deployment(0)
    create_alias("2", {"1": 0.5})
    refuse(monkeypatch, "lambda", "update_alias", client_error(*OUTDATED))
    with pytest.raises(AliasMoved):
        invoke("shift_traffic", event_file("shift_traffic.back"))
    assert routing() == ("2", {"1": 0.5})


@pytest.mark.parametrize("code", ["AccessDeniedException", "KMSDisabledException"])
def test_whoever_cannot_restore_traffic_says_so_at_once(
    code: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shifted_deployment(0)
    refuse(monkeypatch, "lambda", "update_alias", client_error(code, "UpdateAlias", 403))
    with pytest.raises(WeighbridgeError):
        invoke("shift_traffic", event_file("shift_traffic.back"))
    held_up = kept(ROLLBACK_ID)
    assert held_up["timeline"][-1]["event"] == "RollbackHeldUp"
    assert '"RollbacksHeldUp":[1.0]' in capsys.readouterr().out
    invoke("shift_traffic", event_file("shift_traffic.back"))
    assert routing() == ("1", {})
    assert "heldUp" not in kept(ROLLBACK_ID)


def test_a_rollback_that_is_throttled_is_not_held_up_yet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shifted_deployment(0)
    refuse(monkeypatch, "lambda", "update_alias", client_error("TooManyRequestsException", "UpdateAlias", 429))
    with pytest.raises(Throttled):
        invoke("shift_traffic", event_file("shift_traffic.back"))
    assert "heldUp" not in kept(ROLLBACK_ID)
    assert "RollbacksHeldUp" not in capsys.readouterr().out


def test_no_more_traffic_moves_once_an_interruption_is_recorded() -> None:
    # A stop request that comes between two waits; of a deployment all at once, it lets all traffic move first.
    planned_deployment()
    deployments.update(ID, STOP)
    with pytest.raises(Interrupted):
        invoke("shift_traffic", event_file("shift_traffic.forward"))
    assert routing() == ("1", {})


def test_an_execution_that_is_redriven_after_its_deployment_has_ended_moves_no_traffic() -> None:
    record = keep_planned(ID)
    deployments.end(record, failed(record, {"error": "StopRequested", "cause": "Stop."}, {"status": "SUCCEEDED"}, at(9)))
    with pytest.raises(WeighbridgeError):
        invoke("shift_traffic", event_file("shift_traffic.forward"))
    assert routing() == ("1", {})


@pytest.mark.parametrize("step", [1, 2, -1, "0", None, 0.5])
def test_only_the_next_step_is_taken(step: Any) -> None:
    before = planned_deployment()
    with pytest.raises(NotThePlan):
        invoke("shift_traffic", forged("shift_traffic.forward", step=step))
    assert routing() == ("1", {})
    assert kept(ID) == before


def test_a_step_that_took_effect_may_be_tried_again_and_an_earlier_one_may_not() -> None:
    shifted_deployment(0)
    invoke("shift_traffic", event_file("shift_traffic.forward"))
    invoke("shift_traffic", event_file("shift_traffic.forward") | {"step": 1})
    with pytest.raises(NotThePlan, match="Step 1 does not come next"):
        invoke("shift_traffic", event_file("shift_traffic.forward"))
    assert routing() == ("2", {})


def test_a_rollback_goes_by_the_plan_it_was_given_only_where_the_table_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shifted_deployment(0)
    refuse(monkeypatch, "dynamodb", "get_item", client_error("ThrottlingException", "GetItem"))
    invoke("shift_traffic", event_file("shift_traffic.back"))
    assert routing() == ("1", {})


def test_an_ended_rollback_that_is_run_again_moves_nothing() -> None:
    shifted_deployment(0)
    invoke("shift_traffic", event_file("shift_traffic.back"))
    invoke("complete", event_file("complete.rollback"))
    invoke("record_failure", event_file("record_failure"))
    assert kept(ID)["status"] == "Stopped"
    create_alias("2")
    with pytest.raises(DeploymentEnded):
        invoke("shift_traffic", event_file("shift_traffic.back"))
    assert routing() == ("2", {})


def test_a_rollback_that_may_not_write_and_has_nothing_to_restore_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    planned_deployment()
    refuse(monkeypatch, "lambda", "update_alias", client_error("AccessDeniedException", "UpdateAlias", 403))
    invoke("shift_traffic", event_file("shift_traffic.back"))
    assert "heldUp" not in kept(ROLLBACK_ID)
    invoke("complete", event_file("complete.rollback"))
    assert kept(ROLLBACK_ID)["status"] == "Succeeded"


def test_whoever_routes_the_alias_of_a_rollback_that_may_not_write_it_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shifted_deployment(0)
    create_alias("2", {"1": 0.5})
    refuse(monkeypatch, "lambda", "update_alias", client_error("AccessDeniedException", "UpdateAlias", 403))
    with pytest.raises(AliasMoved):
        invoke("shift_traffic", event_file("shift_traffic.back"))


def _held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Traffic is split, the deployment has failed, and its role may not put traffic back."""
    shifted_deployment(0)
    deployments.update(ID, interrupted(Interruption(AlarmActive(["shop-errors"]), roll_back=True), at(4)))
    refuse(monkeypatch, "lambda", "update_alias", client_error("AccessDeniedException", "UpdateAlias", 403))
    with pytest.raises(RolePermissions):
        invoke("shift_traffic", event_file("shift_traffic.back"))
    assert "heldUp" in kept(ROLLBACK_ID)


RELEASE = {"deploymentId": ID, "autoRollbackEnabled": False}


def test_a_rollback_that_is_held_up_is_given_up_by_a_stop_that_forbids_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _held_up(monkeypatch)
    for _ in range(2):
        invoke("interrupt", event_file("interrupt.stop_requested") | {"detail": RELEASE})
    assert [entry["event"] for entry in kept(ID)["timeline"]].count("Released") == 1
    with pytest.raises(Released) as released:
        invoke("shift_traffic", event_file("shift_traffic.back"))
    failure = {"error": "Released", "cause": str(released.value)}
    back = event_file("record_failure") | {"deploymentId": ROLLBACK_ID, "failure": failure, "rollback": {}}
    assert invoke("record_failure", back)["status"] == "Failed"
    answer = invoke("record_failure", event_file("record_failure") | {"rollback": {"status": "FAILED", "cause": ""}})
    assert (answer["status"], answer["code"]) == ("Stopped", "ALARM_ACTIVE")
    assert "A stop request has decided" in kept(ID)["rollbackInfo"]["rollbackMessage"]
    left = deployments.left_by("shop:live")
    assert left
    assert left["deploymentId"] == ID
    assert routing() == ("1", {"2": 0.1})


@pytest.mark.parametrize("detail", [RELEASE, {"deploymentId": ID}], ids=["forbidden", "not said"])
def test_a_rollback_that_is_not_held_up_is_not_given_up(detail: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    _held_up(monkeypatch)
    if detail is RELEASE:
        invoke("shift_traffic", event_file("shift_traffic.back"))
    invoke("interrupt", event_file("interrupt.stop_requested") | {"detail": detail})
    assert kept(ID)["interruption"]["rollBack"] is True
