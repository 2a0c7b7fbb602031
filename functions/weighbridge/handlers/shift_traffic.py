"""States "Shift traffic", "Shift all traffic" and "Shift traffic back": one function, so that it is warm when it matters.

On the reaction path: traffic first, bookkeeping second.
"""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import deployments, rollbacks
from weighbridge.aws.aliases import Alias, Lambda
from weighbridge.core.deployment import Change, Record, is_running, shifted
from weighbridge.core.errors import DeploymentEnded, Interrupted, Retryable, WeighbridgeError, described
from weighbridge.core.plan import Plan, role_of
from weighbridge.core.rollbacks import FINAL, traffic_restored
from weighbridge.core.sequence import check_shift, planned
from weighbridge.telemetry import count

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001
    """{deploymentId, plan} and, forward, {step, revisionId} in; the alias's new {revisionId} out. Harmless twice.

    Raises AliasMoved where somebody else has routed the alias, Interrupted, DeploymentEnded or Released where the shift is
    not wanted any more, and NotThePlan where the record foresees another.
    """
    logger.append_keys(deploymentId=event["deploymentId"])
    alias = _shift(event) if "step" in event else _shift_back(event["plan"])
    logger.info("Traffic shifted", extra={"routing": str(alias.routing), "revisionId": alias.revision_id})
    return {"revisionId": alias.revision_id}


def _shift(event: dict[str, Any]) -> Alias:
    deployment_id, step = event["deploymentId"], event["step"]
    record = _wanted(deployment_id)
    plan = planned(record, event["plan"])
    check_shift(record, step)
    control_plane = Lambda(deployment_id, role_of(plan))
    alias = control_plane.shift(plan, step, event["revisionId"], lambda: _wanted(deployment_id))
    _keep(deployment_id, shifted(plan, step, alias.routing, alias.revision_id, datetime.now(UTC)))
    return alias


def _wanted(deployment_id: str) -> Record:
    """The record of a deployment that goes on."""
    record = deployments.get(deployment_id)
    if record is None or not is_running(record):
        raise DeploymentEnded("The deployment has ended already; no traffic was moved.")
    if "interruption" in record:
        raise Interrupted("The deployment was interrupted before this shift.")
    return record


def _shift_back(given: Plan) -> Alias:
    began = datetime.now(UTC)
    plan, start = rollbacks.wanted(given)
    try:
        alias = Lambda(plan["rollbackDeploymentId"], role_of(plan)).restore(plan)
    except WeighbridgeError as error:
        rollbacks.keep(plan, began)  # so that it can be seen while it is tried again
        if not isinstance(error, (Retryable, *FINAL)):
            rollbacks.hold_up(plan, described(error), began)
            count("RollbacksHeldUp")
        raise
    rollbacks.keep(plan, began)
    restored = traffic_restored(plan, alias.revision_id, datetime.now(UTC), moved=alias.written_over != start)
    _keep(plan["rollbackDeploymentId"], restored)
    return alias


def _keep(deployment_id: str, change: Change) -> None:
    deployments.update(deployment_id, change)
