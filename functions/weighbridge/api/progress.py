"""How far deployments are, for those who watch them: Weighbridge's own addition to the API."""

from collections.abc import Mapping
from typing import Any

from weighbridge.api import arguments, protocol
from weighbridge.api.operations import Operation, Request
from weighbridge.aws import cloudwatch
from weighbridge.core.deployment import is_rollback, is_running
from weighbridge.core.errors import Retryable, WeighbridgeError
from weighbridge.core.ids import rollback_id
from weighbridge.core.plan import role_of
from weighbridge.core.progress import progress
from weighbridge.core.record import Record
from weighbridge.store import deployments


def get_deployment_progress(request: Request) -> Mapping[str, Any]:
    """With the states of its alarms, and its timeline, only where they are asked for."""
    record = arguments.deployment(request)
    may_be_taken_back = is_running(record) and "plan" in record and not is_rollback(record)
    shown = progress(
        record,
        rollback=deployments.get(rollback_id(record["deploymentId"])) if may_be_taken_back else None,
        alarms=_alarm_states(record) if request.arguments.get("includeAlarms") else None,
        with_timeline=bool(request.arguments.get("includeTimeline")),
    )
    return {"deploymentProgress": shown}


def _alarm_states(record: Record) -> dict[str, str]:
    """The state of each alarm that the deployment watches; Unreadable where CloudWatch does not tell."""
    if "plan" not in record or is_rollback(record):
        return {}
    plan = record["plan"]
    names = plan["alarms"]["names"]
    try:
        readings = cloudwatch.read(names, record["deploymentId"], role_of(plan))
    except Retryable:
        raise
    except WeighbridgeError:
        return dict.fromkeys(names, "Unreadable")
    return {name: reading.state for name, reading in readings.items()}


def batch_get_deployment_progress(request: Request) -> Mapping[str, Any]:
    """Those of the deployments that are there, in the order in which they were asked for."""
    deployment_ids = [arguments.deployment_id(each) for each in arguments.batch(request, "deploymentIds")]
    records = deployments.get_all(deployment_ids)
    shown = protocol.fitting(
        progress(records[deployment_id]) for deployment_id in dict.fromkeys(deployment_ids) if deployment_id in records
    )
    if len(shown) < len(records):
        # The output has no member that could say what is left out.
        raise protocol.ApiError(
            "BatchLimitExceededException", "The deployments do not fit into one answer; ask for fewer at once."
        )
    return {"deploymentsProgress": shown}


OPERATIONS: Mapping[str, Operation] = {
    "GetDeploymentProgress": get_deployment_progress,
    "BatchGetDeploymentProgress": batch_get_deployment_progress,
}
