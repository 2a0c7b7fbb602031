"""Finishes what an execution could not: one that was stopped in the console, timed out, failed, or was never started.

Called whenever an execution of the machine ends, and every few minutes for all deployments that are open, until none is
and no event is left to be delivered again.
"""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.core.event_text import text_at
from weighbridge.lifecycle import reconcile

logger = Logger()
_LONGEST_NAME = 80
"""Characters that Step Functions lets an execution's name have."""


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    if event.get("source") == "aws.states":
        reconcile.after_execution(text_at(event, "detail", "name", longest=_LONGEST_NAME) or "")
    else:
        reconcile.reconcile_all(context.get_remaining_time_in_millis, datetime.now(UTC))
