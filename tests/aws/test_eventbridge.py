import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.stub import Stubber

from weighbridge.aws import eventbridge
from weighbridge.core.errors import ServiceUnavailable
from weighbridge.core.notifications import Notification

Stub = Callable[[str], Stubber]


def _news(count: int) -> list[Notification]:
    return [Notification("Deployment Traffic Shifted", {"weight": n / 10, "reason": "größer"}) for n in range(count)]


def _entries(news: list[Notification]) -> list[dict[str, Any]]:
    return [{"Source": "weighbridge", "DetailType": each.detail_type, "Detail": json.dumps(each.detail)} for each in news]


def test_notifications_are_put_in_order_ten_a_call(stub: Stub) -> None:
    news = _news(12)
    for part in (news[:10], news[10:]):
        stub("events").add_response("put_events", {"FailedEntryCount": 0, "Entries": []}, {"Entries": _entries(part)})
    eventbridge.publish(news)


def test_without_news_nothing_is_put(stub: Stub) -> None:
    stub("events")
    eventbridge.publish([])


def test_a_notification_that_eventbridge_did_not_take_is_told(stub: Stub) -> None:
    answer = {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, {"ErrorCode": "ThrottlingException"}]}
    stub("events").add_response("put_events", answer, {"Entries": _entries(_news(2))})
    with pytest.raises(ServiceUnavailable, match="EventBridge refused 1 notifications"):
        eventbridge.publish(_news(2))
