"""What arrives: a dropped file, or a request on the bus. It becomes a deployment with an id, a group, or a configuration.

Called every few minutes, too, to look for files whose event never came. An event on the bus of an unknown type is refused:
logged, counted, and kept as a refusal.
"""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.core.errors import WeighbridgeError
from weighbridge.core.event_text import text_at
from weighbridge.core.refusals import refused_event, unknown
from weighbridge.lifecycle import receive_file, schedule, start
from weighbridge.store import refusals
from weighbridge.telemetry import count

logger = Logger()
_LONGEST_ID = 1024


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    now = datetime.now(UTC)
    event_id = text_at(event, "id", longest=_LONGEST_ID) or context.aws_request_id
    try:
        _receive(event, event_id, context, now)
    except Exception:
        with suppress(WeighbridgeError):
            schedule.keep_on(now)  # by which the event is delivered again
        raise


def _receive(event: dict[str, Any], event_id: str, context: LambdaContext, now: datetime) -> None:
    if event.get("source") == "aws.s3":
        receive_file.receive_file(event, event_id, now)
    elif event.get("source") == "aws.events":
        receive_file.look_for_missed(context.get_remaining_time_in_millis, now)
    elif event.get("detail-type") == "Deployment Requested":
        start.deploy_requested(f"event {event_id}", event.get("detail"), now)
    else:
        why = unknown(event.get("detail-type"))
        logger.warning("Refused an event", extra={"reason": str(why)})
        count("EventsRefused")
        refusals.keep(refused_event(event, event_id, why), now)
