"""What ends a deployment, or a wait of it, early: an alarm, a stop request, a hook's report; by event or by the API.

On the reaction path. It is recorded first, so that it counts even when no wait is open at the moment, and the wait is
ended with the token that the same write returned. Tried again, it does the same again.

What is not done is raised as Refused, with the code of the API's exception for it. Reference: 1.2, 5.4 and 6.4.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Literal

from aws_lambda_powertools import Logger

from weighbridge.core.deployment import is_running, report_refused
from weighbridge.core.errors import DeploymentMissing
from weighbridge.core.event_text import text_at
from weighbridge.core.hooks import event_of, reported, verdict
from weighbridge.core.ids import deployment_id_in
from weighbridge.core.interruptions import alarm_interruption, released, stop_interruption
from weighbridge.core.record import Record
from weighbridge.core.refusals import Refused
from weighbridge.lifecycle import gate
from weighbridge.store import deployments

logger = Logger()
Stopped = Literal["Stopped", "Stopping", "Released"]
_MOST_REFUSED = 5
"""How many reports without a verdict a timeline has."""
_AT_ONCE = 10
"""As many as a client of botocore's keeps connections for."""


def alarm(detail: Any, fired_at: datetime, now: datetime) -> None:
    """Interrupts every deployment that the alarm watches; those that an earlier delivery has reached come last.

    `detail` is that of the alarm's event. Raises an ExceptionGroup where not all of them could be interrupted.
    """
    name = text_at(detail, "alarmName", longest=255)
    if not name:
        raise Refused("InvalidInputException", "alarmName is not the name of an alarm")

    def fire(deployment_id: str) -> Record | None:
        record = deployments.get(deployment_id)
        if record and is_running(record) and "interruption" in record:
            return record
        interruption = alarm_interruption(record, name, fired_at) if record else None
        if interruption and gate.interrupt(deployment_id, interruption, now):
            logger.warning("Deployment interrupted", extra={"deploymentId": deployment_id, "by": "AlarmActive"})
        return None

    reached, failures = _each(fire, deployments.watched_by(name))
    _, failures_again = _each(gate.hand_on, [record for record in reached if record])
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

    outcomes = at_once(attempt, items)
    errors = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    return [outcome for outcome in outcomes if not isinstance(outcome, Exception)], errors


def at_once(work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
    """Does it in a few threads; a simulation, which has none, does it in turn."""
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(work, items))


def stop_requested(detail: Any, now: datetime) -> None:
    """Stops the deployment that the detail of a Deployment Stop Requested event names."""
    record = _named(detail)
    auto_rollback = detail.get("autoRollbackEnabled")
    if auto_rollback is not None and not isinstance(auto_rollback, bool):
        raise Refused("InvalidInputException", "autoRollbackEnabled must be true or false")
    stop(record, now, auto_rollback=auto_rollback)


def stop(record: Record, now: datetime, *, auto_rollback: bool | None) -> Stopped:
    """Stops a deployment, whoever asks; Stopping where a step of it is under way, which ends first.

    `auto_rollback` None leaves it to the configuration whether traffic is restored. False once more, while the rollback is
    held up, gives the rollback up: Released.
    """
    deployment_id = record["deploymentId"]
    interruption = stop_interruption(record, auto_rollback)
    if interruption is None and is_running(record):
        raise Refused(
            "UnsupportedActionForDeploymentTypeException",
            f"Deployment {deployment_id} is a rollback, which is not stopped: traffic would be left between two versions.",
        )
    if auto_rollback is False and _release(record, now):
        logger.warning("Rollback given up", extra={"deploymentId": deployment_id})
        return "Released"
    ended = gate.interrupt(deployment_id, interruption, now) if interruption else None
    if ended is None:
        raise Refused("DeploymentAlreadyCompletedException", f"Deployment {deployment_id} has already completed")
    logger.warning("Deployment interrupted", extra={"deploymentId": deployment_id, "by": "StopRequested"})
    # Stopped before, it has nothing more to wait for either.
    return "Stopped" if ended.wait_ended or "interruption" in record else "Stopping"


def _release(record: Record, now: datetime) -> bool:
    """Gives up a deployment's rollback that is held up, so that both may end; False where none is held up.

    The alias stays as it is. Whoever goes on with the rollback, its execution or the reconciliation, finds it released.
    """
    if "interruption" not in record or "plan" not in record:
        return False
    rollback = deployments.get(record["plan"]["rollbackDeploymentId"])
    if rollback is None or "heldUp" not in rollback:
        return False
    deployments.update(record["deploymentId"], released(now), unless=["interruption.released"])
    return True


def hook_reported(detail: Any, now: datetime) -> None:
    """Takes the report of a Lifecycle Event Hook Reported event, whose status may be spelled in any case."""
    record = _named(detail)
    status, execution_id = verdict(detail.get("status")), detail.get("lifecycleEventHookExecutionId")
    said = text_at(detail, "status", longest=1000) or ""
    report(record, execution_id if isinstance(execution_id, str) else "", status, now, said=said)


def report(
    record: Record, execution_id: str, status: Literal["Succeeded", "Failed"] | None, now: datetime, *, said: str = ""
) -> None:
    """Takes a hook's report, which counts once: whoever has the execution id may report, since only the hook was given it.

    `status` is None where what was `said` is no verdict, which the timeline tells.
    """
    lifecycle_event = event_of(record["hooks"], execution_id)
    if lifecycle_event is None:
        raise Refused(
            "InvalidLifecycleEventHookExecutionIdException",
            f"No hook of deployment {record['deploymentId']} was given this lifecycleEventHookExecutionId.",
        )
    if status is None:
        if sum(entry["event"] == "ReportRefused" for entry in record["timeline"]) < _MOST_REFUSED:
            deployments.update(record["deploymentId"], report_refused(lifecycle_event, said, now))
        raise Refused(
            "InvalidLifecycleEventHookExecutionStatusException", "The status of a hook is either Succeeded or Failed."
        )
    if not gate.answer(record, lifecycle_event, reported(status), now):
        raise Refused(
            "LifecycleEventAlreadyCompletedException",
            f"The {lifecycle_event} event of deployment {record['deploymentId']} has already completed.",
        )
    logger.info("Hook reported", extra={"status": status})


def _named(detail: Any) -> Record:
    deployment_id = deployment_id_in(detail)
    if deployment_id is None:
        raise Refused("InvalidDeploymentIdException", "deploymentId must be d- and nine upper-case letters or digits")
    logger.append_keys(deploymentId=deployment_id)
    try:
        return deployments.existing(deployment_id)
    except DeploymentMissing as error:
        raise Refused("DeploymentDoesNotExistException", str(error)) from error
