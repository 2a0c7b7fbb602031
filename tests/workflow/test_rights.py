"""What each handler's role may do on the local cloud, tried with the role's own credentials against rights.py.

Every role tries every call: what its rights say is allowed, everything else is denied. No call does any harm where it is
allowed: it names what is not there, or a condition that does not hold.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import pytest

from scenarios.world import ACCOUNT, DEPLOYABLE, World, allow, appspec, trusting
from tests.infra.rights import CONDITIONS, LEAVE_FAILURES, READ_STREAM, REPORT_HOOK, handlers
from tests.infra.template import Rights

pytestmark = pytest.mark.local_cloud  # IAM

RIGHTS = handlers(DEPLOYABLE) | {"ReportHook": REPORT_HOOK}
CALLED_BY_OTHERS = ("Receive", "Interrupt", "Reconcile", "Commit", "RunHookFailed")
FAILURES = ("FailuresEvents", "FailuresUnhandled", "FailuresChanges")
DENIALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
PROBE = """
from functools import cache

import boto3
from botocore.exceptions import ClientError

client = cache(boto3.client)


def handler(event, context):
    return [_code_of(call) for call in event]


def _code_of(call):
    try:
        getattr(client(call["service"]), call["operation"])(**call["arguments"])
    except ClientError as error:
        return error.response["Error"]["Code"]
"""
WAITS = {
    "StartAt": "Wait",
    "States": {
        "Wait": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {"QueueUrl": "", "MessageBody": {"token.$": "$$.Task.Token"}},
            "End": True,
        }
    },
}


@dataclass(frozen=True)
class Call:
    """A call, and what it needs: an action on a resource, and the condition keys that it comes with."""

    service: str
    operation: str
    arguments: Mapping[str, Any]
    action: str
    resource: str
    keys: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.operation}: {self.action} on {self.resource} {dict(self.keys) or ''}"

    def request(self) -> dict[str, Any]:
        return {"service": self.service, "operation": self.operation, "arguments": self.arguments}


@dataclass(frozen=True)
class Place:
    """The deployed stack, and neighbours of everything in it that are none of Weighbridge's business."""

    names: Mapping[str, str]
    calls: list[Call]

    def concrete(self, rights: Rights) -> Rights:
        """The rights with the names that the stack got."""
        concrete: Rights = {}
        for resource, actions in rights.items():
            for placeholder, name in self.names.items():
                resource = resource.replace(placeholder, name)  # noqa: PLW2901
            concrete[resource] = actions
        return concrete


@pytest.fixture(scope="module")
def place(world: World) -> Place:
    region, machine = world.cloud.region, world.outputs["StateMachineArn"]
    regional = f"{region}:{ACCOUNT}"
    queues = world.client("sqs").list_queues()["QueueUrls"]
    failures = {name: url for name in FAILURES for url in queues if name in url}
    names = {
        "<AWS::Partition>": "aws",
        "<AWS::Region>": region,
        "<AWS::AccountId>": ACCOUNT,
        "<StorageBucket.Arn>": f"arn:aws:s3:::{world.bucket}",
        "<StorageTable.Arn>": f"arn:aws:dynamodb:{regional}:table/{world.outputs['TableName']}",
        "<DeploymentMachine>": machine,
        "<DeployMachine>": world.outputs["DeployMachineArn"],
        "<DeploymentMachine.Name>": machine.rpartition(":")[2],
        **{f"<{name}.Arn>": f"arn:aws:sqs:{regional}:{url.rpartition('/')[2]}" for name, url in failures.items()},
        **{
            f"<{name}Function.Arn>": f"arn:aws:lambda:{regional}:function:{world.function_of(name)}"
            for name in CALLED_BY_OTHERS
        },
    }
    calls = [
        *_on_tables(world, regional),
        *_on_objects(world),
        *_on_machines(world, machine),
        *_on_functions(world, regional),
        *_on_events(world, regional),
        *_on_stacks(regional),
        *_on_roles(world),
        *_on_alarms_topics_and_queues(world, regional, failures),
    ]
    return Place(names, calls)


def _on_tables(world: World, regional: str) -> list[Call]:
    other = "somebody-elses"
    world.client("dynamodb").create_table(
        TableName=other,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    key = {"pk": {"S": "nothing"}, "sk": {"S": "nothing"}}
    condition = {"ConditionExpression": "attribute_exists(pk)"}
    key_condition = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "nothing"}}}
    calls = []
    for name in (world.outputs["TableName"], other):
        arn, table = f"arn:aws:dynamodb:{regional}:table/{name}", {"TableName": name}
        item, guarded = {**table, "Key": key}, {**table, **condition}
        for operation, action, arguments in (
            ("get_item", "GetItem", item),
            ("batch_get_item", "BatchGetItem", {"RequestItems": {name: {"Keys": [key]}}}),
            ("put_item", "PutItem", {**guarded, "Item": key}),
            ("update_item", "UpdateItem", {**guarded, "Key": key, "UpdateExpression": "SET a = pk"}),
            ("delete_item", "DeleteItem", item),
            ("query", "Query", {**table, **key_condition}),
            ("scan", "Scan", table),
            ("describe_table", "DescribeTable", table),
            ("transact_write_items", "DeleteItem", {"TransactItems": [{"Delete": {**guarded, "Key": key}}]}),
        ):
            calls.append(Call("dynamodb", operation, arguments, f"dynamodb:{action}", arn))
    table_arn = f"arn:aws:dynamodb:{regional}:table/{world.outputs['TableName']}"
    for index in ("open", "listing", "status", "groupStatus"):
        names = {"ExpressionAttributeNames": {"#pk": index}, "ExpressionAttributeValues": {":pk": {"S": "nothing"}}}
        arguments = {"TableName": world.outputs["TableName"], "IndexName": index, "KeyConditionExpression": "#pk = :pk"}
        calls.append(Call("dynamodb", "query", arguments | names, "dynamodb:Query", f"{table_arn}/index/{index}"))
    return calls


def _on_objects(world: World) -> list[Call]:
    other = "somebody-elses-files"
    world.client("s3").create_bucket(Bucket=other)
    calls = []
    for bucket in (world.bucket, other):
        arn, file = f"arn:aws:s3:::{bucket}", {"Bucket": bucket, "Key": "nothing/is/here"}
        calls += [
            Call("s3", "get_object", file, "s3:GetObject", f"{arn}/nothing/is/here"),
            Call("s3", "get_object", file | {"VersionId": "0"}, "s3:GetObjectVersion", f"{arn}/nothing/is/here"),
            Call("s3", "list_objects_v2", {"Bucket": bucket, "MaxKeys": 1}, "s3:ListBucket", arn),
            Call("s3", "list_object_versions", {"Bucket": bucket, "MaxKeys": 1}, "s3:ListBucketVersions", arn),
            Call("s3", "put_object", file, "s3:PutObject", f"{arn}/nothing/is/here"),
            Call("s3", "delete_object", file, "s3:DeleteObject", f"{arn}/nothing/is/here"),
        ]
    return calls


def _on_machines(world: World, machine: str) -> list[Call]:
    states = world.client("stepfunctions")
    queue = world.client("sqs").create_queue(QueueName="tokens")["QueueUrl"]
    WAITS["States"]["Wait"]["Parameters"]["QueueUrl"] = queue  # type: ignore[index]
    role = world.role("Other", trusting({"Service": "states.amazonaws.com"}))
    other = states.create_state_machine(name="somebody-elses", definition=json.dumps(WAITS), roleArn=role)[
        "stateMachineArn"
    ]
    running = states.start_execution(stateMachineArn=other, name="waiting", input="{}")["executionArn"]
    [message] = world.until("a token", lambda: world.client("sqs").receive_message(QueueUrl=queue).get("Messages"))
    states.stop_execution(executionArn=running)
    calls = []
    of_gate, of_who_waits = _tokens_that_are_over(world)
    tokens = {
        machine: of_gate,
        world.outputs["DeployMachineArn"]: of_who_waits,
        other: json.loads(message["Body"])["token"],
    }
    for arn, token in tokens.items():
        execution = arn.replace(":stateMachine:", ":execution:") + ":nothing"
        run, report = {"executionArn": execution}, {"taskToken": token}
        calls += [
            # The input is no JSON, so that nothing starts.
            Call("stepfunctions", "start_execution", {"stateMachineArn": arn, "input": "{"}, "states:StartExecution", arn),
            Call("stepfunctions", "describe_execution", run, "states:DescribeExecution", execution),
            Call("stepfunctions", "stop_execution", run, "states:StopExecution", execution),
            Call("stepfunctions", "get_execution_history", run, "states:GetExecutionHistory", execution),
            Call("stepfunctions", "send_task_success", report | {"output": "{}"}, "states:SendTaskSuccess", arn),
            Call("stepfunctions", "send_task_failure", report | {"error": "Ended"}, "states:SendTaskFailure", arn),
            Call("stepfunctions", "send_task_heartbeat", report, "states:SendTaskHeartbeat", arn),
        ]
    return calls


def _tokens_that_are_over(world: World) -> tuple[str, str]:
    """That of a deployment's bake, and that of the execution which has waited for the deployment."""
    shop = world.shop(deploymentConfigName="Endless")
    names = {"applicationName": shop.name, "deploymentGroupName": "prod"}
    asked = names | {"revision": {"revisionType": "String", "string": {"content": appspec(shop.name)}}}
    started = world.client("stepfunctions").start_execution(
        stateMachineArn=world.outputs["DeployMachineArn"], input=json.dumps(asked)
    )
    record = world.in_bake(world.deployment_asked_for_by(started["executionArn"]))
    waiting = world.item(f"AWAITED#{record['identity']}", "AWAITED")
    assert waiting
    world.stop(record["deploymentId"])
    world.ended(record["deploymentId"])
    return record["gate"]["token"], waiting["taskToken"]


def _on_functions(world: World, regional: str) -> list[Call]:
    hook, shop = world.hook("return None"), world.shop().name
    for name in ("payroll", "CodeDeployHookOfNobody"):
        world.function(name, "def handler(event, context): return None")
    world.client("lambda").create_alias(FunctionName="payroll", Name="live", FunctionVersion="1")
    of_the_stack = [world.function_of(construct) for construct in ("ShiftTraffic", *CALLED_BY_OTHERS)]
    calls = []
    for name in (shop, "payroll", hook, "CodeDeployHookOfNobody", *of_the_stack):
        arn, function = f"arn:aws:lambda:{regional}:function:{name}", {"FunctionName": name}
        alias, dry = function | {"Name": "live"}, {"InvocationType": "DryRun"}
        version = {"FunctionName": f"{name}:1"}
        calls += [
            Call("lambda", "get_alias", alias, "lambda:GetAlias", arn),
            Call("lambda", "update_alias", alias | {"RevisionId": "stale"}, "lambda:UpdateAlias", arn),
            Call("lambda", "create_alias", function | {"Name": "nothing", "FunctionVersion": "99"}, "lambda:CreateAlias", arn),
            Call("lambda", "delete_alias", function | {"Name": "nothing"}, "lambda:DeleteAlias", arn),
            Call("lambda", "get_function_configuration", function, "lambda:GetFunctionConfiguration", arn),
            Call("lambda", "get_function_configuration", version, "lambda:GetFunctionConfiguration", f"{arn}:1"),
            Call("lambda", "get_function", function, "lambda:GetFunction", arn),
            Call("lambda", "invoke", function | dry, "lambda:InvokeFunction", arn),
            Call("lambda", "invoke", version | dry, "lambda:InvokeFunction", f"{arn}:1"),
            Call("lambda", "publish_version", function | {"RevisionId": "stale"}, "lambda:PublishVersion", arn),
            Call("lambda", "update_function_configuration", function | {"RevisionId": "stale"}, "lambda:UpdateFunctionConfiguration", arn),
        ]  # fmt: skip
    return calls


def _on_events(world: World, regional: str) -> list[Call]:
    calls = []
    for bus in ("default", world.outputs["EventBusName"]):
        for source in ("weighbridge", "my.pipeline"):
            entry = {"EventBusName": bus, "Source": source, "DetailType": "Nothing", "Detail": '{"deploymentId": "none"}'}
            arn = f"arn:aws:events:{regional}:event-bus/{bus}"
            calls.append(
                Call("events", "put_events", {"Entries": [entry]}, "events:PutEvents", arn, {"events:source": source})
            )
    for rule in ("nothing", "Weighbridge-Schedule"):
        arn = f"arn:aws:events:{regional}:rule/{rule}"
        # In this order: who may do both leaves it on.
        calls += [
            Call("events", "disable_rule", {"Name": rule}, "events:DisableRule", arn),
            Call("events", "enable_rule", {"Name": rule}, "events:EnableRule", arn),
        ]
    return calls


def _on_stacks(regional: str) -> list[Call]:
    arn = f"arn:aws:cloudformation:{regional}:stack/nothing/1"
    stack, physical = {"StackName": arn}, {"PhysicalResourceId": "nothing"}
    return [
        Call("cloudformation", "describe_stacks", stack, "cloudformation:DescribeStacks", arn),
        Call(
            "cloudformation",
            "describe_stack_resource",
            stack | {"LogicalResourceId": "Nothing"},
            "cloudformation:DescribeStackResource",
            arn,
        ),
        Call("cloudformation", "describe_stack_resources", physical, "cloudformation:DescribeStackResources", "*"),
        Call("cloudformation", "get_template", stack, "cloudformation:GetTemplate", arn),
        Call("cloudformation", "delete_stack", stack, "cloudformation:DeleteStack", arn),
    ]


def _on_roles(world: World) -> list[Call]:
    account = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    calls = []
    for name in ("WeighbridgeServiceRoleOfAll", "Administrator"):
        arn = world.role(name, trusting(account), allow("*", "*"))
        assume = {"RoleArn": arn, "RoleSessionName": "probe"}
        policy = {"RoleName": name, "PolicyName": "more", "PolicyDocument": "{}"}
        calls += [
            Call("sts", "assume_role", assume, "sts:AssumeRole", arn),
            Call("iam", "put_role_policy", policy, "iam:PutRolePolicy", arn),
        ]
    return calls


def _on_alarms_topics_and_queues(world: World, regional: str, failures: Mapping[str, str]) -> list[Call]:
    alarm = {"AlarmName": world.alarm(), "StateValue": "OK", "StateReason": "-"}
    topic = world.client("sns").create_topic(Name="somebody-elses")["TopicArn"]
    named = f"arn:aws:cloudwatch:{regional}:alarm:{alarm['AlarmName']}"
    calls = [
        Call("cloudwatch", "describe_alarms", {}, "cloudwatch:DescribeAlarms", "*"),
        Call("cloudwatch", "set_alarm_state", alarm, "cloudwatch:SetAlarmState", named),
        Call("sns", "publish", {"TopicArn": topic, "Message": "-"}, "sns:Publish", topic),
        Call("sns", "delete_topic", {"TopicArn": f"{topic}-gone"}, "sns:DeleteTopic", f"{topic}-gone"),
    ]
    for url in failures.values():
        arn = f"arn:aws:sqs:{regional}:{url.rpartition('/')[2]}"
        calls += [
            Call("sqs", "get_queue_attributes", {"QueueUrl": url}, "sqs:GetQueueAttributes", arn),
            Call("sqs", "receive_message", {"QueueUrl": url}, "sqs:ReceiveMessage", arn),
            Call("sqs", "delete_message", {"QueueUrl": url, "ReceiptHandle": "nothing"}, "sqs:DeleteMessage", arn),
            Call("sqs", "send_message", {"QueueUrl": url, "MessageBody": "nothing"}, "sqs:SendMessage", arn),
            Call("sqs", "purge_queue", {"QueueUrl": url}, "sqs:PurgeQueue", arn),
        ]
    return calls


@pytest.mark.parametrize("name", RIGHTS)
def test_a_role_may_make_its_calls_and_no_other(world: World, place: Place, name: str) -> None:
    rights, conditions = place.concrete(RIGHTS[name]), CONDITIONS.get(name, {})
    expected = {
        str(call): any(
            fnmatchcase(call.resource, pattern)
            and call.action in actions
            and all(call.keys.get(key, value) == value for key, value in conditions.items())
            for pattern, actions in rights.items()
        )
        for call in place.calls
    }
    role = world.client("lambda").get_function_configuration(FunctionName=world.function_of(name))["Role"]
    world.function(f"probe-{name}", PROBE, role=role)
    payload = json.dumps([call.request() for call in place.calls])
    answer = json.load(world.client("lambda").invoke(FunctionName=f"probe-{name}", Payload=payload)["Payload"])
    codes = dict(zip(map(str, place.calls), answer, strict=True))
    assert {call: code not in DENIALS for call, code in codes.items()} == expected


@pytest.mark.parametrize("name", RIGHTS)
def test_every_right_of_a_handler_is_tried(place: Place, name: str) -> None:
    # What Lambda does in the role's name, the function itself never calls.
    by_lambda = LEAVE_FAILURES.union(*READ_STREAM.values())
    for pattern, actions in place.concrete(RIGHTS[name]).items():
        tried = {call.action for call in place.calls if fnmatchcase(call.resource, pattern)}
        # An alias belongs to the function itself, not to one of its versions.
        assert {
            action for action in actions if not action.endswith("Alias") or not pattern.endswith(":*")
        } - by_lambda <= tried
