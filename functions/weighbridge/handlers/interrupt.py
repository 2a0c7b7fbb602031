"""Whatever ends a wait early: an alarm, a stop request, a hook's report. On the reaction path."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.core.event_text import text_at
from weighbridge.core.refusals import Refused, refused_event
from weighbridge.lifecycle import interrupt
from weighbridge.store import refusals
from weighbridge.telemetry import count

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    now, detail = datetime.now(UTC), event.get("detail")
    try:
        match event.get("detail-type"):
            case "CloudWatch Alarm State Change":
                interrupt.alarm(detail, _time_of(event, now), now)
            case "Deployment Stop Requested":
                interrupt.stop_requested(detail, now)
            case "Lifecycle Event Hook Reported":
                interrupt.hook_reported(detail, now)
    except Refused as why:
        logger.warning("Refused an event", extra={"reason": str(why)})
        count("EventsRefused")
        refusals.keep(refused_event(event, context.aws_request_id, why), now)


def _time_of(event: dict[str, Any], now: datetime) -> datetime:
    """When an alarm fired; where it cannot be told, now, for it is better to go back than to overlook it."""
    try:
        time = datetime.fromisoformat(text_at(event, "time", longest=40) or "")
    except ValueError:
        return now
    return time if time.tzinfo else time.replace(tzinfo=UTC)
