"""Waits end even where nothing can be recorded: traffic first."""

import pytest

from tests.aws.account import Waits, client_error, keep_planned, kept, refuse
from tests.core.samples import at
from weighbridge.core.deployment import Change
from weighbridge.core.endings import succeeded
from weighbridge.core.errors import AlarmActive, RolePermissions
from weighbridge.core.interruptions import Interruption
from weighbridge.lifecycle import gate
from weighbridge.store import deployments

ID = "d-AAAAAAAAA"
ALARM = Interruption(AlarmActive(["errors"]), roll_back=True)
DENIED = client_error("AccessDeniedException", "UpdateItem")


def _baking() -> None:
    keep_planned()
    deployments.update(ID, Change(sets={"gate": {"token": "t-bake", "waitingFor": "bake"}}))


def test_an_interruption_that_cannot_be_recorded_ends_the_wait_and_is_tried_again(
    waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    _baking()
    refuse(monkeypatch, "dynamodb", "update_item", DENIED)
    with pytest.raises(RolePermissions):
        _interrupt()
    assert waits.interrupted == [("t-bake", "AlarmActive", ALARM.record())]
    assert "interruption" not in kept(ID)
    assert _interrupt() is not None, "Lambda's next try finds the wait over, and records it"
    assert kept(ID)["interruption"] == ALARM.record()
    assert len(waits.interrupted) == 1


def test_a_deployment_that_has_ended_is_told_nothing(waits: Waits, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_planned()
    deployments.end(kept(ID), succeeded(kept(ID), at(9)))
    refuse(monkeypatch, "dynamodb", "update_item", DENIED)
    with pytest.raises(RolePermissions):
        _interrupt()
    assert waits.interrupted == []


def _interrupt() -> object:
    return gate.interrupt(ID, ALARM, at(5))
