"""What scenarios are told with: functions, hooks, alarms, groups, drops, and how deployments end.

Everything goes the way a user goes: files into the bucket, events onto the bus, stock boto3. Nothing sleeps for luck:
what is waited for is asked for until a deadline.
"""

import io
import itertools
import json
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import boto3
import yaml
from boto3.dynamodb.types import TypeDeserializer

from local.cloud import LocalCloud, session
from scenarios.recipes import Recipes, recipes
from weighbridge.core import ids

SCALE = 0.004
"""Seconds a second of AWS takes: a minute's bake is over in a quarter of a second, a hook's hour in fourteen seconds."""
DEPLOYABLE = "shop*"
"""The functions whose aliases this installation may shift."""
CHOICES = {"hookUrl": True, "deployableFunctions": DEPLOYABLE, "reservedConcurrency": "on"}
"""How this installation differs from the settings of cdk.json."""
PATIENCE = 40.0
SOURCE = "def handler(event, context):\n    return {answer!r}\n"
BROKEN = "def handler(event, context):\n    raise RuntimeError('this version is broken')\n"
ACCOUNT = "000000000000"
LAMBDA = {"Service": "lambda.amazonaws.com"}
T = TypeVar("T")

_deserializer = TypeDeserializer()
_numbers = itertools.count(1)


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item of the table as Python values."""
    return {name: _deserializer.deserialize(value) for name, value in item.items()}


def until(what: str, ask: Callable[[], T | None], patience: float = PATIENCE) -> T:
    """Asks until there is an answer; fails, naming `what`, where there is none in time."""
    began = time.monotonic()
    while True:
        answer = ask()
        if answer:
            return answer
        waited = time.monotonic() - began
        if waited > patience:
            raise AssertionError(f"waited {patience} s in vain for {what}")
        # A look costs two processes ten milliseconds: more often, looks alone keep a core busy.
        time.sleep(min(max(0.06, waited / 8), 0.5))


@dataclass(frozen=True)
class Alias:
    version: str
    weights: Mapping[str, float]


@dataclass(frozen=True)
class Deployment:
    """A deployment that has ended: its record, its execution's end, and the states that the execution went through."""

    record: dict[str, Any]
    execution: dict[str, Any]
    states: list[str]

    @property
    def id(self) -> str:
        return str(self.record["deploymentId"])

    @property
    def outcome(self) -> tuple[str, str | None]:
        """Status and error code."""
        return self.record["status"], self.record.get("errorInformation", {}).get("code")

    @property
    def message(self) -> str:
        return str(self.record.get("errorInformation", {}).get("message", ""))

    @property
    def lifecycle(self) -> list[str]:
        events = ("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic")
        return [self.record["lifecycleEvents"][event]["status"] for event in events]

    def timeline(self, event: str) -> list[dict[str, Any]]:
        return [entry for entry in self.record["timeline"] if entry["event"] == event]

    @property
    def weights(self) -> list[float]:
        return [float(entry["weight"]) for entry in self.timeline("TrafficShifted")]


@dataclass(frozen=True)
class Shop:
    """A function of its own for one scenario, with its alias `live`, in an application and group of the same name."""

    name: str


class World:
    brief_minutes = 25
    """Of the bake of the configuration `Brief`: six seconds in scaled time, so that a busy machine sees it, too."""

    def __init__(self, cloud: LocalCloud, outputs: Mapping[str, str]) -> None:
        self.cloud = cloud
        self.outputs = outputs
        self.bucket = outputs["BucketName"]
        self._clients: dict[str, Any] = {}
        self._function_role = self.role("Shop", trusting(LAMBDA))
        tells = allow("sqs:SendMessage", f"arn:aws:sqs:{cloud.region}:{ACCOUNT}:hook-*")
        reports = self.recipes("shop").reports["Statement"]
        self._hook_role = self.role("Hook", trusting(LAMBDA), tells, *reports)
        self._put_configurations()

    def client(self, service: str) -> Any:
        """A stock client of the account's root, who may do everything."""
        return self._clients.setdefault(service, self.cloud.client(service))

    def until(self, what: str, ask: Callable[[], T | None], patience: float = PATIENCE) -> T:
        """Asks until there is an answer; fails, naming `what`, where there is none in time."""
        return until(what, ask, patience)

    def pause(self, seconds: float) -> None:
        """Lets so many seconds of AWS pass before something is looked at again."""
        time.sleep(seconds * self.cloud.time_scale)

    def log(self) -> str:
        """What the functions have written to their logs."""
        return self.cloud.log.read_text()

    def recipes(self, team: str) -> Recipes:
        return recipes(team, bucket=self.bucket, account=ACCOUNT, region=self.cloud.region)

    # ----------------------------------------------------------------------------------------- what there is

    def role(self, name: str, trust: Mapping[str, Any], *statements: Mapping[str, Any]) -> str:
        """The ARN of a role with that trust policy, which may do what the statements say."""
        iam = self.client("iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=json.dumps(policy(*statements)))
        return str(arn)

    def user(self, name: str, *statements: Mapping[str, Any]) -> boto3.Session:
        """A user who may do what the statements say."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=json.dumps(policy(*statements)))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return session({"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]})

    def function(self, name: str, *sources: str, role: str | None = None) -> None:
        """A function with one published version a source."""
        functions = self.client("lambda")
        functions.create_function(
            FunctionName=name,
            Runtime="python3.14",
            Role=role or self._function_role,
            Handler="app.handler",
            Code={"ZipFile": zipped(sources[0])},
            Timeout=20,
        )
        functions.publish_version(FunctionName=name)
        for source in sources[1:]:
            functions.update_function_code(FunctionName=name, ZipFile=zipped(source))
            functions.publish_version(FunctionName=name)

    def shop(self, *, versions: int = 3, last: str | None = None, **settings: Any) -> Shop:
        """A function with `versions` versions (the last one of source `last`), live on version 1, and its group."""
        shop = Shop(f"shop-{next(_numbers)}")
        sources = [SOURCE.format(answer=n) for n in range(1, versions + 1)]
        self.function(shop.name, *sources[:-1], last or sources[-1])
        self.client("lambda").create_alias(FunctionName=shop.name, Name="live", FunctionVersion="1")
        self.group(shop, **settings)
        return shop

    def group(self, shop: Shop, **settings: Any) -> None:
        """Drops the group's settings and waits until they are taken over."""
        self.put(f"{shop.name}/prod/deployment-group.yaml", yaml.safe_dump(settings))

        def taken_over() -> bool:
            item = (self.item(f"GROUP#{shop.name}/prod", "GROUP") or {}).get("settings")
            return (
                item is not None
                and item.get("deploymentConfigName") == settings.get("deploymentConfigName")
                and ("alarmConfiguration" in item) == ("alarmConfiguration" in settings)
            )

        self.until(f"the group of {shop.name}", taken_over)

    def hook(self, source: str, name: str | None = None) -> str:
        """A hook function; its source may use `event` and answer by `return`."""
        name = name or f"CodeDeployHook_{next(_numbers)}"
        body = "\n".join(f"    {line}" for line in source.splitlines())
        self.function(name, f"import json, boto3, os\ndef handler(event, context):\n{body}\n", role=self._hook_role)
        return name

    def queue(self, name: str, service: str) -> tuple[str, str]:
        """The URL and the ARN of a queue to which the service (`sns`, `events`) may send."""
        queues = self.client("sqs")
        url = queues.create_queue(QueueName=name)["QueueUrl"]
        arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        statement = allow("sqs:SendMessage", arn) | {"Principal": {"Service": f"{service}.amazonaws.com"}}
        queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy(statement))})
        return str(url), str(arn)

    def alarm(self, *, state: str = "OK", name: str | None = None, **metric: Any) -> str:
        """An alarm in a given state; without a metric of its own it stays there until it is set otherwise."""
        name = name or f"alarm-{next(_numbers)}"
        base = {
            "Namespace": "Quiet",
            "MetricName": name,
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "ignore",
        }
        self.client("cloudwatch").put_metric_alarm(AlarmName=name, **(base | metric))
        self.set_alarm(name, state)
        return name

    def set_alarm(self, name: str, state: str) -> None:
        self.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="the scenario says so")

    # --------------------------------------------------------------------------------------- what users do

    def put(self, key: str, content: str | bytes, by: boto3.Session | None = None) -> str:
        body = content if isinstance(content, bytes) else content.encode()
        files = self.cloud.client("s3", by) if by else self.client("s3")
        return str(files.put_object(Bucket=self.bucket, Key=key, Body=body)["VersionId"])

    def drop(self, shop: Shop, target: str = "2", *, current: str | None = "1", **hooks: str) -> str:
        """Drops an AppSpec file and returns the id of the deployment that came of it."""
        return self.drop_file(shop, appspec(shop.name, target, current=current, **hooks))

    def drop_file(
        self,
        shop: Shop,
        content: str | bytes,
        name: str = "release.yaml",
        group: str = "prod",
        by: boto3.Session | None = None,
    ) -> str:
        key = f"{shop.name}/{group}/{name}"
        return self.deployment_of(f"s3://{self.bucket}/{key}?versionId={self.put(key, content, by)}")

    def request(self, shop: Shop, detail: Mapping[str, Any]) -> str:
        """Sends a Deployment Requested event and returns the id of the deployment that came of it."""
        names = {"applicationName": shop.name, "deploymentGroupName": "prod"}
        return self.deployment_of(f"event {self.send('Deployment Requested', names | dict(detail))}")

    def send(self, detail_type: str, detail: Mapping[str, Any]) -> str:
        """Puts an event on the weighbridge bus, as a pipeline of the user's would, and returns the event's id."""
        entry = {
            "EventBusName": self.outputs["EventBusName"],
            "Source": "my.pipeline",
            "DetailType": detail_type,
            "Detail": json.dumps(detail),
        }
        return str(self.client("events").put_events(Entries=[entry])["Entries"][0]["EventId"])

    def stop(self, deployment_id: str, **options: bool) -> None:
        self.send("Deployment Stop Requested", {"deploymentId": deployment_id, **options})

    def route(self, shop: Shop, version: str, weights: Mapping[str, float] | None = None) -> None:
        """Moves the alias behind Weighbridge's back."""
        self.client("lambda").update_alias(
            FunctionName=shop.name,
            Name="live",
            FunctionVersion=version,
            RoutingConfig={"AdditionalVersionWeights": dict(weights or {})},
        )

    def delete_files(self) -> None:
        """Deletes what has been dropped: scheduled runs ask after each file of the last hour, however time is scaled."""
        files = self.client("s3")
        for page in files.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            keys = [{"Key": each["Key"]} for each in page.get("Contents", [])]
            if keys:
                files.delete_objects(Bucket=self.bucket, Delete={"Objects": keys})

    # -------------------------------------------------------------------------------------- what is seen

    def alias(self, shop: Shop) -> Alias:
        answer = self.client("lambda").get_alias(FunctionName=shop.name, Name="live")
        return Alias(answer["FunctionVersion"], answer.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}))

    def item(self, pk: str, sk: str) -> dict[str, Any] | None:
        answer = (
            self.client("dynamodb")
            .get_item(TableName=self.outputs["TableName"], Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True)
            .get("Item")
        )
        return plain(answer) if answer else None

    def record(self, deployment_id: str) -> dict[str, Any]:
        return self.until(f"the record of {deployment_id}", lambda: self.item(f"DEPLOYMENT#{deployment_id}", "DEPLOYMENT"))

    def records(self) -> list[dict[str, Any]]:
        """The records of all deployments."""
        pages = (
            self.client("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=self.outputs["TableName"],
                FilterExpression="sk = :record AND begins_with(pk, :deployment)",
                ExpressionAttributeValues={":record": {"S": "DEPLOYMENT"}, ":deployment": {"S": "DEPLOYMENT#"}},
                ConsistentRead=True,
            )
        )
        return [plain(item) for page in pages for item in page["Items"]]

    def deployment_of(self, identity: str) -> str:
        """The id of the deployment that `identity` (an object's version or an event) became."""
        named = ids.deployment_id(identity)
        assert self.record(named)["identity"] == identity
        return named

    def deployment_asked_for_by(self, execution: str) -> str:
        """The id of the deployment that an execution of the machine has asked for by which others deploy."""

        def ask() -> str | None:
            asked = (record["deploymentId"] for record in self.records() if f"{execution} " in record["identity"])
            return next(asked, None)

        return self.until(f"the deployment of {execution}", ask)

    def in_bake(self, deployment_id: str, step: int = 1) -> dict[str, Any]:
        """Waits until step `step` has been taken and is watched; the record then."""

        def ask() -> dict[str, Any] | None:
            record = self.record(deployment_id)
            if record["status"] not in {"Created", "InProgress"}:
                raise AssertionError(f"{deployment_id} has ended: {record.get('errorInformation')}")
            shifts = [entry for entry in record["timeline"] if entry["event"] == "TrafficShifted"]
            return record if len(shifts) >= step and record.get("gate", {}).get("waitingFor") == "bake" else None

        return self.until(f"the bake of {deployment_id}", ask)

    def in_hook(self, deployment_id: str, event: str) -> dict[str, Any]:
        def ask() -> dict[str, Any] | None:
            record = self.record(deployment_id)
            return record if event in record["hooks"] else None

        return self.until(f"the {event} hook of {deployment_id}", ask)

    def execution(self, deployment_id: str) -> dict[str, Any] | None:
        arn = self.outputs["StateMachineArn"].replace(":stateMachine:", ":execution:") + f":{deployment_id}"
        executions = self.client("stepfunctions")
        try:
            return dict(executions.describe_execution(executionArn=arn))
        except executions.exceptions.ExecutionDoesNotExist:
            return None

    def ended(self, deployment_id: str, patience: float = PATIENCE) -> Deployment:
        """Waits until the deployment's record is closed and its execution over."""

        def ask() -> Deployment | None:
            record = self.record(deployment_id)
            if record["status"] in {"Created", "InProgress"}:
                return None
            execution = self.execution(deployment_id)
            if not execution or execution["status"] == "RUNNING":
                return None
            history = self.client("stepfunctions").get_paginator("get_execution_history")
            events = (
                event for page in history.paginate(executionArn=execution["executionArn"]) for event in page["events"]
            )
            states = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
            return Deployment(record, execution, states)

        return self.until(f"the end of {deployment_id}", ask, patience)

    def rollback_of(self, deployment: Deployment) -> Deployment:
        """The deployment that rolled another back; both must name each other."""
        rollback = self.ended(deployment.record["rollbackInfo"]["rollbackDeploymentId"])
        assert rollback.record["rollbackInfo"]["rollbackTriggeringDeploymentId"] == deployment.id
        return rollback

    def is_free(self, shop: Shop) -> bool:
        """Whether a next deployment may begin: no lock is left behind."""
        group, alias = self.item(f"GROUP#{shop.name}/prod", "GROUP"), self.item(f"ALIAS#{shop.name}:live", "ALIAS")
        return not any("activeDeployment" in (item or {}) for item in (group, alias))

    # ------------------------------------------------------------------------------------------ accidents

    @contextmanager
    def without_rule(self, name: str) -> Iterator[None]:
        """Disables one of the stack's rules meanwhile."""
        events = self.client("events")
        [rule] = [rule for rule in events.list_rules()["Rules"] if name in rule["Name"]]
        events.disable_rule(Name=rule["Name"])
        try:
            yield
        finally:
            events.enable_rule(Name=rule["Name"])

    @contextmanager
    def broken(self, construct: str) -> Iterator[None]:
        """Lets one of the stack's functions crash at each call meanwhile, as a broken release of it would."""
        functions, name = self.client("lambda"), self.function_of(construct)
        handler = functions.get_function_configuration(FunctionName=name)["Handler"]
        functions.update_function_configuration(FunctionName=name, Handler="operator.truediv")  # a TypeError
        try:
            yield
        finally:
            functions.update_function_configuration(FunctionName=name, Handler=handler)

    @contextmanager
    def denied(self, constructs: Iterable[str], *actions: str) -> Iterator[None]:
        """Takes rights from the roles of some of the stack's functions meanwhile."""
        iam = self.client("iam")
        functions = (
            self.client("lambda").get_function_configuration(FunctionName=self.function_of(construct))
            for construct in constructs
        )
        roles = [function["Role"].rpartition("/")[2] for function in functions]
        deny = json.dumps(policy({"Effect": "Deny", "Action": actions, "Resource": "*"}))
        for role in roles:
            iam.put_role_policy(RoleName=role, PolicyName="denied", PolicyDocument=deny)
        try:
            yield
        finally:
            for role in roles:
                iam.delete_role_policy(RoleName=role, PolicyName="denied")

    def receive_again(self, key: str, version: str) -> None:
        """Delivers the event of a drop once more, as EventBridge may."""
        detail = {"bucket": {"name": self.bucket}, "object": {"key": key, "version-id": version, "size": 1}}
        event = {"id": "again", "source": "aws.s3", "detail-type": "Object Created", "detail": detail}
        assert self.invoke("Receive", event) is None

    def invoke(self, construct: str, event: Mapping[str, Any]) -> Any:
        """What one of the stack's functions answers to an event, or the error that it ends with."""
        payload = json.dumps(event, default=float)
        return json.load(self.client("lambda").invoke(FunctionName=self.function_of(construct), Payload=payload)["Payload"])

    def executions(self) -> list[dict[str, Any]]:
        pages = self.client("stepfunctions").get_paginator("list_executions")
        executions = pages.paginate(stateMachineArn=self.outputs["StateMachineArn"])
        return [execution for page in executions for execution in page["executions"]]

    def function_of(self, construct: str) -> str:
        if construct == "ManageAlias":  # it has a name that stacks know
            return self.outputs["ServiceToken"].rpartition(":")[2]
        pages = self.client("lambda").get_paginator("list_functions").paginate()
        [name] = [
            str(function["FunctionName"])
            for page in pages
            for function in page["Functions"]
            if function["FunctionName"].startswith(f"Weighbridge-{construct}Function")
        ]
        return name

    @cached_property
    def notices(self) -> "Notices":
        return Notices(self)

    def _put_configurations(self) -> None:
        """Custom configurations that scenarios share: a bake that outlasts every scenario, and one of a few seconds."""
        for name, minutes in (("Endless", 2880), ("Brief", self.brief_minutes)):
            document = {
                "trafficRoutingConfig": {
                    "type": "TimeBasedCanary",
                    "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": minutes},
                }
            }
            self.put(f"deployment-configs/{name}.yaml", yaml.safe_dump(document))
            stored = lambda name=name: self.item(f"CONFIG#{name}", "CONFIG")  # noqa: E731
            self.until(f"the configuration {name}", stored, 3 * PATIENCE)  # everything is started for the first time


class Notices:
    """What the default bus was told, collected by a queue as a user's own rule would."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sqs = world.client("sqs")
        self._queue, arn = world.queue("notices", "events")
        world.client("events").put_rule(Name="notices", EventPattern=json.dumps({"source": ["weighbridge"]}))
        world.client("events").put_targets(Rule="notices", Targets=[{"Id": "queue", "Arn": arn}])
        self._seen: list[dict[str, Any]] = []

    def of(self, deployment_id: str, last: str) -> list[dict[str, Any]]:
        """Every event of a deployment until `last` (a state or a detail-type) has come."""
        return self.about({"deploymentId": deployment_id}, last)

    def about(self, subject: Mapping[str, str], last: str) -> list[dict[str, Any]]:
        """Everything told in which those members are, until `last` (a state or a detail-type) has been told."""

        def ask() -> list[dict[str, Any]] | None:
            for message in self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", []):
                self._seen.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
            matching = [notice for notice in self._seen if subject.items() <= notice["detail"].items()]
            return (
                matching
                if any(last in {notice["detail"].get("state"), notice["detail-type"]} for notice in matching)
                else None
            )

        return self._world.until(f"{last} of {dict(subject)}", ask)


def allow(actions: str | list[str], resources: str | list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def trusting(principal: Mapping[str, Any]) -> dict[str, Any]:
    """A trust policy: the principal may assume the role."""
    return policy({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def appspec(function: str, target: str = "2", *, current: str | None = "1", **hooks: str) -> str:
    properties = {"Name": function, "Alias": "live", "CurrentVersion": current, "TargetVersion": target}
    resource = {
        "Type": "AWS::Lambda::Function",
        "Properties": {name: value for name, value in properties.items() if value is not None},
    }
    document: dict[str, Any] = {"version": 0.0, "Resources": [{function: resource}]}
    if hooks:
        document["Hooks"] = [{event: hook} for event, hook in hooks.items()]
    return yaml.safe_dump(document)


def zipped(source: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("app.py", source)
    return archive.getvalue()
