"""CloudFormation as far as an alias that a stack owns meets it: operations of stacks, their events, answers it waits for.

A stack has one resource, `Live`. An operation calls the provider as CloudFormation does, asynchronously, and waits for its
answer; what comes of it is told on the default bus.
"""

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from local.cloud import REGION
from verify.simulation.clock import Clock, Signal
from verify.simulation.emulator import Answer, Emulator

ACCOUNT = "000000000000"
TIMEOUT = 300.0
"""Seconds that a stack waits for its provider: Lambda tries what has failed again after one minute and after two more."""
DURING = 3600.0
A_WHILE = 1.0
"""Seconds between two steps of an operation."""
URL = (
    f"https://cloudformation-custom-resource-response-{REGION.replace('-', '')}.s3.{REGION}.amazonaws.com/{{}}?Signature=x"
)
TYPE = "Custom::WeighbridgeAlias"


@dataclass
class Stack:
    """A root stack that wants `version` of a function's alias live; `deployment` is what the provider has answered last."""

    name: str
    version: str = ""
    status: str = ""
    began: datetime | None = None
    physical_id: str = ""
    deployment: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)
    requests: int = 0

    @property
    def id(self) -> str:
        return f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{self.name}/1"

    @property
    def settled(self) -> bool:
        return not self.status.endswith("IN_PROGRESS")


class Stacks:
    def __init__(self, clock: Clock, emulator: Emulator) -> None:
        self._clock, self._emulator = clock, emulator
        self.token = ""
        """The ARN of the provider."""
        self._stacks: dict[str, Stack] = {}
        self._waiting: dict[str, tuple[Signal, list[dict[str, Any]]]] = {}
        self._numbers = itertools.count(1)
        self.secrets: list[str] = []
        """Every URL at which an answer was waited for."""

    def forget(self) -> None:
        self._stacks.clear()
        self._waiting.clear()
        self.secrets.clear()
        self._numbers = itertools.count(1)

    def named(self, name: str) -> Stack:
        return self._stacks[name]

    # ----------------------------------------------------------------------------------------------- operations

    def create(self, name: str, function: str, version: str) -> Stack:
        """Begins the creation of a stack that owns the function's alias."""
        stack = self._stacks[name] = Stack(name, version)
        stack.properties = {"FunctionName": function, "Name": "live", "DeploymentConfigName": "Brief"}
        self._begin(stack, "CREATE_IN_PROGRESS")
        self._clock.spawn(f"stack {name}", lambda: self._created(stack))
        return stack

    def update(self, stack: Stack, version: str, *, fails: bool = False, **properties: Any) -> None:
        """Begins an update; one that `fails` is taken back after the alias's part of it is done."""
        self._begin(stack, "UPDATE_IN_PROGRESS")
        self._clock.spawn(f"stack {stack.name}", lambda: self._updated(stack, version, properties, fails=fails))

    def delete(self, stack: Stack) -> None:
        self._begin(stack, "DELETE_IN_PROGRESS")
        self._clock.spawn(f"stack {stack.name}", lambda: self._deleted(stack))

    def _begin(self, stack: Stack, status: str) -> None:
        stack.began = self._clock.time
        self._is(stack, status)

    def _created(self, stack: Stack) -> None:
        if self._ask(stack, "Create", stack.version, stack.properties):
            self._is(stack, "CREATE_COMPLETE")
            return
        self._is(stack, "ROLLBACK_IN_PROGRESS")
        self._ask(stack, "Delete", stack.version, stack.properties)
        self._is(stack, "ROLLBACK_COMPLETE")

    def _updated(self, stack: Stack, version: str, properties: Mapping[str, Any], *, fails: bool) -> None:
        properties_after = {**stack.properties, **properties}
        if self._ask(stack, "Update", version, properties_after) and not fails:
            stack.version, stack.properties = version, properties_after
            self._is(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
            self._clock.sleep(A_WHILE, "the clean-up")
            self._is(stack, "UPDATE_COMPLETE")
            return
        self._is(stack, "UPDATE_ROLLBACK_IN_PROGRESS")
        self._clock.sleep(A_WHILE, "the stack goes back")
        if self._ask(stack, "Update", stack.version, stack.properties):
            self._is(stack, "UPDATE_ROLLBACK_COMPLETE")
        else:
            self._is(stack, "UPDATE_ROLLBACK_FAILED")

    def _deleted(self, stack: Stack) -> None:
        answered = self._ask(stack, "Delete", stack.version, stack.properties)
        self._is(stack, "DELETE_COMPLETE" if answered else "DELETE_FAILED")

    def _is(self, stack: Stack, status: str) -> None:
        stack.status = status
        self._clock.changes += 1
        detail = {
            "stack-id": stack.id,
            "status-details": {"status": status, "status-reason": ""},
            "client-request-token": "",
        }
        self._emulator.put_event(
            {
                "Source": "aws.cloudformation",
                "DetailType": "CloudFormation Stack Status Change",
                "Detail": json.dumps(detail),
                "Resources": [stack.id],
            }
        )

    # --------------------------------------------------------------------------------------------- the provider

    def _ask(self, stack: Stack, kind: str, version: str, properties: Mapping[str, Any]) -> bool:
        """Asks the provider, and waits for as long as CloudFormation does; whether it has succeeded."""
        stack.requests += 1
        url, signal, answers = URL.format(next(self._numbers)), Signal(self._clock), list[dict[str, Any]]()
        self._waiting[url] = (signal, answers)
        self.secrets.append(url)
        event = {
            "RequestType": kind,
            "ResponseURL": url,
            "StackId": stack.id,
            "RequestId": f"request-{stack.requests}",
            "ResourceType": TYPE,
            "LogicalResourceId": "Live",
            "ResourceProperties": {"ServiceToken": self.token, **properties, "TargetVersion": version},
        }
        if stack.physical_id:
            event["PhysicalResourceId"] = stack.physical_id
        self._emulator.invoke_later(self.token.rpartition(":")[2], event)
        signal.wait(DURING if properties.get("Start") == "DuringStack" else TIMEOUT)
        del self._waiting[url]
        if not answers:
            return False
        stack.physical_id = answers[0]["PhysicalResourceId"]
        stack.deployment = answers[0].get("Data", {}).get("DeploymentId", "")
        self._clock.sleep(A_WHILE, "CloudFormation goes on")
        return bool(answers[0]["Status"] == "SUCCESS")

    def send(self, url: str, body: bytes) -> int:
        """Takes an answer in the place of CloudFormation's bucket."""
        if url not in self._waiting:
            return 403
        signal, answers = self._waiting[url]
        answers.append(json.loads(body))
        signal.set()
        return 200

    # -------------------------------------------------------------------------------------------- what it is asked

    def serve(self, operation: str, request: Any) -> Answer:
        """Answers a request to CloudFormation's API."""
        body = request.body.decode() if isinstance(request.body, bytes) else str(request.body)
        asked = {name: values[0] for name, values in parse_qs(body).items()}
        named = asked.get("StackName") or asked.get("PhysicalResourceId", "")
        matching = [stack for stack in self._stacks.values() if named in {stack.id, stack.physical_id}]
        if not matching or (operation == "DescribeStackResource" and matching[0].status == "DELETE_COMPLETE"):
            error = f"<Code>ValidationError</Code><Message>{escape(named)} does not exist</Message>"
            answer = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>"
            return 400, {"Content-Type": "text/xml"}, answer.encode()
        stack = matching[0]
        assert stack.began
        began = stack.began.isoformat()
        live = (
            f"<StackId>{stack.id}</StackId><LogicalResourceId>Live</LogicalResourceId><ResourceType>{TYPE}</ResourceType>"
            f"<PhysicalResourceId>{stack.physical_id}</PhysicalResourceId><ResourceStatus>UPDATE_IN_PROGRESS</ResourceStatus>"
        )
        result = {
            "DescribeStacks": f"<Stacks><member><StackId>{stack.id}</StackId><StackName>{stack.name}</StackName>"
            f"<StackStatus>{stack.status}</StackStatus><CreationTime>{began}</CreationTime></member></Stacks>",
            "DescribeStackResource": f"<StackResourceDetail>{live}</StackResourceDetail>",
            "DescribeStackResources": f"<StackResources><member>{live}</member></StackResources>",
        }[operation]
        answer = f"<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"
        return 200, {"Content-Type": "text/xml"}, answer.encode()
