"""The queue of events that no function could handle, delivering them once more, and moving them out of the way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from weighbridge.aws.clients import client
from weighbridge.aws.errors import translating
from weighbridge.core.dead_letters import DeadLetter
from weighbridge.environment import environment

_SQS, _LAMBDA = "AmazonSQS", "AWSLambda"
_A_CALL = 10
_COUNTS = tuple(f"ApproximateNumberOfMessages{state}" for state in ("", "NotVisible", "Delayed"))
_HIDDEN_SECONDS = 120
"""Longer than the function runs that reads the queue: nothing is read twice meanwhile."""
_WAIT_SECONDS = 1
"""With any wait at all every server of the queue is asked, else some of them, so that an empty answer would mean little."""


@dataclass(frozen=True)
class Message:
    """A message in the queue; `attributes` are those that are texts."""

    id: str
    body: str
    attributes: Mapping[str, str]
    receipt: str


def are_left() -> bool:
    """Whether the queue may hold messages, those included that somebody is reading."""
    with translating(_SQS):
        answer = client("sqs").get_queue_attributes(QueueUrl=environment.dead_letters_url, AttributeNames=_COUNTS)
    return any(int(answer["Attributes"][name]) for name in _COUNTS)


def waiting() -> Iterator[Message]:
    """What waits in the queue, until it is empty."""
    while True:
        with translating(_SQS):
            answer = client("sqs").receive_message(
                QueueUrl=environment.dead_letters_url,
                MaxNumberOfMessages=_A_CALL,
                VisibilityTimeout=_HIDDEN_SECONDS,
                WaitTimeSeconds=_WAIT_SECONDS,
                MessageAttributeNames=["All"],
            )
        messages = answer.get("Messages", [])
        if not messages:
            return
        for message in messages:
            yield _message(message)


def _message(message: Mapping[str, Any]) -> Message:
    attributes = message.get("MessageAttributes", {}).items()
    texts = {name: value["StringValue"] for name, value in attributes if "StringValue" in value}
    return Message(message["MessageId"], message["Body"], texts, message["ReceiptHandle"])


def deliver(message: Message, dead_letter: DeadLetter) -> None:
    """Hands the event to its function as if it had just come, and takes the message out of the queue."""
    with translating(_LAMBDA):
        client("lambda").invoke(FunctionName=dead_letter.function_arn, InvocationType="Event", Payload=dead_letter.payload)
    _delete(message)


def set_aside(message: Message) -> None:
    """Moves the message as it is to the queue that people look at. One that was moved and not deleted is moved again."""
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()}
    with translating(_SQS):
        client("sqs").send_message(
            QueueUrl=environment.unhandled_url, MessageBody=message.body, MessageAttributes=attributes
        )
    _delete(message)


def _delete(message: Message) -> None:
    with translating(_SQS):
        client("sqs").delete_message(QueueUrl=environment.dead_letters_url, ReceiptHandle=message.receipt)
