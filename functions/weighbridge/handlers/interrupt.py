"""Whatever ends a wait early: an alarm, a stop request, a hook's report.

On the reaction path. It is recorded first, so that it counts even when no wait is open at the moment, and the wait is
ended with the token that the same write returned. Tried again, it does the same again.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import EventBridgeEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import deployments, waits
from weighbridge.core.deployment import Record, is_running
from weighbridge.core.errors import WeighbridgeError
from weighbridge.core.hooks import event_of, reported
from weighbridge.core.ids import deployment_id_in
from weighbridge.core.interruptions import Interruption, alarm_interruption, stop_interruption
from weighbridge.telemetry import count

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
@event_source(data_class=EventBridgeEvent)
def handler(event: EventBridgeEvent, context: LambdaContext) -> None:  # noqa: ARG001
    detail: Any = event.detail
    match event.detail_type:
        case "CloudWatch Alarm State Change":
            _alarm(detail["alarmName"], datetime.fromisoformat(event.time))
        case "Deployment Stop Requested":
            _stop(detail)
        case "Lifecycle Event Hook Reported":
            _report(detail)


def _alarm(name: str, fired_at: datetime) -> None:
    failures: list[WeighbridgeError] = []
    for deployment_id in deployments.watched_by(name):
        try:
            record = deployments.get(deployment_id)
            interruption = alarm_interruption(record, name, fired_at) if record else None
            if interruption:
                _interrupt(deployment_id, interruption)
        except WeighbridgeError as error:  # the others must not wait until Lambda tries this one again
            failures.append(error)
    if failures:
        raise ExceptionGroup("Not every deployment that the alarm watches could be interrupted.", failures)


def _stop(detail: Mapping[str, Any]) -> None:
    record = _named(detail)
    if record is None:
        return
    wanted = detail.get("autoRollbackEnabled")
    if wanted is not None and not isinstance(wanted, bool):
        _refuse("autoRollbackEnabled must be true or false")
        return
    interruption = stop_interruption(record, wanted)
    if interruption is None:
        why = "is a rollback, which is not stopped" if is_running(record) else "has already completed"
        _refuse(f"Deployment {record['deploymentId']} {why}")
        return
    if wanted is False and waits.release(record, datetime.now(UTC)):
        logger.warning("Rollback given up")
        return
    _interrupt(record["deploymentId"], interruption)


def _interrupt(deployment_id: str, interruption: Interruption) -> None:
    logger.append_keys(deploymentId=deployment_id)
    if waits.interrupt(deployment_id, interruption, datetime.now(UTC)):
        logger.warning("Deployment interrupted", extra={"by": type(interruption.error).__name__})


def _report(detail: Mapping[str, Any]) -> None:
    record = _named(detail)
    if record is None:
        return
    status, execution_id = detail.get("status"), detail.get("lifecycleEventHookExecutionId")
    if status not in {"Succeeded", "Failed"}:
        _refuse("status must be Succeeded or Failed")
        return
    lifecycle_event = event_of(record["hooks"], execution_id) if isinstance(execution_id, str) else None
    if lifecycle_event is None:
        _refuse("lifecycleEventHookExecutionId is none of this deployment's")
        return
    if waits.answer(record, lifecycle_event, reported(status), datetime.now(UTC)):
        logger.info("Hook reported", extra={"status": status})
    else:
        _refuse("The lifecycle event is completed already")


def _named(detail: Any) -> Record | None:
    deployment_id = deployment_id_in(detail)
    if deployment_id is None:
        _refuse("deploymentId must be d- and nine upper-case letters or digits")
        return None
    logger.append_keys(deploymentId=deployment_id)
    record = deployments.get(deployment_id)
    if record is None:
        _refuse("There is no such deployment")
    return record


def _refuse(reason: str) -> None:
    logger.warning("Refused an event", extra={"reason": reason})
    count("EventsRefused")
