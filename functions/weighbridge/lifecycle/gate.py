"""Ends the waits of running deployments: recorded first, then sent to the wait with the token that the write returned.

What is recorded counts even when no wait is open at the moment: the next one, or the completion, finds it. Done again, it
does the same again. On the reaction path: no pydantic.
"""

from datetime import datetime
from typing import NamedTuple, cast

from aws_lambda_powertools import Logger

from weighbridge.aws import stepfunctions
from weighbridge.core.deployment import hook_answered, is_running
from weighbridge.core.errors import WeighbridgeError
from weighbridge.core.gate import Fail, GoOn, owed
from weighbridge.core.hooks import Answer
from weighbridge.core.interruptions import Interruption, interrupted
from weighbridge.core.record import Record
from weighbridge.store import deployments

logger = Logger()


class Ended(NamedTuple):
    """A deployment that is to end early: its record, and whether that ended a wait. Else a step of it is under way."""

    record: Record
    wait_ended: bool


def interrupt(deployment_id: str, interruption: Interruption, now: datetime) -> Ended | None:
    """Ends a deployment early; None where it is not running. The first interruption wins.

    Where it cannot be recorded the wait that is open is ended all the same, since traffic comes first, and the error is
    raised, so that it is tried again.
    """
    try:
        record = deployments.update(deployment_id, interrupted(interruption, now), unless=["interruption"])
    except WeighbridgeError:
        _interrupt_unrecorded(deployment_id, interruption)
        raise
    if record is None:  # another one was first, or this is its repetition: make sure that its wait has ended
        record = deployments.get(deployment_id)
    if record is None or "interruption" not in record:
        return None
    return Ended(record, hand_on(record))


def _interrupt_unrecorded(deployment_id: str, interruption: Interruption) -> None:
    record = deployments.get(deployment_id)
    if record and is_running(record) and "interruption" not in record:
        _end(owed(cast("Record", record | {"interruption": interruption.record()})))


def answer(record: Record, lifecycle_event: str, hook_answer: Answer, now: datetime) -> bool:
    """Hands a hook's answer to the wait for it; False where it comes too late.

    That is where the event was answered before (the first answer counts), where its time is over, and where the
    deployment has ended or is about to.
    """
    deployment_id, function = record["deploymentId"], record["hooks"][lifecycle_event]["function"]
    change = hook_answered(lifecycle_event, function, hook_answer, now)
    answered = deployments.update(deployment_id, change, unless=["interruption", f"hooks.{lifecycle_event}.answer"])
    # None may mean that this very answer was kept and only the reply got lost: the record says what holds.
    current = answered or deployments.get(deployment_id) or record
    earlier = current["hooks"][lifecycle_event].get("answer")
    # Whichever answer counts is handed on once more: whoever kept it may not have been able to.
    wait_ended = hand_on(current)
    return wait_ended and earlier == change.sets[f"hooks.{lifecycle_event}.answer"]


def hand_on(record: Record) -> bool:
    """Ends the wait that is open with what the record holds for it; False where it holds nothing, or the wait is over.

    Done again, it does no harm.
    """
    return _end(owed(record))


def _end(ending: GoOn | Fail | None) -> bool:
    match ending:
        case GoOn(token, output):
            return stepfunctions.end_wait(token, output)
        case Fail(token, error, details):
            return stepfunctions.interrupt_wait(token, error, details)
    return False


def fail(token: str, error: WeighbridgeError) -> bool:
    """Ends the wait for a hook that is not run; False where it is over already, or cannot be ended now."""
    try:
        ended = stepfunctions.interrupt_wait(token, type(error).__name__, {"errorMessage": str(error)})
    except WeighbridgeError:
        logger.exception("The wait could not be ended with what is wrong")
        return False
    logger.warning("The hook is not run", extra={"reason": str(error)})
    return ended


def give_up_hook(deployment_id: str, token: str, error: str, reason: str) -> None:
    """Ends the wait for a hook whose runner came to no end: with what is on record for it, else with the error."""
    record = deployments.get(deployment_id)
    if record and hand_on(record):
        return  # it died after it had kept the answer
    if stepfunctions.interrupt_wait(token, error, {"errorMessage": reason}):
        logger.warning("The hook's wait is ended", extra={"reason": error})
