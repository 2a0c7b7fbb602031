"""Events that others may listen to, on the account's default bus, and the rule of the schedule. On the reaction path."""

import json
from collections.abc import Sequence

from weighbridge.aws.clients import client
from weighbridge.aws.errors import translating
from weighbridge.core.errors import ServiceUnavailable
from weighbridge.core.notifications import SOURCE, Notification

_EVENTS = "AmazonEventBridge"
_ENTRIES_A_CALL = 10


def publish(notifications: Sequence[Notification]) -> None:
    """Puts the notifications in order; raises ServiceUnavailable where EventBridge did not take all of them."""
    entries = [
        {"Source": SOURCE, "DetailType": notification.detail_type, "Detail": json.dumps(notification.detail)}
        for notification in notifications
    ]
    with translating(_EVENTS):
        for start in range(0, len(entries), _ENTRIES_A_CALL):
            answer = client("events").put_events(Entries=entries[start : start + _ENTRIES_A_CALL])
            if answer["FailedEntryCount"]:
                raise ServiceUnavailable(f"EventBridge refused {answer['FailedEntryCount']} notifications.")


def enable(rule: str) -> None:
    """Switches a rule of the default bus on; it may be on already."""
    with translating(_EVENTS):
        client("events").enable_rule(Name=rule)


def disable(rule: str) -> None:
    with translating(_EVENTS):
        client("events").disable_rule(Name=rule)
