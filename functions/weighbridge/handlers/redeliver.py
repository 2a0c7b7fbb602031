"""Delivers events once more that could not be handled: the reason may be gone, and every handler may be called twice.

Called every few minutes. An event is given up an hour after it happened; then it stays in the queue, for people to judge.
"""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import letters
from weighbridge.telemetry import count

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    for receipt, letter in letters.waiting():
        if not letter.is_due(datetime.now(UTC)):
            continue
        letters.deliver(receipt, letter)
        logger.warning("Delivered an event again", extra={"function": letter.function_arn})
        count("EventsRedelivered")
