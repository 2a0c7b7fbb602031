"""States "Check alarms …": the safety net for alarms whose events were lost."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import cloudwatch
from weighbridge.core.alarms import Verdict, definitions, is_news, verdict
from weighbridge.core.deployment import alarms_noted, alarms_read, is_running
from weighbridge.core.errors import DeploymentEnded, Retryable, WeighbridgeError, described
from weighbridge.core.plan import role_of
from weighbridge.core.record import Record
from weighbridge.store import deployments

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """{deploymentId} in; {} out where the deployment may go on, else {failure: {error, cause}}.

    Which alarms it watches, and by which role, the record says, whatever else comes in. Raises DeploymentEnded where there
    is no running deployment with a plan.
    """
    deployment_id = event["deploymentId"]
    logger.append_keys(deploymentId=deployment_id)
    record = deployments.get(deployment_id)
    if record is None or not is_running(record) or "plan" not in record:
        raise DeploymentEnded(f"There is no running deployment {deployment_id} whose alarms could be checked.")
    judged = _judged(record)
    if judged.reason:
        logger.warning("Alarms", extra={"reason": judged.reason})
        if is_news(record, judged.reason):
            deployments.update(deployment_id, alarms_read(judged.reason, datetime.now(UTC)))
    if judged.failure is None:
        return {}
    return {"failure": described(judged.failure)}


def _judged(record: Record) -> Verdict:
    deployment_id, plan = record["deploymentId"], record["plan"]
    watched = plan["alarms"]
    try:
        readings = cloudwatch.read(watched["names"], deployment_id, role_of(plan))
    except Retryable:
        raise  # the state machine tries again, for as long as throttling may last
    except WeighbridgeError as error:
        return verdict(watched, error)
    if readings and "alarmDefinitions" not in record:
        deployments.update(deployment_id, alarms_noted(definitions(watched, readings)), unless=["alarmDefinitions"])
    return verdict(watched, readings, record.get("alarmDefinitions", ()), cloudwatch.kinds())
