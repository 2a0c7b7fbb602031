"""States "Complete …": the record is closed once, and only at the end."""

import pytest

from tests.aws.account import (
    create_alias,
    keep_begun,
    keep_planned,
    kept,
)
from tests.aws.invocation import ID, ROLLBACK_ID, event_file, invoke
from tests.core.samples import at
from weighbridge.core.deployment import shifted
from weighbridge.core.errors import (
    Interrupted,
    NotThePlan,
    StopRequested,
    WeighbridgeError,
)
from weighbridge.core.interruptions import Interruption, interrupted
from weighbridge.core.plan import routing_after
from weighbridge.core.record import Record
from weighbridge.core.rollbacks import rollback_record
from weighbridge.store import deployments

STOP = interrupted(Interruption(StopRequested("Stop."), roll_back=True), at(9))
PLAN = event_file("shift_traffic.forward")["plan"]


def _planned() -> Record:
    """The deployment of the files in events/, right after validation."""
    return keep_planned(ID, **PLAN)


def _shifted(step: int = len(PLAN["steps"]) - 1) -> Record:
    """The deployment after its step `step`, the last one by default."""
    _planned()
    weights = {"2": PLAN["steps"][step]["weight"]} if step < len(PLAN["steps"]) - 1 else {}
    create_alias("1" if weights else "2", weights)
    for each in range(step + 1):
        deployments.update(ID, shifted(PLAN, each, routing_after(PLAN, each), f"r-{each}", at(2)))
    return kept(ID)


def test_completed_twice_a_deployment_ends_once() -> None:
    _shifted()
    invoke("complete", event_file("complete.deployment"))
    ended = kept(ID)
    assert ended["status"] == "Succeeded"
    invoke("complete", event_file("complete.deployment"))
    assert kept(ID) == ended
    keep_begun("d-BBBBBBBBB")


def test_a_deployment_that_was_interrupted_is_not_completed() -> None:
    _shifted()
    deployments.update(ID, STOP)
    with pytest.raises(Interrupted):
        invoke("complete", event_file("complete.deployment"))
    assert kept(ID)["status"] == "InProgress"


def test_a_rollback_is_completed_once_traffic_is_back() -> None:
    _shifted(0)
    invoke("shift_traffic", event_file("shift_traffic.back"))
    for _ in range(2):
        invoke("complete", event_file("complete.rollback"))
    assert kept(ROLLBACK_ID)["status"] == "Succeeded"


def test_what_has_no_record_cannot_be_completed_or_recorded() -> None:
    for handler, name in (("complete", "complete.deployment"), ("record_failure", "record_failure")):
        with pytest.raises(WeighbridgeError, match=f"{ID} could not be found"):
            invoke(handler, event_file(name))


@pytest.mark.parametrize("name", ["complete.deployment", "complete.rollback"])
def test_nothing_is_completed_before_its_end(name: str) -> None:
    _shifted(0)
    deployments.create(rollback_record(PLAN, at(5)))
    with pytest.raises(NotThePlan):
        invoke("complete", event_file(name))
    assert (kept(ID)["status"], kept(ROLLBACK_ID)["status"]) == ("InProgress", "InProgress")


def test_nothing_is_completed_whose_last_hook_was_not_called() -> None:
    keep_planned(ID, **(PLAN | {"hooks": {"AfterAllowTraffic": "CodeDeployHook_checkShop"}}))
    for step in (0, 1):
        deployments.update(ID, shifted(PLAN, step, routing_after(PLAN, step), "r", at(2)))
    with pytest.raises(NotThePlan):
        invoke("complete", event_file("complete.deployment"))
