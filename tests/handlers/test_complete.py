"""States "Complete …": the record is closed once, and only at the end."""

import pytest

from tests.aws.account import (
    keep_begun,
    keep_planned,
    kept,
)
from tests.aws.invocation import ID, ROLLBACK_ID, event_file, invoke
from tests.core.samples import at
from tests.handlers.steps import PLAN, STOP, shifted_deployment
from weighbridge.core.deployment import shifted
from weighbridge.core.errors import (
    Interrupted,
    NotThePlan,
    WeighbridgeError,
)
from weighbridge.core.plan import routing_after
from weighbridge.core.rollbacks import rollback_record
from weighbridge.store import deployments


def test_completed_twice_a_deployment_ends_once() -> None:
    shifted_deployment()
    invoke("complete", event_file("complete.deployment"))
    ended = kept(ID)
    assert ended["status"] == "Succeeded"
    invoke("complete", event_file("complete.deployment"))
    assert kept(ID) == ended
    keep_begun("d-BBBBBBBBB")


def test_a_deployment_that_was_interrupted_is_not_completed() -> None:
    shifted_deployment()
    deployments.update(ID, STOP)
    with pytest.raises(Interrupted):
        invoke("complete", event_file("complete.deployment"))
    assert kept(ID)["status"] == "InProgress"


def test_a_rollback_is_completed_once_traffic_is_back() -> None:
    shifted_deployment(0)
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
    shifted_deployment(0)
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
