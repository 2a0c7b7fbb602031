"""States "Complete deployment" and "Complete rollback": the record is closed, the group and the alias are free."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import deployments
from weighbridge.core.deployment import is_running
from weighbridge.core.endings import succeeded
from weighbridge.core.errors import WeighbridgeError
from weighbridge.core.sequence import check_completion
from weighbridge.telemetry import count

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    """{deploymentId} in. Raises Interrupted where an alarm or a stop request came before the end.

    Raises NotThePlan where the deployment has not come to its end, whoever says so.
    """
    logger.append_keys(deploymentId=event["deploymentId"])
    record = deployments.get(event["deploymentId"])
    if record is None:
        raise WeighbridgeError(f"There is no record of deployment {event['deploymentId']}.")
    if is_running(record):
        check_completion(record)
    if deployments.end(record, succeeded(record, datetime.now(UTC))):
        logger.info("Deployment succeeded")
        count("DeploymentsSucceeded")
