"""Dead letters: delivered again for an hour, by the function that could not handle them; then set aside for a person."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from moto.core.models import DEFAULT_ACCOUNT_ID

from tests.aws.account import REGION, client_error, refuse
from tests.aws.invocation import Context, event_file, invoke
from weighbridge.aws.clients import client
from weighbridge.handlers import redeliver

FUNCTION = f"arn:aws:lambda:{REGION}:{DEFAULT_ACCOUNT_ID}:function:Receive"
SCHEDULED = event_file("redeliver.scheduled")
LATELY, LONG_AGO = "2026-11-23T06:00:00Z", "2026-11-23T04:59:00Z"
POISON, DENIED = "poison", client_error("AccessDeniedException", "Invoke", 403)


@dataclass
class Post:
    """The queue of what was not handled, the one of what nobody handled in time, and what functions were handed."""

    queue: str
    aside: str
    handed: list[dict[str, Any]] = field(default_factory=list)

    def leave(self, body: str, target: str | None = None) -> None:
        attributes = {"TARGET_ARN": {"DataType": "String", "StringValue": target}} if target else {}
        client("sqs").send_message(QueueUrl=self.queue, MessageBody=body, MessageAttributes=attributes)

    @property
    def left(self) -> tuple[int, int]:
        """How many messages are in either queue."""
        return _count(self.queue), _count(self.aside)

    def run_later(self) -> None:
        """The next run, for which what this one has read is no longer hidden."""
        with time_machine.travel("2026-11-23T06:35:00Z", tick=False):
            invoke("redeliver", SCHEDULED)


def _count(queue: str) -> int:
    attributes = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"])


@pytest.fixture(autouse=True)
def _at_half_past_six() -> Iterator[None]:
    with time_machine.travel("2026-11-23T06:30:00Z", tick=False):
        yield


@pytest.fixture
def post(place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Post:
    sqs = client("sqs")
    made = Post(*(sqs.create_queue(QueueName=f"{name}-of-{place.table}")["QueueUrl"] for name in ("letters", "aside")))
    monkeypatch.setenv("DEAD_LETTERS_URL", made.queue)
    monkeypatch.setenv("UNHANDLED_URL", made.aside)
    monkeypatch.setenv("REDELIVERED_TO", f"arn:of:another,{FUNCTION}")

    def invoked(**arguments: Any) -> dict[str, Any]:
        event = json.loads(arguments["Payload"])
        if event["id"] == POISON:
            raise DENIED
        made.handed.append(arguments | {"Payload": event})
        return {}

    monkeypatch.setattr(client("lambda"), "invoke", invoked)
    monkeypatch.setattr(sqs, "receive_message", _at_once(sqs.receive_message))
    return made


def _at_once(receive: Callable[..., Any]) -> Callable[..., Any]:
    def without_waiting(**arguments: Any) -> Any:
        # Without a wait SQS asks some of its servers only.
        assert arguments["WaitTimeSeconds"] > 0
        return receive(**arguments | {"WaitTimeSeconds": 0})

    return without_waiting


def _event(time: str = LATELY, **members: Any) -> dict[str, Any]:
    event: dict[str, Any] = event_file("receive.object_created")
    return event | {"time": time} | members


def _failed(event: Any) -> str:
    """What Lambda leaves of an event that a function failed on three times."""
    context = {"functionArn": f"{FUNCTION}:$LATEST", "condition": "RetriesExhausted", "approximateInvokeCount": 3}
    return json.dumps({"version": "1.0", "requestContext": context, "requestPayload": event, "responsePayload": {}})


def test_what_a_function_failed_on_is_handed_to_it_again(post: Post) -> None:
    post.leave(_failed(_event()))
    invoke("redeliver", SCHEDULED)
    assert post.handed == [{"FunctionName": FUNCTION, "InvocationType": "Event", "Payload": _event()}]
    assert post.left == (0, 0)


def test_what_could_not_be_delivered_is_delivered(post: Post) -> None:
    post.leave(json.dumps(_event()), target=FUNCTION)
    invoke("redeliver", SCHEDULED)
    assert [call["Payload"] for call in post.handed] == [_event()]


def test_all_that_waits_is_delivered(post: Post) -> None:
    for number in range(23):
        post.leave(_failed(_event(id=str(number))))
    invoke("redeliver", SCHEDULED)
    assert {call["Payload"]["id"] for call in post.handed} == {str(number) for number in range(23)}
    assert post.left == (0, 0)


def test_one_dead_letter_that_cannot_be_delivered_keeps_no_other(post: Post, capsys: pytest.CaptureFixture[str]) -> None:
    deep = _failed(_event()).replace('"detail": {', '"detail": {"deep": ' + "[" * 100_000 + "]" * 100_000 + ", ", 1)
    for body in (_failed(_event(id=POISON)), deep, _failed(_event(id="good"))):
        post.leave(body)
    with pytest.raises(ExceptionGroup) as raised:
        invoke("redeliver", SCHEDULED)
    assert len(raised.value.exceptions) == 1
    assert [call["Payload"]["id"] for call in post.handed] == ["good"]
    # The one is tried again for an hour, the other is nothing that could be delivered.
    assert post.left == (1, 1)
    said = capsys.readouterr().out
    assert '"EventsNotRedelivered":[1.0]' in said
    assert '"EventsSetAside":[1.0]' in said


@pytest.mark.parametrize("name", ["Redeliver", "RemovedByAnUpgrade"])
def test_a_dead_letter_for_the_redeliverer_itself_or_for_nobody_any_more_is_set_aside(post: Post, name: str) -> None:
    post.leave(json.dumps(_event(id="nobody's")), target=FUNCTION.replace("Receive", name))
    post.leave(_failed(_event(id="due")))
    invoke("redeliver", SCHEDULED)
    assert [call["Payload"]["id"] for call in post.handed] == ["due"]
    assert post.left == (0, 1)


def test_old_dead_letters_are_out_of_the_way(post: Post) -> None:
    for number in range(40):
        post.leave(_failed(_event(LONG_AGO, id=f"old {number}")))
    post.leave(_failed(_event(id="due")))
    invoke("redeliver", SCHEDULED)
    assert [call["Payload"]["id"] for call in post.handed] == ["due"]
    assert post.left == (0, 40)


def test_what_is_set_aside_is_there_as_it_came(post: Post) -> None:
    post.leave("no JSON", target="arn:of:nobody")
    invoke("redeliver", SCHEDULED)
    [message] = client("sqs").receive_message(QueueUrl=post.aside, MessageAttributeNames=["All"], WaitTimeSeconds=1)[
        "Messages"
    ]
    assert message["Body"] == "no JSON"
    assert message["MessageAttributes"]["TARGET_ARN"]["StringValue"] == "arn:of:nobody"


def test_what_was_set_aside_and_not_deleted_is_set_aside_again(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    post.leave("no JSON")
    with monkeypatch.context() as patch:
        refuse(patch, "sqs", "delete_message", client_error("ServiceUnavailable", "DeleteMessage", 503))
        with pytest.raises(ExceptionGroup):
            invoke("redeliver", SCHEDULED)
    assert post.left == (1, 1)
    post.run_later()
    assert post.left == (0, 2)


def test_what_cannot_be_set_aside_stays_and_keeps_no_other(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    post.leave(_failed(_event(LONG_AGO)))
    post.leave(_failed(_event()))
    with monkeypatch.context() as patch:
        refuse(patch, "sqs", "send_message", client_error("AccessDenied", "SendMessage", 403))
        with pytest.raises(ExceptionGroup):
            invoke("redeliver", SCHEDULED)
    assert (len(post.handed), post.left) == (1, (1, 0))


@pytest.mark.parametrize(("seconds", "handed"), [(redeliver.LAST_SECONDS, 1), (redeliver.LAST_SECONDS - 1, 0)])
def test_it_ends_before_its_time_is_up(post: Post, monkeypatch: pytest.MonkeyPatch, seconds: int, handed: int) -> None:
    monkeypatch.setattr(Context, "get_remaining_time_in_millis", lambda _: seconds * 1000)
    post.leave(_failed(_event()))
    invoke("redeliver", SCHEDULED)
    assert len(post.handed) == handed
    assert post.left == (1 - handed, 0)
