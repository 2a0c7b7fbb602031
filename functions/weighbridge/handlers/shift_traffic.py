"""States "Shift traffic", "Shift all traffic" and "Shift traffic back": one function, so that it is warm when it matters.

On the reaction path: traffic first, bookkeeping second.
"""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import deployments, rollbacks
from weighbridge.aws.aliases import Alias, Lambda
from weighbridge.core.deployment import Change, is_running, shifted
from weighbridge.core.errors import (
    AliasMoved,
    DeploymentEnded,
    Interrupted,
    InvalidLambdaFunction,
    Retryable,
    WeighbridgeError,
    described,
)
from weighbridge.core.plan import Plan, role_of
from weighbridge.core.rollbacks import traffic_restored
from weighbridge.telemetry import count

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001
    """{deploymentId, plan} and, forward, {step, revisionId} in; the alias's new {revisionId} out. Harmless twice.

    Raises AliasMoved where somebody else has routed the alias, Interrupted or DeploymentEnded where a shift forward is not
    wanted any more.
    """
    logger.append_keys(deploymentId=event["deploymentId"])
    plan: Plan = event["plan"]
    control_plane = Lambda(event["deploymentId"], role_of(plan))
    if "step" in event:
        _check_wanted(event["deploymentId"])
        alias = control_plane.shift(plan, event["step"], event["revisionId"], lambda: _check_wanted(event["deploymentId"]))
        _keep(event["deploymentId"], shifted(plan, event["step"], alias.routing, alias.revision_id, datetime.now(UTC)))
    else:
        alias = _shift_back(control_plane, plan)
    logger.info("Traffic shifted", extra={"routing": str(alias.routing), "revisionId": alias.revision_id})
    return {"revisionId": alias.revision_id}


def _check_wanted(deployment_id: str) -> None:
    record = deployments.get(deployment_id)
    if record is None or not is_running(record):
        raise DeploymentEnded("The deployment has ended already; no traffic was moved.")
    if "interruption" in record:
        raise Interrupted("The deployment was interrupted before this shift.")


def _shift_back(control_plane: Lambda, plan: Plan) -> Alias:
    began = datetime.now(UTC)
    try:
        alias = control_plane.restore(plan)
    except WeighbridgeError as error:
        rollbacks.keep(plan, began)  # so that it can be seen while it is tried again
        if not isinstance(error, Retryable | AliasMoved | InvalidLambdaFunction):
            rollbacks.hold_up(plan, described(error), began)
            count("RollbacksHeldUp")
        raise
    rollbacks.keep(plan, began)
    _keep(plan["rollbackDeploymentId"], traffic_restored(plan, alias.revision_id, datetime.now(UTC)))
    return alias


def _keep(deployment_id: str, change: Change) -> None:
    deployments.update(deployment_id, change)
