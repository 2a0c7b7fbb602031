"""Whatever ends a wait early: an alarm, a stop request, a hook's report.

On the reaction path. It is recorded first, so that it counts even when no wait is open at the moment, and the wait is
ended with the token that the same write returned. Tried again, it does the same again.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import EventBridgeEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import deployments, refusals, waits
from weighbridge.core.deployment import Record, is_running, report_refused
from weighbridge.core.event_text import text_at
from weighbridge.core.hooks import event_of, reported, verdict
from weighbridge.core.ids import deployment_id_in
from weighbridge.core.interruptions import Interruption, alarm_interruption, stop_interruption
from weighbridge.core.refusals import Refused, refused_event
from weighbridge.telemetry import count

logger = Logger()
_MOST_REFUSED = 5
"""How many reports that mean nothing a timeline tells of."""
_AT_ONCE = 10
"""As many as a client of botocore's keeps connections for."""


@logger.inject_lambda_context(clear_state=True)
@event_source(data_class=EventBridgeEvent)
def handler(event: EventBridgeEvent, context: LambdaContext) -> None:
    detail: Any = event.get("detail")
    try:
        match event.get("detail-type"):
            case "CloudWatch Alarm State Change":
                _alarm(detail, _time_of(event))
            case "Deployment Stop Requested":
                _stop(detail)
            case "Lifecycle Event Hook Reported":
                _report(detail)
    except Refused as why:
        logger.warning("Refused an event", extra={"reason": str(why)})
        count("EventsRefused")
        refusals.keep(refused_event(event.raw_event, context.aws_request_id, why), datetime.now(UTC))


def _time_of(event: EventBridgeEvent) -> datetime:
    """When an alarm fired; where it cannot be told, now, for it is better to go back than to overlook it."""
    try:
        time = datetime.fromisoformat(text_at(event.raw_event, "time", longest=40) or "")
    except ValueError:
        return datetime.now(UTC)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _alarm(detail: Any, fired_at: datetime) -> None:
    """Interrupts every deployment that the alarm watches; those that an earlier delivery has reached come last."""
    name = text_at(detail, "alarmName", longest=255)
    if not name:
        raise Refused("InvalidInputException", "alarmName is no name of an alarm")

    def fire(deployment_id: str) -> Record | None:
        record = deployments.get(deployment_id)
        if record and is_running(record) and "interruption" in record:
            return record
        interruption = alarm_interruption(record, name, fired_at) if record else None
        if interruption:
            _interrupt(deployment_id, interruption)
        return None

    reached, failures = _each(fire, deployments.watched_by(name))
    _, failures_again = _each(waits.hand_on, [record for record in reached if record])
    if failures or failures_again:
        raise ExceptionGroup(
            "Not every deployment that the alarm watches could be interrupted.", [*failures, *failures_again]
        )


def _each(work: Callable[[Any], Any], items: Iterable[Any]) -> tuple[list[Any], list[Exception]]:
    """Does something with every item; what came of it, and what went wrong: the others must not wait for that one."""

    def attempt(item: Any) -> Any:
        try:
            return work(item)
        except Exception as error:  # noqa: BLE001 - all of them are raised together
            return error

    done = at_once(attempt, items)
    return [one for one in done if not isinstance(one, Exception)], [one for one in done if isinstance(one, Exception)]


def at_once(work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
    """Does it in a few threads; a simulation, which has none, does it in turn."""
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(work, items))


def _stop(detail: Mapping[str, Any]) -> None:
    record = _named(detail)
    wanted = detail.get("autoRollbackEnabled")
    if wanted is not None and not isinstance(wanted, bool):
        raise Refused("InvalidInputException", "autoRollbackEnabled must be true or false")
    interruption = stop_interruption(record, wanted)
    if interruption is None:
        about = f"Deployment {record['deploymentId']}"
        if is_running(record):
            raise Refused("UnsupportedActionForDeploymentTypeException", f"{about} is a rollback, which is not stopped")
        raise Refused("DeploymentAlreadyCompletedException", f"{about} has already completed")
    if wanted is False and waits.release(record, datetime.now(UTC)):
        logger.warning("Rollback given up")
        return
    _interrupt(record["deploymentId"], interruption)


def _interrupt(deployment_id: str, interruption: Interruption) -> None:
    if waits.interrupt(deployment_id, interruption, datetime.now(UTC)):
        said = {"deploymentId": deployment_id, "by": type(interruption.error).__name__}
        logger.warning("Deployment interrupted", extra=said)


def _report(detail: Mapping[str, Any]) -> None:
    record = _named(detail)
    status, execution_id = verdict(detail.get("status")), detail.get("lifecycleEventHookExecutionId")
    lifecycle_event = event_of(record["hooks"], execution_id) if isinstance(execution_id, str) else None
    if lifecycle_event is None:
        raise Refused(
            "InvalidLifecycleEventHookExecutionIdException", "lifecycleEventHookExecutionId is none of this deployment's"
        )
    if status is None:
        if sum(entry["event"] == "ReportRefused" for entry in record["timeline"]) < _MOST_REFUSED:
            said = text_at(detail, "status", longest=1000) or ""
            deployments.update(record["deploymentId"], report_refused(lifecycle_event, said, datetime.now(UTC)))
        raise Refused("InvalidLifecycleEventHookExecutionStatusException", "status must be Succeeded or Failed")
    if not waits.answer(record, lifecycle_event, reported(status), datetime.now(UTC)):
        raise Refused("LifecycleEventAlreadyCompletedException", "The lifecycle event is completed already")
    logger.info("Hook reported", extra={"status": status})


def _named(detail: Any) -> Record:
    deployment_id = deployment_id_in(detail)
    if deployment_id is None:
        raise Refused("InvalidDeploymentIdException", "deploymentId must be d- and nine upper-case letters or digits")
    logger.append_keys(deploymentId=deployment_id)
    record = deployments.get(deployment_id)
    if record is None:
        raise Refused("DeploymentDoesNotExistException", "There is no such deployment")
    return record
