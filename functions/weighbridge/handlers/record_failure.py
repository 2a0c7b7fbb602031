"""State "Record failure": the record says what went wrong and what was done, the group and the alias are free.

Not while traffic is still to be restored: then the deployment has not ended, and the supervisor goes on with it.
"""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import deployments, rollbacks
from weighbridge.core.deployment import Record, is_rollback, is_running
from weighbridge.core.endings import failed, outcome_of
from weighbridge.core.errors import WeighbridgeError
from weighbridge.core.rollbacks import goes_on, has_restored
from weighbridge.core.sequence import planned
from weighbridge.telemetry import count

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str | None]:  # noqa: ARG001
    """{deploymentId, plan, failure: {error, cause}, rollback: {} or {status, cause}} in; {status, code, message} out.

    `plan` is empty where validation did not get that far. The status is still a running one where traffic is not restored.
    """
    logger.append_keys(deploymentId=event["deploymentId"])
    now, failure, plan = datetime.now(UTC), event["failure"], event["plan"]
    if plan.get("rollbackDeploymentId") == event["deploymentId"]:
        rollbacks.keep(planned(deployments.get(plan["deploymentId"]), plan), now)
    record = deployments.get(event["deploymentId"])
    if record is None:
        raise WeighbridgeError(f"There is no record of deployment {event['deploymentId']}.")
    rollback = _rollback(record) if event["rollback"] else None
    ending = failed(record, failure, outcome_of(rollback) if rollback else {}, now)
    if is_running(record) and goes_on(record, failure, event["rollback"], rollback):
        if is_rollback(record) and not has_restored(record):
            rollbacks.hold_up(plan, failure, now)
            count("RollbacksHeldUp")
        logger.error("Deployment not ended yet", extra={"code": ending.code, "reason": ending.message})
        if is_rollback(record) or "interruption" in record:
            message = f"{ending.message} (This is not done yet: to restore traffic is tried again every five minutes.)"
            return {"status": record["status"], "code": ending.code, "message": message}
        # The reason could not be recorded: the supervisor finds it, by its name, in how the execution ended.
        return {"status": record["status"], "code": failure["error"], "message": failure.get("cause", "")}
    if deployments.end(record, ending):
        logger.warning("Deployment ended", extra={"status": ending.status, "code": ending.code, "reason": ending.message})
        count(f"Deployments{ending.status}")
        if ending.unrestored:
            count("RollbacksHeldUp")
    return {"status": ending.status, "code": ending.code, "message": ending.message}


def _rollback(record: Record) -> Record | None:
    """The record of a deployment's rollback: its execution may not have been waited for to its end, or be made up."""
    return deployments.get(record["plan"]["rollbackDeploymentId"]) if "plan" in record else None
