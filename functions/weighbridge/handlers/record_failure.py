"""State "Record failure": the record says what went wrong and what was done, the group and the alias are free."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import deployments
from weighbridge.core.endings import failed
from weighbridge.core.errors import WeighbridgeError
from weighbridge.core.rollbacks import rollback_record
from weighbridge.telemetry import count

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str | None]:  # noqa: ARG001
    """{deploymentId, plan, failure: {error, cause}, rollback: {} or {status, cause}} in; {status, code, message} out.

    `plan` is empty where validation did not get that far.
    """
    logger.append_keys(deploymentId=event["deploymentId"])
    now = datetime.now(UTC)
    if event["plan"].get("rollbackDeploymentId") == event["deploymentId"]:
        deployments.create(rollback_record(event["plan"], now))
    record = deployments.get(event["deploymentId"])
    if record is None:
        raise WeighbridgeError(f"There is no record of deployment {event['deploymentId']}.")
    ending = failed(record, event["failure"], _rollback(event), now)
    if deployments.end(record, ending):
        logger.warning("Deployment ended", extra={"status": ending.status, "code": ending.code, "reason": ending.message})
        count(f"Deployments{ending.status}")
    return {"status": ending.status, "code": ending.code, "message": ending.message}


def _rollback(event: dict[str, Any]) -> dict[str, str]:
    """How the rollback went: by its own record, where its execution could not be waited for to its end."""
    told: dict[str, str] = event["rollback"]
    made = deployments.get(event["plan"]["rollbackDeploymentId"]) if told.get("status") == "FAILED" else None
    return {"status": "SUCCEEDED"} if made and made["status"] == "Succeeded" else told
