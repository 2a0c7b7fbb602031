"""Shifts traffic forward, a step of the plan at a time. On the reaction path: traffic first, bookkeeping second."""

from datetime import UTC, datetime

from weighbridge.aws.lambda_aliases import Alias, Lambda
from weighbridge.core.deployment import is_running, shifted
from weighbridge.core.errors import DeploymentEnded, Interrupted
from weighbridge.core.plan import Plan, role_of
from weighbridge.core.record import Record
from weighbridge.core.sequence import check_shift, planned
from weighbridge.store import deployments


def shift(deployment_id: str, sent: Plan, step: int, revision_id: str) -> Alias:
    """Takes step `step` (0 is the first) of the plan; `revision_id` is the alias's since the step before. Harmless twice.

    `sent` is the plan that the state machine sends. Raises AliasMoved where somebody else has routed the alias,
    Interrupted or DeploymentEnded where the shift is not wanted any more, and NotThePlan where the record has another plan.
    """
    record = _going_on(deployment_id)
    plan = planned(record, sent)
    check_shift(record, step)
    alias = Lambda(deployment_id, role_of(plan)).shift(plan, step, revision_id, lambda: _going_on(deployment_id))
    deployments.update(deployment_id, shifted(plan, step, alias.routing, alias.revision_id, datetime.now(UTC)))
    return alias


def _going_on(deployment_id: str) -> Record:
    """The record of a deployment that goes on."""
    record = deployments.get(deployment_id)
    if record is None or not is_running(record):
        raise DeploymentEnded("The deployment has ended already; no traffic was moved.")
    if "interruption" in record:
        raise Interrupted("The deployment was interrupted before this shift.")
    return record
