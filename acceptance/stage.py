"""What the cases are played with: a function of the smoke test's own, its alarm and groups; how deployments are seen."""

import contextlib
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

import boto3
from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from acceptance.account import Account
from local.cloud import ROOT
from weighbridge.core import ids

T = TypeVar("T")

MODELS = ROOT / "client" / "models"
ALIAS = "live"
GROUP = "smoke"
SOURCE = "def handler(event, context):\n    return context.function_version\n"
VERSIONS = 3
PATIENCE = 300.0
"""Seconds that a step of a case may take on AWS."""
PAUSE = 0.1
RUNNING = {"Created", "InProgress"}
_plain = TypeDeserializer().deserialize
Record = Mapping[str, Any]


class NotSo(Exception):
    """Something is otherwise than a case says."""


def until(what: str, ask: Callable[[], T | None], seconds: float = PATIENCE) -> T:
    """The first answer. Raises NotSo where there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise NotSo(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(PAUSE)


class Stage:
    """`name` is the stack's, and begins the name of everything that is made here.

    `requests` is how many are sent to see how they are shared.
    """

    def __init__(self, account: Account, name: str, outputs: Mapping[str, str], requests: int = 2000) -> None:
        self.account, self.name, self.outputs, self.requests = account, name, outputs, requests
        self.function = f"{name}-subject"
        self.alarm = f"{name}-alarm"
        # A name of those that an installation may invoke by default.
        self.hooks = f"CodeDeployHook_{name}-"
        self.deployments: list[str] = []
        self.client = account.client

    # ------------------------------------------------------------------------------------------------ what is made

    def build(self) -> None:
        """The function with its versions, live on the first, and an alarm that only changes when it is told to."""
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = self.client("iam").create_role(RoleName=self.function, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        functions = self.client("lambda")

        def created() -> bool:
            try:
                functions.create_function(
                    FunctionName=self.function,
                    Runtime="python3.13",
                    Role=role,
                    Handler="app.handler",
                    Code={"ZipFile": _zipped(SOURCE)},
                )
            except functions.exceptions.InvalidParameterValueException:
                return False  # a new role is not known everywhere at once
            return True

        until("Lambda to know the new role", created)
        for number in range(1, VERSIONS + 1):
            functions.get_waiter("function_updated_v2").wait(FunctionName=self.function)
            functions.update_function_configuration(FunctionName=self.function, Description=f"version {number}")
            functions.get_waiter("function_updated_v2").wait(FunctionName=self.function)
            functions.publish_version(FunctionName=self.function)
        functions.create_alias(FunctionName=self.function, Name=ALIAS, FunctionVersion="1")
        self.add_alarm(self.alarm)

    def add_hook(self, kind: str, does: str, timeout: int = 60) -> str:
        """A hook function that does one line; its name."""
        name = f"{self.hooks}{kind}"
        functions = self.client("lambda")
        functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=functions.get_function_configuration(FunctionName=self.function)["Role"],
            Handler="app.handler",
            Code={"ZipFile": _zipped(f"import time\ndef handler(event, context):\n    {does}\n")},
            Timeout=timeout,
        )
        functions.get_waiter("function_active_v2").wait(FunctionName=name)
        return name

    def add_alarm(self, name: str, **metric: Any) -> None:
        by_name = {"Namespace": "WeighbridgeSmoke", "MetricName": name, "Statistic": "Sum", "Period": 60}
        self.client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="ignore",
            **(metric or by_name),
        )
        self.set_alarm(name, "OK")

    def set_alarm(self, name: str, state: str) -> None:
        self.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="Weighbridge's smoke test")

    def clear(self) -> list[str]:
        """Takes away what was made, whatever of it there is; what could not be taken away."""
        cloudwatch, functions, iam = self.client("cloudwatch"), self.client("lambda"), self.client("iam")
        return [
            f"{what}: {problem}"
            for what, take in {
                "open deployments": self.stop_all,
                "alarms": lambda: self._delete_alarms(cloudwatch),
                "hooks": self._delete_hooks,
                "the function": lambda: functions.delete_function(FunctionName=self.function),
                "the role": lambda: iam.delete_role(RoleName=self.function),
            }.items()
            if (problem := _attempted(take))
        ]

    def _delete_alarms(self, cloudwatch: Any) -> None:
        found = cloudwatch.describe_alarms(AlarmNamePrefix=f"{self.name}-", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        # The stack's own alarms bear its name, too, and go with it. A composite alarm goes before what it is made of.
        for kind in ("CompositeAlarms", "MetricAlarms"):
            names = [one["AlarmName"] for one in found.get(kind, []) if one["AlarmName"].startswith(self.alarm)]
            if names:
                cloudwatch.delete_alarms(AlarmNames=names)

    def _delete_hooks(self) -> None:
        functions = self.client("lambda")
        pages = functions.get_paginator("list_functions").paginate()
        names = [one["FunctionName"] for page in pages for one in page["Functions"]]
        for name in names:
            if name.startswith(self.hooks):
                functions.delete_function(FunctionName=name)

    def stop_all(self) -> None:
        """Ends every deployment that was begun here: without the stack nothing would end it."""
        for deployment_id in self.deployments:
            if (self.record(deployment_id) or {}).get("status") in RUNNING:
                self.send("Deployment Stop Requested", {"deploymentId": deployment_id, "autoRollbackEnabled": True})
                self.ended(deployment_id)

    # --------------------------------------------------------------------------------------------- what users do

    def put(self, key: str, document: Mapping[str, Any]) -> str:
        """Drops a file, and returns its version's id."""
        body = json.dumps(document).encode()
        return str(self.client("s3").put_object(Bucket=self.outputs["BucketName"], Key=key, Body=body)["VersionId"])

    def configure(self, group: str = GROUP, **settings: Any) -> None:
        """Drops a group's settings, and waits until they are taken over."""
        before = (self.item(f"GROUP#{self.name}/{group}", "GROUP") or {}).get("settings")
        self.put(f"{self.name}/{group}/deployment-group.yaml", settings)

        def taken_over() -> bool:
            kept = (self.item(f"GROUP#{self.name}/{group}", "GROUP") or {}).get("settings")
            return kept is not None and (kept != before or before is not None)

        until(f"the group {group}", taken_over)

    def drop(self, group: str = GROUP, **hooks: str) -> str:
        """Drops an AppSpec file that moves the alias to another version; the deployment's id."""
        target = self.other_version()
        properties = {"Name": self.function, "Alias": ALIAS, "TargetVersion": target}
        resource = {"subject": {"Type": "AWS::Lambda::Function", "Properties": properties}}
        named = [{event: name} for event, name in hooks.items()]
        key = f"{self.name}/{group}/release.json"
        version = self.put(key, {"version": 0.0, "Resources": [resource], **({"Hooks": named} if named else {})})
        deployment_id = ids.deployment_id(f"s3://{self.outputs['BucketName']}/{key}?versionId={version}")
        self.deployments.append(deployment_id)
        return deployment_id

    def send(self, detail_type: str, detail: Mapping[str, Any]) -> None:
        entry = {
            "EventBusName": self.outputs["EventBusName"],
            "Source": "weighbridge.smoke",
            "DetailType": detail_type,
            "Detail": json.dumps(detail),
        }
        answer = self.client("events").put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise NotSo(f"the event was refused: {answer['Entries'][0]['ErrorMessage']}")

    @cached_property
    def api(self) -> Any:
        """A client of the API by its own model, which signs as a function's URL wants it."""
        # Of its own, because a session looks for models once, and boto3 has no public way to add a place to look in.
        session = boto3.Session(profile_name=self.account.profile, region_name=self.account.region)
        session._loader.search_paths.append(str(MODELS))  # noqa: SLF001
        return session.client("weighbridge", endpoint_url=self.outputs["ApiUrl"])  # type: ignore[call-overload]

    # ---------------------------------------------------------------------------------------------- what is seen

    def item(self, pk: str, sk: str) -> Record | None:
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        found = self.client("dynamodb").get_item(TableName=self.outputs["TableName"], Key=key, ConsistentRead=True)
        return {name: _plain(value) for name, value in found["Item"].items()} if "Item" in found else None

    def record(self, deployment_id: str) -> Record | None:
        return self.item(f"DEPLOYMENT#{deployment_id}", "DEPLOYMENT")

    def ended(self, deployment_id: str, seconds: float = PATIENCE) -> Record:
        def ask() -> Record | None:
            record = self.record(deployment_id)
            return record if record and record["status"] not in RUNNING else None

        return until(f"the end of {deployment_id}", ask, seconds)

    def baking(self, deployment_id: str) -> Record:
        """The record once the first share is watched."""

        def ask() -> Record | None:
            record = self.record(deployment_id) or {}
            if record.get("status", "Created") not in RUNNING:
                raise NotSo(f"{deployment_id} ended before its bake: {outcome(record)}")
            return record if record.get("gate", {}).get("waitingFor") == "bake" else None

        return until(f"the bake of {deployment_id}", ask)

    def in_hook(self, deployment_id: str, event: str) -> None:
        """Waits until a hook has been called."""
        until(f"the hook of {deployment_id}", lambda: event in (self.record(deployment_id) or {}).get("hooks", {}))

    def routing(self) -> tuple[str, dict[str, float]]:
        found = self.client("lambda").get_alias(FunctionName=self.function, Name=ALIAS)
        return found["FunctionVersion"], found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    def other_version(self) -> str:
        return str(int(self.routing()[0]) % VERSIONS + 1)

    def seconds_until_back(self, version: str, limit: float) -> float:
        """How long it takes from now until all traffic is on that version."""
        began = time.monotonic()
        until("all traffic to be back", lambda: self.routing() == (version, {}), limit)
        return time.monotonic() - began

    @contextlib.contextmanager
    def without_rule(self, name: str) -> Iterator[None]:
        """Disables one of the stack's rules meanwhile."""
        events = self.client("events")
        pages = events.get_paginator("list_rules").paginate()
        prefix = f"{self.name}-"
        [rule] = [
            one["Name"] for page in pages for one in page["Rules"] if one["Name"].startswith(prefix) and name in one["Name"]
        ]
        events.disable_rule(Name=rule)
        try:
            yield
        finally:
            events.enable_rule(Name=rule)


def outcome(record: Record) -> str:
    """Status and error code."""
    return f"{record.get('status')} {record.get('errorInformation', {}).get('code', '')}".strip()


def expect(found: Any, expected: Any, what: str) -> None:
    """Raises NotSo where it is not as expected."""
    if found != expected:
        raise NotSo(f"{what}: {found!r} instead of {expected!r}")


def _attempted(take: Callable[[], object]) -> str:
    """Why something could not be taken away; empty where it is not there any more."""
    try:
        take()
    except (ClientError, NotSo) as error:
        gone = isinstance(error, ClientError) and error.response["Error"]["Code"] in _GONE
        return "" if gone else str(error)
    return ""


_GONE = {"ResourceNotFoundException", "NoSuchEntity", "ResourceNotFound"}


def _zipped(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as files:
        files.writestr("app.py", source)
    return buffer.getvalue()


def middle(values: Iterable[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]
