"""The queue of events that no function could handle, and delivering them once more."""

import json
import os
from collections.abc import Iterator

from weighbridge.aws.clients import client
from weighbridge.aws.failures import translating
from weighbridge.core.letters import Letter, letter

_SQS, _LAMBDA = "AmazonSQS", "AWSLambda"
_A_CALL, _CALLS = 10, 50
_HIDDEN_SECONDS = 120
"""Longer than the function runs that reads the queue: nothing is read twice meanwhile."""


def waiting() -> Iterator[tuple[str, Letter]]:
    """What waits in the queue, each with the receipt to take it out by; five hundred at most."""
    for _ in range(_CALLS):
        with translating(_SQS):
            answer = client("sqs").receive_message(
                QueueUrl=os.environ["DEAD_LETTERS_URL"],
                MaxNumberOfMessages=_A_CALL,
                VisibilityTimeout=_HIDDEN_SECONDS,
                MessageAttributeNames=["All"],
            )
        messages = answer.get("Messages", [])
        if not messages:
            return
        for message in messages:
            attributes = message.get("MessageAttributes", {})
            found = letter(
                message["Body"],
                {name: value["StringValue"] for name, value in attributes.items() if "StringValue" in value},
            )
            if found:
                yield message["ReceiptHandle"], found


def deliver(receipt: str, again: Letter) -> None:
    """Hands the event to its function as if it had just come, and takes it out of the queue."""
    with translating(_LAMBDA):
        client("lambda").invoke(
            FunctionName=again.function_arn, InvocationType="Event", Payload=json.dumps(again.event).encode()
        )
    with translating(_SQS):
        client("sqs").delete_message(QueueUrl=os.environ["DEAD_LETTERS_URL"], ReceiptHandle=receipt)
