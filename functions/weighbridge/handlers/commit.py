"""Starts what stacks want once they have committed, lets it wait while a deployment runs, cancels it where they roll back.

Called when a root stack comes to a status, when an execution ends, and every few minutes, for what no event has reported.
"""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.core.errors import WeighbridgeError
from weighbridge.core.event_text import text_at
from weighbridge.lifecycle import commit, schedule

logger = Logger()
_LONGEST_ID, _LONGEST_NAME = 1024, 80
"""Characters that a stack's id and an execution's name may have."""


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    now = datetime.now(UTC)
    try:
        match event.get("source"):
            case "aws.cloudformation":
                commit.after_stack_event(text_at(event, "detail", "stack-id", longest=_LONGEST_ID) or "", now)
            case "aws.states":
                commit.after_execution(text_at(event, "detail", "name", longest=_LONGEST_NAME) or "", now)
            case _:
                commit.look_at_all(context.get_remaining_time_in_millis, now)
    except Exception:
        with suppress(WeighbridgeError):
            schedule.keep_on(now)  # by which it is looked at again
        raise
