"""Delivers events once more that could not be handled: the reason may be gone, and every handler may be called twice.

Called every few minutes. An event is given up an hour after it happened; then it is moved to a queue that people look at,
as is at once whatever else lies there, so that nothing stands in the way of what can still be delivered.
"""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import sqs
from weighbridge.core.dead_letters import NotDue, judged
from weighbridge.environment import environment
from weighbridge.telemetry import count

LAST_SECONDS = 20
"""Left of the function's time when it ends by itself: what was begun before still comes to an end."""

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    failures: list[Exception] = []
    for message in sqs.waiting():
        if context.get_remaining_time_in_millis() < LAST_SECONDS * 1000:
            logger.warning("Events are left for the next run")
            break
        try:
            _handle(message)
        except Exception as error:  # one that cannot be delivered must not keep all the others
            logger.exception("Not delivered again", extra={"messageId": message.id})
            count("EventsNotRedelivered")
            failures.append(error)
    if failures:
        raise ExceptionGroup("Some events could not be delivered again.", failures)


def _handle(message: sqs.Message) -> None:
    judgement = judged(message.body, message.attributes, environment.redelivered_to, datetime.now(UTC))
    if isinstance(judgement, NotDue):
        sqs.set_aside(message)
        logger.warning("Set an event aside", extra={"messageId": message.id, "reason": judgement.reason})
        count("EventsSetAside")
        return
    sqs.deliver(message, judgement)
    logger.warning("Delivered an event again", extra={"messageId": message.id, "function": judgement.function_arn})
    count("EventsRedelivered")
