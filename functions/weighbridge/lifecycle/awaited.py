"""Answers executions of the machine `<service>-deploy` when the deployments that they wait for have ended.

Answering again does no harm. No pydantic: the reconciliation does it.
"""

from collections.abc import Callable
from datetime import datetime

from aws_lambda_powertools import Logger

from weighbridge.aws import stepfunctions
from weighbridge.core.awaited import Failed, Succeeded, answer
from weighbridge.core.errors import WeighbridgeError
from weighbridge.core.rotation import rotated
from weighbridge.store import awaited, deployments

logger = Logger()


def notify(identity: str, now: datetime) -> None:
    """Answers the task that waits for the deployment that `identity` asked for, if it has ended and there is one."""
    waiting = awaited.get(identity)
    if waiting is None:
        return
    record = deployments.find(identity)
    token = waiting["taskToken"]
    match answer(record, waiting, now):
        case None:
            return
        case Succeeded(output):
            taken = stepfunctions.end_wait(token, output)
        case Failed(error, cause):
            taken = stepfunctions.fail_wait(token, error, cause)
    awaited.delete(identity, token)
    logger.info("The deployment's end was sent to who waits for it", extra={"requestedBy": identity, "isTaken": taken})


def notify_all(is_time_left: Callable[[], bool], now: datetime) -> bool:
    """Sends every end that has not been sent, as far as the time goes; whether anything waits for whatever end."""
    try:
        waiting = rotated(awaited.identities(), now)
    except WeighbridgeError:  # the next time is sooner than the end of Lambda's retries
        logger.exception("Who waits could not be listed")
        return True
    for identity in waiting:
        if not is_time_left():
            break
        try:
            notify(identity, now)
        except WeighbridgeError:
            logger.exception("Not sent yet", extra={"requestedBy": identity})
    return bool(waiting)
