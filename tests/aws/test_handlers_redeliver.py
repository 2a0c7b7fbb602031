"""Dead letters: delivered again for an hour, by the function that could not handle them; then they wait for a person."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from moto.core.models import DEFAULT_ACCOUNT_ID

from tests.aws.account import REGION, client_error, refuse
from tests.aws.invocation import event_file, invoke
from weighbridge.aws.clients import client
from weighbridge.core.errors import RolePermissions

FUNCTION = f"arn:aws:lambda:{REGION}:{DEFAULT_ACCOUNT_ID}:function:Receive"
SWEEP = event_file("redeliver.sweep")
LATELY, LONG_AGO = "2026-11-23T06:00:00Z", "2026-11-23T04:59:00Z"


@pytest.fixture
def queue(place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> str:
    url: str = client("sqs").create_queue(QueueName=f"letters-of-{place.table}")["QueueUrl"]
    monkeypatch.setenv("DEAD_LETTERS_URL", url)
    return url


@pytest.fixture
def invoked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What functions were invoked with."""
    calls: list[dict[str, Any]] = []

    def record(**arguments: Any) -> dict[str, Any]:
        calls.append(arguments | {"Payload": json.loads(arguments["Payload"])})
        return {}

    monkeypatch.setattr(client("lambda"), "invoke", record)
    return calls


@pytest.fixture(autouse=True)
def _at_six() -> Any:
    with time_machine.travel("2026-11-23T06:30:00Z", tick=False):
        yield


def _event(time: str = LATELY) -> dict[str, Any]:
    event: dict[str, Any] = event_file("receive.object_created")
    return event | {"time": time}


def _failed(event: Any) -> str:
    """What Lambda leaves of an event that a function failed on three times."""
    context = {"functionArn": f"{FUNCTION}:$LATEST", "condition": "RetriesExhausted", "approximateInvokeCount": 3}
    return json.dumps({"version": "1.0", "requestContext": context, "requestPayload": event, "responsePayload": {}})


def _left(queue: str) -> int:
    attributes = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"])


def test_what_a_function_failed_on_is_handed_to_it_again(queue: str, invoked: list[dict[str, Any]]) -> None:
    client("sqs").send_message(QueueUrl=queue, MessageBody=_failed(_event()))
    invoke("redeliver", SWEEP)
    assert invoked == [{"FunctionName": FUNCTION, "InvocationType": "Event", "Payload": _event()}]
    assert _left(queue) == 0


def test_what_could_not_be_delivered_is_delivered(queue: str, invoked: list[dict[str, Any]]) -> None:
    target = {"TARGET_ARN": {"DataType": "String", "StringValue": FUNCTION}}
    client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(_event()), MessageAttributes=target)
    invoke("redeliver", SWEEP)
    assert [call["Payload"] for call in invoked] == [_event()]


def test_all_that_waits_is_delivered(queue: str, invoked: list[dict[str, Any]]) -> None:
    for number in range(23):
        client("sqs").send_message(QueueUrl=queue, MessageBody=_failed(_event() | {"id": str(number)}))
    invoke("redeliver", SWEEP)
    assert {call["Payload"]["id"] for call in invoked} == {str(number) for number in range(23)}
    assert _left(queue) == 0


@pytest.mark.parametrize(
    "body",
    [
        _failed(_event(LONG_AGO)),
        _failed(_event("yesterday")),
        _failed({"id": "no time"}),
        _failed("no event"),
        "no JSON",
        "[]",
        json.dumps(_event()),
    ],
    ids=["old", "no time that is one", "no time", "no event", "no JSON", "a list", "an event for nobody"],
)
def test_what_is_too_old_or_nothing_of_ours_stays_for_people_to_see(
    queue: str, invoked: list[dict[str, Any]], body: str
) -> None:
    client("sqs").send_message(QueueUrl=queue, MessageBody=body)
    invoke("redeliver", SWEEP)
    assert invoked == []
    assert _left(queue) == 1


def test_what_cannot_be_handed_over_stays(queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client("sqs").send_message(QueueUrl=queue, MessageBody=_failed(_event()))
    refuse(monkeypatch, "lambda", "invoke", client_error("AccessDeniedException", "Invoke", 403))
    with pytest.raises(RolePermissions):
        invoke("redeliver", SWEEP)
    assert _left(queue) == 1
