"""Reads the alarms that a deployment watches: the safety net for alarms whose events were lost."""

from datetime import UTC, datetime

from aws_lambda_powertools import Logger

from weighbridge.aws import cloudwatch
from weighbridge.core.alarms import Verdict, definitions, is_news, verdict
from weighbridge.core.deployment import alarms_noted, alarms_read, is_running
from weighbridge.core.errors import DeploymentEnded, Retryable, WeighbridgeError
from weighbridge.core.plan import role_of
from weighbridge.core.record import Record
from weighbridge.store import deployments

logger = Logger()


def failure_by_alarms(deployment_id: str) -> WeighbridgeError | None:
    """Why the deployment may not go on, by the alarms that it watches; None where it may.

    Which these are, and by which role they are read, the record says. Raises DeploymentEnded where there is no running
    deployment with a plan, and Retryable where CloudWatch does not answer.
    """
    record = deployments.get(deployment_id)
    if record is None or not is_running(record) or "plan" not in record:
        raise DeploymentEnded(f"There is no running deployment {deployment_id} whose alarms could be checked.")
    judged = _judged(record)
    if judged.reason:
        logger.warning("Alarms", extra={"reason": judged.reason})
        if is_news(record, judged.reason):
            deployments.update(deployment_id, alarms_read(judged.reason, datetime.now(UTC)))
    return judged.failure


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
