"""Dead letters: events that no function could handle, as the queue holds them. Standard library only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LONGEST = timedelta(hours=1)
"""As old as an event may be to be delivered again; what is older is for people to judge."""


@dataclass(frozen=True)
class Letter:
    """An event, and the ARN of the function that was to handle it."""

    function_arn: str
    event: Mapping[str, Any]

    def is_due(self, now: datetime) -> bool:
        """Whether the event is to be delivered once more."""
        try:
            happened = datetime.fromisoformat(str(self.event.get("time")))
        except ValueError:
            return False
        return happened.tzinfo is not None and now - happened <= LONGEST


def letter(body: str, attributes: Mapping[str, str]) -> Letter | None:
    """The letter in a message; None where it is none.

    Lambda wraps an event that a function failed on into a record of the invocation; EventBridge leaves one that it could
    not deliver as it was, and says in the attribute TARGET_ARN where it was to go.
    """
    try:
        content = json.loads(body)
    except ValueError:
        return None
    if not isinstance(content, dict):
        return None
    context, payload = content.get("requestContext"), content.get("requestPayload")
    if isinstance(context, dict) and isinstance(payload, dict):
        return Letter(_unqualified(str(context.get("functionArn", ""))), payload)
    if "TARGET_ARN" in attributes:
        return Letter(attributes["TARGET_ARN"], content)
    return None


def _unqualified(function_arn: str) -> str:
    """arn:aws:lambda:region:account:function:name, without the version that follows."""
    return ":".join(function_arn.split(":")[:7])
