"""How deployments end is counted."""

from typing import Any

import pytest

from tests.core.samples import apply, at, plan, record
from weighbridge.core.deployment import created, shifted
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.errors import HookFailed, StopRequested, described
from weighbridge.core.metrics import ENDS, ends
from weighbridge.core.plan import routing_after
from weighbridge.core.record import Record
from weighbridge.core.rollbacks import rollback_record


def _moving(**changes: Any) -> Record:
    sample = plan(**changes)
    return apply(record(**changes), shifted(sample, 0, routing_after(sample, 0), "r-1", at(2)))


BACK = rollback_record(plan(), at(0))


@pytest.mark.parametrize(
    ("before", "ending", "metric"),
    [
        (record(), succeeded(_moving(), at(9)), "DeploymentsSucceeded"),
        (record(), failed(_moving(), described(HookFailed("No.")), {}, at(9)), "DeploymentsFailed"),
        (record(), failed(_moving(), described(StopRequested("Stop.")), {}, at(9)), "DeploymentsStopped"),
        (BACK, succeeded(BACK, at(9)), "RollbacksSucceeded"),
        (BACK, failed(BACK, described(HookFailed("No.")), {}, at(9)), "RollbacksFailed"),
    ],
)
def test_every_end_is_counted_once_and_a_rollbacks_apart(before: Any, ending: Any, metric: str) -> None:
    ended = apply(before, ending.change)
    assert ends(before, ended) == [metric]
    assert metric in ENDS
    assert ends(None, before) == ends(before, before) == ends(ended, ended) == []


def test_a_deployment_that_ends_with_its_first_record_is_counted() -> None:
    made = created("d-A", "id", application="a", group="g", now=at(0))
    assert ends(None, made | {"status": "Failed"}) == ["DeploymentsFailed"]
