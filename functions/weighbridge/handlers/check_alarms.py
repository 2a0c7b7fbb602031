"""States "Check alarms …": the safety net for alarms whose events were lost."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import alarms, deployments
from weighbridge.core.alarms import verdict
from weighbridge.core.deployment import alarms_read
from weighbridge.core.errors import Retryable, WeighbridgeError, described

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """{deploymentId, alarms} in; {} out where the deployment may go on, else {failure: {error, cause}}."""
    logger.append_keys(deploymentId=event["deploymentId"])
    try:
        judged = verdict(event["alarms"], alarms.states(event["alarms"]["names"]))
    except Retryable:
        raise  # the state machine tries again, for as long as throttling may last
    except WeighbridgeError as error:
        judged = verdict(event["alarms"], error)
    if judged.reason:
        logger.warning("Alarms", extra={"reason": judged.reason})
        deployments.update(event["deploymentId"], alarms_read(judged.reason, datetime.now(UTC)))
    if judged.failure is None:
        return {}
    return {"failure": described(judged.failure)}
