"""Which dead letters are delivered again, whatever has been put into them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from weighbridge.core.dead_letters import DeadLetter, NotDue, judged

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
OURS, OTHER = "arn:aws:lambda:eu-west-1:123456789012:function:Receive", "arn:aws:lambda:eu-west-1:123456789012:function:Pay"
EVENT: dict[str, Any] = {"id": "1", "detail-type": "Object Created", "time": "2026-11-23T06:00:00Z", "detail": {}}


def failed(event: Any, function: str = f"{OURS}:$LATEST") -> str:
    """What Lambda leaves of an event that a function failed on, with that event's JSON or value in it."""
    text = event if isinstance(event, str) else json.dumps(event)
    return f'{{"requestContext": {{"functionArn": "{function}"}}, "requestPayload": {text}}}'


def judge(body: str, **attributes: str) -> DeadLetter | NotDue:
    return judged(body, attributes, {OURS}, NOW)


def test_what_lambda_leaves_and_what_eventbridge_leaves_is_due() -> None:
    due = DeadLetter(OURS, json.dumps(EVENT, separators=(",", ":")).encode())
    assert judge(failed(EVENT)) == due
    assert judge(json.dumps(EVENT), TARGET_ARN=OURS) == due


@pytest.mark.parametrize("time", ["2026-11-23T05:30:00Z", "2026-11-23T07:30:00Z", "2026-11-23T08:29:59+02:00"])
def test_for_an_hour_it_is_due(time: str) -> None:
    assert isinstance(judge(failed(EVENT | {"time": time})), DeadLetter)


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-23T05:29:59Z",
        "2026-11-23T07:30:01Z",  # the sender of a request chooses its time
        "2999-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2026-11-23T06:00:00",
        "yesterday",
        "",
        None,
        7,
        ["2026-11-23T06:00:00Z"],
        {},
    ],
    ids=str,
)
def test_before_and_after_and_at_no_time_it_is_not(time: Any) -> None:
    assert isinstance(judge(failed(EVENT | {"time": time})), NotDue)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("no JSON", "cannot be read: JSONDecodeError"),
        ("", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        (failed('{"a":' * 100_000 + "1" + "}" * 100_000), "cannot be read: RecursionError"),
        (failed('{"time": ' + "9" * 100_000 + "}"), "cannot be read: ValueError"),
        (failed(json.dumps(EVENT).replace('"detail": {}', '"detail": 1e400')), "cannot be read: ValueError"),
        ("[]", "for none"),
        ("null", "for none"),
        ('{"requestContext": []}', "for none"),
        ('{"requestContext": {"functionArn": []}}', "for none"),
        (json.dumps(EVENT), "for none"),
        (failed(EVENT, f"{OTHER}:$LATEST"), "for none"),
        (failed("[]"), "not an event"),
        (failed('"text"'), "not an event"),
        (failed(EVENT | {"detail-type": "Scheduled Event"}), "a run of the schedule"),
    ],
    ids=[
        "text",
        "empty",
        "never closed",
        "deep",
        "a long number",
        "a great number",
        "a list",
        "null",
        "a list as context",
        "a list as function",
        "an event for nobody",
        "an event for another function",
        "a list as event",
        "a text as event",
        "a run of the schedule",
    ],
)
def test_what_nobody_is_to_get_again(body: str, reason: str) -> None:
    judgement = judge(body)
    assert isinstance(judgement, NotDue)
    assert reason in judgement.reason


def test_it_grows_no_longer_than_it_came() -> None:
    event = EVENT | {"detail": {"key": "Öl/日本/😀" * 1000, "half": "\ud83d"}}
    body = json.dumps(event, ensure_ascii=False).replace("\ud83d", "\\ud83d")
    judgement = judge(failed(body))
    assert isinstance(judgement, DeadLetter)
    assert json.loads(judgement.payload) == event
    assert len(judgement.payload) < len(body.encode())
