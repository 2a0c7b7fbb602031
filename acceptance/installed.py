"""The stack of the smoke test as its owner sees it, and how it is broken for a while, and mended in any case."""

import contextlib
import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from acceptance.account import Account, endpoint
from acceptance.installation import resources
from acceptance.waiting import NotSo, until
from weighbridge.core import refusals

SETTLING_SECONDS = 15.0
"""Until AWS heeds everywhere what was changed about a right, or who may invoke a function."""
LOG_SECONDS = 90.0
"""Until a log can be searched for what was just written to it."""
DENIED = "smoke-denied"
_INIT = re.compile(r"Init Duration: ([0-9.]+) ms")
_plain = TypeDeserializer().deserialize
Record = Mapping[str, Any]


class Installed:
    """`name` is the stack's."""

    def __init__(self, account: Account, name: str, outputs: Mapping[str, str]) -> None:
        self.account, self.name, self.outputs = account, name, outputs
        self.client = account.client
        self._denied: list[str] = []

    # ---------------------------------------------------------------------------------------------------- what is seen

    def item(self, pk: str, sk: str) -> Record | None:
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        answer = self.client("dynamodb").get_item(TableName=self.outputs["TableName"], Key=key, ConsistentRead=True)
        return {name: _plain(value) for name, value in answer["Item"].items()} if "Item" in answer else None

    @cached_property
    def _resources(self) -> list[Mapping[str, Any]]:
        return resources(self.account, self.name)

    def _physical(self, kind: str, *logical: str) -> str:
        """The name of the stack's resource of that type whose logical id begins with one of these."""
        [name] = [
            str(resource["PhysicalResourceId"])
            for resource in self._resources
            if resource["ResourceType"] == kind and resource["LogicalResourceId"].startswith(logical)
        ]
        return name

    @property
    def has_api(self) -> bool:
        return "ApiUrl" in self.outputs

    def function_of(self, construct: str) -> str:
        return self._physical("AWS::Lambda::Function", f"{construct}Function")

    def log_group(self, construct: str) -> str:
        return self._physical("AWS::Logs::LogGroup", f"{construct}Logs")

    def _rule(self, construct: str) -> str:
        """Of a rule on a bus of its own the name is the last part."""
        return self._physical("AWS::Events::Rule", f"Events{construct}").rpartition("|")[2].rpartition("/")[2]

    def _queue(self, construct: str) -> str:
        return self._physical("AWS::SQS::Queue", f"Failures{construct}")

    def is_firing(self, construct: str) -> bool:
        name = self._physical("AWS::CloudWatch::Alarm", f"Failures{construct}Alarm")
        [alarm] = self.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return bool(alarm["StateValue"] == "ALARM")

    def counts(self) -> bool:
        """Whether anything that functions log is counted in metrics, as an emulator may not."""
        return bool(self.client("cloudwatch").list_metrics(Namespace="Weighbridge")["Metrics"])

    def starts(self, construct: str, since: float) -> list[float]:
        """How many seconds it took to start the function, each time since then, by what Lambda writes to its log."""
        query = {"logGroupName": self.log_group(construct), "startTime": int(since * 1000), "filterPattern": '"REPORT"'}

        def reports() -> list[str]:
            pages = self.client("logs").get_paginator("filter_log_events").paginate(**query)
            return [event["message"] for page in pages for event in page["events"]]

        lines = until(f"the log of {construct}", reports, LOG_SECONDS)
        return [float(match[1]) / 1000 for line in lines if (match := _INIT.search(line))]

    def refused(self, event_id: str) -> bool:
        """Whether an event has come to a function, and been refused by it."""
        return self.item(f"REFUSAL#{refusals.digest(f'event {event_id}')}", "REFUSAL") is not None

    def has_dead_letter(self, queue: str, about: str) -> bool:
        """Whether a message lies in a queue of dead letters that has this in it; it is left there."""
        url = self._queue(queue)
        answer = self.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return any(about in message["Body"] for message in answer.get("Messages", []))

    # ------------------------------------------------------------------------------------------- what is broken, and mended

    @contextlib.contextmanager
    def without_rule(self, name: str) -> Iterator[None]:
        """Disables one of the stack's rules meanwhile."""
        events, rule = self.client("events"), self._rule(name)
        try:
            events.disable_rule(Name=rule)
            yield
        finally:
            events.enable_rule(Name=rule)

    @contextlib.contextmanager
    def denied(self, constructs: Iterable[str], *actions: str) -> Iterator[None]:
        """Takes rights from the roles of some of the stack's functions meanwhile."""
        functions, iam = self.client("lambda"), self.client("iam")
        configurations = [functions.get_function_configuration(FunctionName=self.function_of(each)) for each in constructs]
        deny = policy({"Effect": "Deny", "Action": actions, "Resource": "*"})
        try:
            for each in configurations:
                role = each["Role"].rpartition("/")[2]
                self._denied.append(role)
                iam.put_role_policy(RoleName=role, PolicyName=DENIED, PolicyDocument=deny)
            self._settle()
            yield
        finally:
            self.give_back()

    def give_back(self) -> None:
        """Gives back what was taken; what cannot be is tried again at the end, without keeping the others."""
        iam, failures = self.client("iam"), []
        for role in list(self._denied):
            try:
                iam.delete_role_policy(RoleName=role, PolicyName=DENIED)
            except iam.exceptions.NoSuchEntityException:
                pass
            except ClientError as error:
                failures.append(error)
                continue
            self._denied.remove(role)
        if failures:
            raise failures[0]

    @contextlib.contextmanager
    def broken(self, construct: str) -> Iterator[None]:
        """Lets one of the stack's functions crash at each call meanwhile, as a broken release of it would."""
        handler = self._configuration(construct)["Handler"]
        try:
            self._configure(construct, Handler="operator.truediv")  # a TypeError
            yield
        finally:
            self._configure(construct, Handler=handler)

    def cool(self, constructs: Iterable[str]) -> None:
        """Has functions start anew at their next call, as they do after a change of their environment."""
        for construct in constructs:
            variables = self._configuration(construct)["Environment"]["Variables"]
            try:
                self._configure(construct, Environment={"Variables": {**variables, "COOLED": "yes"}})
            finally:
                self._configure(construct, Environment={"Variables": variables})

    def _configuration(self, construct: str) -> dict[str, Any]:
        return dict(self.client("lambda").get_function_configuration(FunctionName=self.function_of(construct)))

    def _configure(self, construct: str, **settings: Any) -> None:
        name = self.function_of(construct)
        self.client("lambda").update_function_configuration(FunctionName=name, **settings)
        self.await_function(name)

    def await_function(self, name: str) -> None:
        """Waits until a function is as it was last told to be. Raises NotSo where it will not be."""

        def ask() -> bool:
            configuration = self.client("lambda").get_function_configuration(FunctionName=name)
            states = (configuration.get("State"), configuration.get("LastUpdateStatus"))
            if "Failed" in states:
                raise NotSo(f"{name}: {configuration.get('LastUpdateStatusReason') or configuration.get('StateReason')}")
            return states == ("Active", "Successful")

        until(f"the function {name}", ask)

    @contextlib.contextmanager
    def not_permitted(self, rule: str, construct: str) -> Iterator[None]:
        """Forbids a rule meanwhile to invoke a function, which is how EventBridge comes to write a dead letter at once."""
        functions, name = self.client("lambda"), self.function_of(construct)
        statements = json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"]
        [permits] = [statement for statement in statements if _source(statement).endswith(f"/{self._rule(rule)}")]
        try:
            functions.remove_permission(FunctionName=name, StatementId=permits["Sid"])
            self._settle()
            yield
        finally:
            # It is there already where it could not be taken away.
            with contextlib.suppress(functions.exceptions.ResourceConflictException):
                functions.add_permission(
                    FunctionName=name,
                    StatementId=permits["Sid"],
                    Action=permits["Action"],
                    Principal=permits["Principal"]["Service"],
                    SourceArn=_source(permits),
                )

    def send_dead_letter(self, construct: str, about: str) -> None:
        """Puts a dead letter into the queue of events that is addressed to one of the stack's functions.

        The queue's policy lets nobody do so, without which it is for that long.
        """
        queues, url = self.client("sqs"), self._queue("Events")
        closed = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
        opened = [
            statement for statement in json.loads(closed)["Statement"] if "aws:PrincipalArn" not in json.dumps(statement)
        ]
        to = {"DataType": "String", "StringValue": self._configuration(construct)["FunctionArn"]}

        dead_letter = {"MessageBody": json.dumps({"id": about}), "MessageAttributes": {"TARGET_ARN": to}}

        def sent() -> bool:
            try:
                queues.send_message(QueueUrl=url, **dead_letter)
            except ClientError as error:
                if "AccessDenied" not in code_of(error):
                    raise
                return False  # a queue's policy takes up to a minute
            return True

        try:
            queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(*opened)})
            until("the queue to take a dead letter", sent)
        finally:
            queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": closed})

    def _settle(self) -> None:
        time.sleep(0 if endpoint() else SETTLING_SECONDS)


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _source(statement: Mapping[str, Any]) -> str:
    """The ARN that a statement of a function's policy is for; empty where it is for any."""
    return str(statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", ""))
