"""States "Complete deployment" and "Complete rollback": the record is closed, the group and the alias are free."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import deployments, rollbacks
from weighbridge.core.endings import succeeded
from weighbridge.core.errors import WeighbridgeError
from weighbridge.telemetry import count

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    """{deploymentId, plan} in. Raises Interrupted where an alarm or a stop request came before the end."""
    logger.append_keys(deploymentId=event["deploymentId"])
    now = datetime.now(UTC)
    if event["plan"]["rollbackDeploymentId"] == event["deploymentId"]:
        rollbacks.keep(event["plan"], now)  # where the shift could not keep it
    record = deployments.get(event["deploymentId"])
    if record is None:
        raise WeighbridgeError(f"There is no record of deployment {event['deploymentId']}.")
    if deployments.end(record, succeeded(record, now)):
        logger.info("Deployment succeeded")
        count("DeploymentsSucceeded")
