"""What the tests of the local cloud make in it: functions, state machines, alarms, and places that collect events."""

import io
import itertools
import json
import textwrap
import time
import zipfile
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from local.cloud import LocalCloud

T = TypeVar("T")

ROLE = "arn:aws:iam::000000000000:role/anything"
SCALE = 0.02


class Workbench:
    """One local cloud and the short ways to use it. Every name it gives is new."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self._numbers = itertools.count(1)
        self.client: Callable[[str], Any] = cache(cloud.client)

    def name(self, what: str) -> str:
        return f"{what}-{next(self._numbers)}"

    def function(self, source: str, *, versions: int = 0, timeout: int = 10, **settings: Any) -> str:
        """A Lambda function of that source (with a `handler`); its name. Versions are published alike."""
        name = self.name("function")
        functions = self.client("lambda")
        functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=ROLE,
            Handler="main.handler",
            Code={"ZipFile": archive(source)},
            Timeout=timeout,
            **settings,
        )
        for number in range(versions):
            functions.update_function_configuration(FunctionName=name, Description=f"{number + 1}")
            functions.publish_version(FunctionName=name)
        return name

    def start(self, states: dict[str, Any], start_at: str, *, name: str | None = None, **fields: Any) -> str:
        """Start an execution of a new state machine; its ARN."""
        return str(
            self.client("stepfunctions").start_execution(
                stateMachineArn=self.machine(states, start_at), input=json.dumps(fields), name=name or self.name("run")
            )["executionArn"]
        )

    def machine(self, states: dict[str, Any], start_at: str) -> str:
        definition = {"QueryLanguage": "JSONata", "StartAt": start_at, "States": states}
        return str(
            self.client("stepfunctions").create_state_machine(
                name=self.name("machine"), definition=json.dumps(definition), roleArn=ROLE
            )["stateMachineArn"]
        )

    def ended(self, execution: str, seconds: float = 15) -> dict[str, Any]:
        """The description of an execution once it has ended."""

        def probe() -> dict[str, Any] | None:
            description: dict[str, Any] = self.client("stepfunctions").describe_execution(executionArn=execution)
            return description if description["status"] != "RUNNING" else None

        return until(probe, seconds)

    def collector(self, pattern: dict[str, Any] | None = None) -> str:
        """The URL of a queue; with a pattern, a rule of the default bus sends matching events there."""
        url = str(self.client("sqs").create_queue(QueueName=self.name("queue"))["QueueUrl"])
        if pattern is not None:
            rule = self.name("rule")
            self.client("events").put_rule(Name=rule, EventPattern=json.dumps(pattern))
            self.client("events").put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": self.queue_arn(url)}])
        return url

    def queue_arn(self, url: str) -> str:
        return f"arn:aws:sqs:{self.cloud.region}:000000000000:{url.rpartition('/')[2]}"

    def collected(self, url: str) -> list[Any]:
        """The messages in a queue, taken out of it."""
        messages = self.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            self.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]


def archive(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as files:
        files.writestr("main.py", textwrap.dedent(source))
    return buffer.getvalue()


def until(probe: Callable[[], T | None], seconds: float = 10) -> T:
    """The first true value that the probe gives. Fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"nothing in {seconds} s; the last was {value!r}")
        time.sleep(0.02)


def closed(filler: str) -> str:
    """What a test says when the emulator no longer has a gap."""
    return f"the emulator behaves as AWS now: delete local/gaps/{filler}.py and its tests"
