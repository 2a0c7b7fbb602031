"""State "Record failure": the record says what went wrong and what was done, the group and the alias are free.

Not while traffic is still to be restored: then the deployment has not ended, and the supervisor goes on with it.
"""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import deployments, rollbacks
from weighbridge.core.deployment import Record, is_rollback, is_running
from weighbridge.core.endings import failed
from weighbridge.core.errors import WeighbridgeError
from weighbridge.core.interruptions import given_up
from weighbridge.core.rollbacks import goes_on, has_restored
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
        rollbacks.keep(plan, now)
    record = deployments.get(event["deploymentId"])
    if record is None:
        raise WeighbridgeError(f"There is no record of deployment {event['deploymentId']}.")
    rollback, told = _rollback(event)
    ending = failed(record, failure, told, now)
    if is_running(record) and goes_on(record, failure, told, rollback):
        _leave_open(record, event, now)
        message = f"{ending.message} (This is not done yet: to restore traffic is tried again every five minutes.)"
        logger.error("Deployment not ended yet", extra={"code": ending.code, "reason": message})
        return {"status": record["status"], "code": ending.code, "message": message}
    if deployments.end(record, ending):
        logger.warning("Deployment ended", extra={"status": ending.status, "code": ending.code, "reason": ending.message})
        count(f"Deployments{ending.status}")
    return {"status": ending.status, "code": ending.code, "message": ending.message}


def _rollback(event: dict[str, Any]) -> tuple[Record | None, dict[str, str]]:
    """The rollback's record, and how it went: by that record, where its execution could not be waited for to its end."""
    told: dict[str, str] = event["rollback"]
    if told.get("status") != "FAILED":
        return None, told
    made = deployments.get(event["plan"]["rollbackDeploymentId"])
    return made, {"status": "SUCCEEDED"} if made and made["status"] == "Succeeded" else told


def _leave_open(record: Record, event: dict[str, Any], now: datetime) -> None:
    failure = event["failure"]
    if not is_rollback(record):
        deployments.update(record["deploymentId"], given_up(failure, now), unless=["interruption"])
    elif not has_restored(record):
        rollbacks.hold_up(event["plan"], failure, now)
        count("RollbacksHeldUp")
