"""What is refused without becoming a deployment: an object by its key, an event. It is kept for a month, and notified.

Untrusted text is cut and spelled out before it is kept, and of what an event asks for nothing but a deployment's
id is. On the reaction path: standard library only.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

from weighbridge.core.deployment import stamp
from weighbridge.core.errors import clip
from weighbridge.core.event_text import text_at
from weighbridge.core.ids import deployment_id_in

KEPT = timedelta(days=30)
MOST_AN_HOUR = 500
"""So many refusals of a clock hour are kept and notified; the others are in the log and in the metrics alone."""
LISTING = "REFUSALS"
DIGEST = "[0-9a-f]{32}"
_HANDLED = ("Deployment Requested", "Deployment Stop Requested", "Lifecycle Event Hook Reported")
"""The detail-types of the events that may be put on the bus."""
_LONGEST = 300
_LONGEST_KEY = 1024
"""Characters that S3 lets a key or a version have."""


@dataclass(frozen=True)
class Refusal:
    """What was refused, by an identity of its own, and why.

    `subject` is {bucket, key, versionId} of an object, or of an event {eventId, eventSource, detailType, deploymentId}, of
    each what is known. `code` is an error code of deployments for an object, for an event the exception that the API has.
    """

    identity: str
    subject: Mapping[str, str]
    code: str
    message: str

    @property
    def digest(self) -> str:
        return digest(self.identity)

    def record(self, now: datetime) -> dict[str, Any]:
        """As it is kept: {time, code, message} and the subject; `expires` is a time in seconds since 1970."""
        return {
            **self.subject,
            "time": stamp(now),
            "code": self.code,
            "message": clip(self.message),
            "expires": int((now + KEPT).timestamp()),
            "listing": LISTING,
            "listingKey": f"{stamp(now)}#{self.digest}",
        }


def digest(identity: str) -> str:
    """What the refusal of that identity is kept under."""
    return hashlib.sha256(identity.encode(errors="surrogatepass")).hexdigest()[:32]


class Refused(Exception):
    """An event asks for what is not done; `code` is the exception that the API has for it, the text says why."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(clip(reason))
        self.code = code


def refused_event(event: Any, fallback_id: str, why: Refused) -> Refusal:
    """The refusal of an event of EventBridge; `fallback_id` tells it apart where it has no id."""
    event_id = text_at(event, "id", longest=_LONGEST) or fallback_id
    named = {
        "eventId": event_id,
        "eventSource": text_at(event, "source", longest=_LONGEST),
        "detailType": text_at(event, "detail-type", longest=_LONGEST),
        "deploymentId": deployment_id_in(event.get("detail") if isinstance(event, dict) else None),
    }
    subject = {name: clip(value, _LONGEST) for name, value in named.items() if value}
    return Refusal(f"event {event_id}", subject, why.code, str(why))


def refused_drop(location: Mapping[str, str], identity: str, code: str, message: str) -> Refusal:
    """The refusal of an object {bucket, key, versionId} by its key."""
    return Refusal(identity, {name: clip(value, _LONGEST_KEY) for name, value in location.items()}, code, message)


def unknown(detail_type: Any) -> Refused:
    """Why an event on the bus is refused that no handler is for; `detail_type` is whatever stands there."""
    said = detail_type if isinstance(detail_type, str) else ""
    known = {name.lower(): name for name in _HANDLED}
    nearest = get_close_matches(said[:_LONGEST].lower(), known, n=1)
    hint = f"did you mean {known[nearest[0]]!r}?" if nearest else f"these are: {', '.join(_HANDLED)}."
    return Refused("UnknownOperationException", f"Weighbridge handles no detail-type {said[:100]!r}; {hint}")


def hour(now: datetime) -> str:
    """The clock hour of a time."""
    return stamp(now)[:13]
