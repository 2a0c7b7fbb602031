"""Dead letters: events that no function could handle, as the queue holds them. Standard library only."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LONGEST = timedelta(hours=1)
"""As old as an event may be to be delivered again; what is older needs a decision."""


@dataclass(frozen=True)
class DeadLetter:
    """An event that is to be delivered once more: the ARN of the function that is to handle it, and the event's JSON."""

    function_arn: str
    payload: bytes


@dataclass(frozen=True)
class NotDue:
    """A message that nobody is to get again, and why."""

    reason: str


def judged(body: str, attributes: Mapping[str, str], functions: Collection[str], now: datetime) -> DeadLetter | NotDue:
    """What is to become of a message in the queue; `functions` are the ARNs of those that may be handed an event again."""
    try:
        return _judged(json.loads(body), attributes, functions, now)
    # Whoever puts an event on the bus chooses its depth, its numbers and its `time`.
    except (ValueError, RecursionError, OverflowError) as error:
        return NotDue(f"It cannot be read: {type(error).__name__}")


def _judged(content: Any, attributes: Mapping[str, str], functions: Collection[str], now: datetime) -> DeadLetter | NotDue:
    function_arn, event = _addressed(content, attributes)
    if function_arn not in functions:
        return NotDue("It is for none of the functions that handle events.")
    if not isinstance(event, dict):
        return NotDue("It is not an event.")
    if event.get("detail-type") == "Scheduled Event":
        return NotDue("It is a run of the schedule, and the next one does its work.")
    happened = datetime.fromisoformat(str(event.get("time")))
    # The `time` of a request is its sender's choice: one that lies ahead would be delivered again until it comes.
    if happened.tzinfo is None or abs(now - happened) > LONGEST:
        return NotDue("It did not happen within the last hour.")
    # As short as it came, or Lambda might find it too long: half of a pair, which is no UTF-8, alone needs an escape.
    text = json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return DeadLetter(function_arn, text.encode("utf-8", "backslashreplace"))


def _addressed(content: Any, attributes: Mapping[str, str]) -> tuple[str, Any]:
    """The ARN of the function and the event.

    Lambda wraps an event that a function failed on into a record of the invocation; EventBridge leaves one that it could
    not deliver as it was, and says in the attribute TARGET_ARN where it was to go.
    """
    if "TARGET_ARN" in attributes:
        return attributes["TARGET_ARN"], content
    context = content.get("requestContext") if isinstance(content, dict) else None
    if not isinstance(context, dict):
        return "", None
    return _unqualified(str(context.get("functionArn", ""))), content.get("requestPayload")


def _unqualified(function_arn: str) -> str:
    """arn:aws:lambda:region:account:function:name, without the version that follows."""
    return ":".join(function_arn.split(":")[:7])
