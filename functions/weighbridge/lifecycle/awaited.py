"""Tells executions of the machine `<service>-deploy` of the end of the deployments that they wait for.

Told again, it does no harm. No pydantic: the reconciliation does it.
"""

from collections.abc import Callable
from datetime import datetime

from aws_lambda_powertools import Logger

from weighbridge.aws import stepfunctions
from weighbridge.core.awaited import Failed, Succeeded, told
from weighbridge.core.errors import WeighbridgeError
from weighbridge.core.rotation import rotated
from weighbridge.store import awaited, deployments

logger = Logger()


def tell(identity: str, now: datetime) -> None:
    """Tells who waits for the deployment that `identity` asked for of its end, if it has ended and somebody waits."""
    waiting = awaited.get(identity)
    if waiting is None:
        return
    record = deployments.find(identity)
    token = waiting["taskToken"]
    match told(record, waiting, now):
        case None:
            return
        case Succeeded(output):
            taken = stepfunctions.end_wait(token, output)
        case Failed(error, cause):
            taken = stepfunctions.fail_wait(token, error, cause)
    awaited.delete(identity, token)
    logger.info("The end of the deployment is told", extra={"requestedBy": identity, "isTaken": taken})


def tell_all(is_time_left: Callable[[], bool], now: datetime) -> bool:
    """Reports every end that has not been reported, as far as the time goes; whether somebody waited, for whatever end."""
    try:
        waiting = rotated(awaited.identities(), now)
    except WeighbridgeError:  # the next time is sooner than the end of Lambda's retries
        logger.exception("Who waits could not be listed")
        return True
    for identity in waiting:
        if not is_time_left():
            break
        try:
            tell(identity, now)
        except WeighbridgeError:
            logger.exception("Not told yet", extra={"requestedBy": identity})
    return bool(waiting)
