"""What the cases are played with: a function of the smoke test's own, its alarm and groups; how deployments are seen."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

import boto3
from botocore.exceptions import ClientError

from acceptance.account import Account
from acceptance.installation import ALARM_TYPES
from acceptance.installed import SETTLING_SECONDS, Installed, Record, code_of, policy
from acceptance.waiting import PATIENCE, NotSo, until
from local.cloud import ROOT
from weighbridge.core import ids

MODELS = ROOT / "client" / "models"
ALIAS = "live"
GROUP = "smoke"
SOURCE = "def handler(event, context):\n    return context.function_version\n"
VERSIONS = 3
RUNNING = {"Created", "InProgress"}


class Stage(Installed):
    """`name` is the stack's, and begins the name of everything that is made here.

    `requests` is how many are sent to see how they are shared.
    """

    def __init__(self, account: Account, name: str, outputs: Mapping[str, str], requests: int = 2000) -> None:
        super().__init__(account, name, outputs)
        self.requests = requests
        self.function = f"{name}-subject"
        self.alarm = f"{name}-alarm"
        self.notices = f"{name}-notices"
        # A name of those that an installation may invoke by default.
        self.hooks = f"CodeDeployHook_{name}-"
        self.deployments: list[str] = []
        self._caller_role = ""
        self._refusal = ""
        self._notices: list[Record] = []

    # ------------------------------------------------------------------------------------------------ what is made

    def build(self) -> None:
        """The function with its versions, live on the first, and an alarm that only changes when it is told to."""
        role = self._role(self.function, {"Service": "lambda.amazonaws.com"})
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
            self.await_function(self.function)
            functions.update_function_configuration(FunctionName=self.function, Description=f"version {number}")
            self.await_function(self.function)
            functions.publish_version(FunctionName=self.function)
        functions.create_alias(FunctionName=self.function, Name=ALIAS, FunctionVersion="1")
        self.add_alarm(self.alarm)
        self._collect_notices()

    def _role(self, name: str, trusts: Mapping[str, Any], *rights: Mapping[str, Any]) -> str:
        iam = self.client("iam")
        trust = policy({"Effect": "Allow", "Principal": trusts, "Action": "sts:AssumeRole"})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        if rights:
            iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=policy(*rights))
        return str(arn)

    def _collect_notices(self) -> None:
        """Has a queue receive what Weighbridge says of the deployments here on the default bus."""
        queues, events = self.client("sqs"), self.client("events")
        url = queues.create_queue(QueueName=self.notices)["QueueUrl"]
        arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = {"source": ["weighbridge"], "detail": {"application": [self.name]}}
        rule = events.put_rule(Name=self.notices, EventPattern=json.dumps(pattern))["RuleArn"]
        sends = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        }
        queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(sends)})
        events.put_targets(Rule=self.notices, Targets=[{"Id": "queue", "Arn": arn}])

    def add_hook(self, kind: str, does: str, timeout: int = 60, **settings: Any) -> str:
        """A hook function that does one line; its name."""
        name = f"{self.hooks}{kind}"
        functions = self.client("lambda")
        role = functions.get_function_configuration(FunctionName=self.function)["Role"]
        source = f"import boto3, json, os, time\ndef handler(event, context):\n    {does}\n"
        chosen = {"Role": role} | settings

        def created() -> bool:
            try:
                functions.create_function(
                    FunctionName=name,
                    Runtime="python3.13",
                    Handler="app.handler",
                    Code={"ZipFile": _zipped(source)},
                    Timeout=timeout,
                    **chosen,
                )
            except functions.exceptions.InvalidParameterValueException:
                return False  # a new role is not known everywhere at once
            return True

        until("Lambda to know the hook's role", created)
        self.await_function(name)
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

    def add_log_alarm(self, name: str) -> None:
        """One that finds nothing in the log of Interrupt, and only changes when it is told to."""
        queries = {"Effect": "Allow", "Action": ["logs:StartQuery", "logs:StopQuery", "logs:GetQueryResults"]}
        services = {"Service": ["cloudwatch.amazonaws.com", "logs.amazonaws.com"]}
        role = self._role(f"{self.name}-log-query", services, queries | {"Resource": "*"})

        def put() -> bool:
            try:
                self.client("cloudwatch").put_log_alarm(
                    AlarmName=name,
                    ScheduledQueryConfiguration={
                        "QueryString": "fields @message | filter @message like /nothing that is ever logged/",
                        "LogGroupIdentifiers": [self.log_group("Interrupt")],
                        "ScheduledQueryRoleARN": role,
                        "ScheduleConfiguration": {"ScheduleExpression": "rate(5 minutes)", "StartTimeOffset": 300},
                        "AggregationExpression": "count(*)",
                    },
                    QueryResultsToEvaluate=1,
                    QueryResultsToAlarm=1,
                    Threshold=1,
                    ComparisonOperator="GreaterThanOrEqualToThreshold",
                    TreatMissingData="ignore",
                )
            except ClientError as error:
                if code_of(error) not in {"InvalidParameterValue", "InvalidParameterValueException", "ValidationError"}:
                    raise
                self._refusal = error.response["Error"]["Message"]
                return False  # a new role is not known everywhere at once
            return True

        try:
            until("CloudWatch to know the new role", put, 4 * SETTLING_SECONDS)
        except NotSo as otherwise:
            raise NotSo(f"{otherwise}: {self._refusal}") from otherwise
        self.set_alarm(name, "OK")

    def set_alarm(self, name: str, state: str) -> None:
        self.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="Weighbridge's smoke test")

    def set_snap_start(self, applies_on: str) -> None:
        """Whether snapshots are taken of the versions that are published from now on: PublishedVersions or None."""
        functions = self.client("lambda")
        functions.update_function_configuration(
            FunctionName=self.function, SnapStart={"ApplyOn": applies_on}, Description=f"snapshots: {applies_on}"
        )
        self.await_function(self.function)

    # -------------------------------------------------------------------------------------------------- who calls

    def caller_role(self) -> str:
        """The ARN of a role that may call the API by its URL, and report on the bus, as docs/operations.md has it."""
        if not self._caller_role:
            bus = self.client("events").describe_event_bus(Name=self.outputs["EventBusName"])["Arn"]
            partition, account = self.account.partition, self.account.id
            trusts = {"Service": "lambda.amazonaws.com", "AWS": f"arn:{partition}:iam::{account}:root"}
            reports = {
                "ForAllValues:StringEquals": {"events:detail-type": "Lifecycle Event Hook Reported"},
                "Null": {"events:detail-type": "false"},
            }
            rights = [{"Effect": "Allow", "Action": "events:PutEvents", "Resource": bus, "Condition": reports}]
            if self.has_api:
                api = self.client("lambda").get_function_configuration(FunctionName=self.function_of("Api"))["FunctionArn"]
                by_url = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
                rights += [
                    {"Effect": "Allow", "Action": "lambda:InvokeFunctionUrl", "Resource": api},
                    {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": api, "Condition": by_url},
                ]
            self._caller_role = self._role(f"{self.name}-caller", trusts, *rights)
        return self._caller_role

    @cached_property
    def caller(self) -> boto3.Session:
        """A session of that role."""
        role = self.caller_role()

        def assumed() -> boto3.Session | None:
            try:
                got = self.client("sts").assume_role(RoleArn=role, RoleSessionName="smoke")["Credentials"]
            except ClientError as error:
                if code_of(error) == "AccessDenied":
                    return None  # a new role is not known everywhere at once
                raise
            return _session(
                aws_access_key_id=got["AccessKeyId"],
                aws_secret_access_key=got["SecretAccessKey"],
                aws_session_token=got["SessionToken"],
                region_name=self.account.region,
            )

        return until("the role of the API's caller", assumed)

    def looks_at_rights(self) -> bool:
        """Whether the account refuses that caller what it has no right to, as an emulator may not."""
        try:
            self.caller.client("lambda").list_functions(MaxItems=1)
        except ClientError:
            return True
        return False

    def clear(self) -> list[str]:
        """Takes away what was made, whatever of it there is; what could not be taken away."""
        cloudwatch, functions = self.client("cloudwatch"), self.client("lambda")
        return [
            f"{what}: {problem}"
            for what, take in {
                # First what the stack's functions need in order to put traffic back.
                "rights": self.give_back,
                "open deployments": self.stop_all,
                "alarms": lambda: self._delete_alarms(cloudwatch),
                "hooks": self._delete_hooks,
                "the function": lambda: functions.delete_function(FunctionName=self.function),
                "roles": self._delete_roles,
                "the rule": self._delete_rule,
                "the queue": self._delete_queue,
            }.items()
            if (problem := _attempted(take))
        ]

    def _delete_alarms(self, cloudwatch: Any) -> None:
        alarms = cloudwatch.describe_alarms(AlarmNamePrefix=f"{self.name}-", AlarmTypes=ALARM_TYPES)
        # The stack's own alarms bear its name, too, and go with it. A composite alarm goes before what it is made of.
        for kind in ("CompositeAlarms", "MetricAlarms", "LogAlarms"):
            names = [alarm["AlarmName"] for alarm in alarms.get(kind, []) if alarm["AlarmName"].startswith(self.alarm)]
            if names:
                cloudwatch.delete_alarms(AlarmNames=names)

    def _delete_hooks(self) -> None:
        functions = self.client("lambda")
        pages = functions.get_paginator("list_functions").paginate()
        names = [function["FunctionName"] for page in pages for function in page["Functions"]]
        for name in names:
            if name.startswith(self.hooks):
                functions.delete_function(FunctionName=name)

    def _delete_roles(self) -> None:
        iam = self.client("iam")
        for name in (self.function, f"{self.name}-caller", f"{self.name}-log-query"):
            try:
                for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
                    iam.delete_role_policy(RoleName=name, PolicyName=policy)
                iam.delete_role(RoleName=name)
            except iam.exceptions.NoSuchEntityException:
                continue

    def _delete_rule(self) -> None:
        events = self.client("events")
        events.remove_targets(Rule=self.notices, Ids=["queue"])
        events.delete_rule(Name=self.notices)

    def _delete_queue(self) -> None:
        queues = self.client("sqs")
        queues.delete_queue(QueueUrl=queues.get_queue_url(QueueName=self.notices)["QueueUrl"])

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
            item = (self.item(f"GROUP#{self.name}/{group}", "GROUP") or {}).get("settings")
            return item is not None and (item != before or before is not None)

        until(f"the group {group}", taken_over)

    def drop(self, group: str = GROUP, target: str | None = None, **hooks: str) -> str:
        """Drops an AppSpec file that moves the alias to another version, or the given one; the deployment's id."""
        target = target or self.other_version()
        properties = {"Name": self.function, "Alias": ALIAS, "TargetVersion": target}
        resource = {"subject": {"Type": "AWS::Lambda::Function", "Properties": properties}}
        named = [{event: name} for event, name in hooks.items()]
        key = f"{self.name}/{group}/release.json"
        version = self.put(key, {"version": 0.0, "Resources": [resource], **({"Hooks": named} if named else {})})
        deployment_id = ids.deployment_id(f"s3://{self.outputs['BucketName']}/{key}?versionId={version}")
        self.deployments.append(deployment_id)
        return deployment_id

    def route(self, version: str) -> None:
        """Moves all traffic behind Weighbridge's back."""
        self.client("lambda").update_alias(
            FunctionName=self.function, Name=ALIAS, FunctionVersion=version, RoutingConfig={"AdditionalVersionWeights": {}}
        )

    def send(self, detail_type: str, detail: Mapping[str, Any]) -> str:
        """Puts an event on the stack's bus; its id."""
        entry = {
            "EventBusName": self.outputs["EventBusName"],
            "Source": "weighbridge.smoke",
            "DetailType": detail_type,
            "Detail": json.dumps(detail),
        }
        answer = self.client("events").put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise NotSo(f"the event was refused: {answer['Entries'][0]['ErrorMessage']}")
        return str(answer["Entries"][0]["EventId"])

    @cached_property
    def api(self) -> Any:
        """A client of the API by its own model, which signs as a function's URL wants it."""
        return self.api_of(_session(profile_name=self.account.profile, region_name=self.account.region))

    def api_of(self, session: boto3.Session) -> Any:
        """The same for a session of _session's."""
        return session.client("weighbridge", endpoint_url=self.outputs["ApiUrl"])  # type: ignore[call-overload]

    # ---------------------------------------------------------------------------------------------- what is seen

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
        alias = self.client("lambda").get_alias(FunctionName=self.function, Name=ALIAS)
        return alias["FunctionVersion"], alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    def other_version(self) -> str:
        return str(int(self.routing()[0]) % VERSIONS + 1)

    def seconds_until_back(self, version: str, limit: float) -> float:
        """How long it takes from now until all traffic is on that version."""
        began = time.monotonic()
        until("all traffic to be back", lambda: self.routing() == (version, {}), limit)
        return time.monotonic() - began

    def noticed(self, deployment_id: str, what: str, seconds: float = PATIENCE) -> None:
        """Waits until the default bus was told that of a deployment: a detail-type, or a state."""
        until(f"{what} of {deployment_id} on the default bus", lambda: self.has_noticed(deployment_id, what), seconds)

    def has_noticed(self, deployment_id: str, what: str) -> bool:
        self._notices += [json.loads(message["Body"]) for message in self._taken_out(self.notices)]
        return any(
            notice["detail"]["deploymentId"] == deployment_id
            and what in {notice["detail-type"], notice["detail"].get("state")}
            for notice in self._notices
        )

    def _taken_out(self, queue: str) -> list[dict[str, Any]]:
        queues = self.client("sqs")
        url = queues.get_queue_url(QueueName=queue)["QueueUrl"]
        messages: list[dict[str, Any]] = queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return messages


def outcome(record: Record) -> str:
    """Status and error code."""
    return f"{record.get('status')} {record.get('errorInformation', {}).get('code', '')}".strip()


def _attempted(take: Callable[[], object]) -> str:
    """Why something could not be taken away; empty where it is not there any more."""
    try:
        take()
    except (ClientError, NotSo) as error:
        gone = isinstance(error, ClientError) and code_of(error) in _GONE
        return "" if gone else str(error)
    return ""


_GONE = {
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchEntity",
    "QueueDoesNotExist",
    "ResourceNotFound",
    "ResourceNotFoundException",
}


def _session(**settings: str | None) -> boto3.Session:
    """A session that has the model of Weighbridge's API."""
    # Of its own, because a session looks for models once, and boto3 has no public way to add a place to look in.
    session = boto3.Session(**settings)  # type: ignore[arg-type]
    session._loader.search_paths.append(str(MODELS))  # noqa: SLF001
    return session


def _zipped(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as files:
        files.writestr("app.py", source)
    return buffer.getvalue()


def middle(values: Iterable[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]
