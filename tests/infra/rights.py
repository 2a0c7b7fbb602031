"""Who may do what, in full: a new right is a change of this file.

test_template_rights.py holds the template against it, tests/workflow/test_rights.py what is deployed to the local cloud.
"""

from collections.abc import Iterable

import pytest

from tests.infra.definition import Task
from tests.infra.template import Rights

REGIONAL = "<AWS::Region>:<AWS::AccountId>"
FUNCTION = f"arn:<AWS::Partition>:lambda:{REGIONAL}:function:"
ROLE = "arn:<AWS::Partition>:iam::<AWS::AccountId>:role/"
RULE_OF_STEP_FUNCTIONS = f"arn:<AWS::Partition>:events:{REGIONAL}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
DEFAULT_BUS = f"arn:<AWS::Partition>:events:{REGIONAL}:event-bus/default"
STACKS = f"arn:<AWS::Partition>:cloudformation:{REGIONAL}:stack/*"
SCHEDULE_RULE = f"arn:<AWS::Partition>:events:{REGIONAL}:rule/Weighbridge-Schedule"
EXECUTIONS = f"arn:<AWS::Partition>:states:{REGIONAL}:execution:<DeploymentMachine.Name>:*"
BUCKET = "<StorageBucket.Arn>"
FILES = "<StorageBucket.Arn>/*"
TABLE = "<StorageTable.Arn>"
MACHINE = "<DeploymentMachine>"
DEPLOY_MACHINE = "<DeployMachine>"

TRACE = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
DELIVER_LOGS = {
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}
READ_FILES = {"s3:GetObject", "s3:GetObjectVersion"}
END_WAITS = {"states:SendTaskSuccess", "states:SendTaskFailure"}
LEAVE_FAILURES = {"sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"}
ASSUME: Rights = {f"{ROLE}WeighbridgeServiceRole*": {"sts:AssumeRole"}}


def items(*actions: str) -> set[str]:
    return {f"dynamodb:{action}" for action in actions}


# DynamoDB lists streams of an account only.
READ_STREAM: Rights = {
    "*": items("ListStreams"),
    "<StorageTable.StreamArn>": items("DescribeStream", "GetRecords", "GetShardIterator"),
}


def on_functions(pattern: str, *actions: str) -> Rights:
    return {f"{FUNCTION}{pattern}{versions}": {f"lambda:{action}" for action in actions} for versions in ("", ":*")}


def handlers(deployable: str = "*", *, service_role_required: bool = False) -> dict[str, Rights]:
    """Each handler's rights, with that pattern for `deployableFunctions`; what only groups without a role need is `own`."""

    def own(rights: Rights) -> Rights:
        return {} if service_role_required else rights

    return {
        "Receive": {
            FILES: READ_FILES,
            BUCKET: {"s3:ListBucket"},
            TABLE: items("GetItem", "PutItem", "UpdateItem"),
            MACHINE: {"states:StartExecution"},
            SCHEDULE_RULE: {"events:EnableRule"},
            "<FailuresEvents.Arn>": LEAVE_FAILURES,
        },
        "Validate": {
            FILES: READ_FILES,
            BUCKET: {"s3:ListBucket"},
            TABLE: items("GetItem", "PutItem", "UpdateItem"),
            **own(on_functions(deployable, "GetAlias", "GetFunctionConfiguration")),
            **own(on_functions("CodeDeployHook_*", "InvokeFunction", "GetFunctionConfiguration")),
            **ASSUME,
        },
        "RunHook": {
            TABLE: items("GetItem", "UpdateItem"),
            **own(on_functions("CodeDeployHook_*", "InvokeFunction")),
            MACHINE: END_WAITS | {"states:SendTaskHeartbeat"},
            "<RunHookFailedFunction.Arn>": {"lambda:InvokeFunction"},
            **ASSUME,
        },
        "RunHookFailed": {TABLE: items("GetItem"), MACHINE: END_WAITS},
        "CheckAlarms": {
            **own({"*": {"cloudwatch:DescribeAlarms"}}),
            TABLE: items("GetItem", "UpdateItem"),
            **ASSUME,
        },
        "ShiftTraffic": {
            **own(on_functions(deployable, "GetAlias", "UpdateAlias")),
            TABLE: items("GetItem", "PutItem", "UpdateItem"),
            **ASSUME,
        },
        "Complete": {TABLE: items("GetItem", "UpdateItem", "DeleteItem")},
        "RecordFailure": {TABLE: items("GetItem", "PutItem", "UpdateItem", "DeleteItem")},
        "Interrupt": {
            TABLE: items("Query", "GetItem", "UpdateItem"),
            MACHINE: END_WAITS,
            "<FailuresEvents.Arn>": LEAVE_FAILURES,
        },
        "Reconcile": {
            TABLE: items("GetItem", "PutItem", "UpdateItem", "DeleteItem"),
            f"{TABLE}/index/open": items("Query"),
            EXECUTIONS: {"states:DescribeExecution"},
            MACHINE: {"states:StartExecution"} | END_WAITS,
            DEPLOY_MACHINE: END_WAITS,
            SCHEDULE_RULE: {"events:EnableRule", "events:DisableRule"},
            **own(on_functions(deployable, "GetAlias", "UpdateAlias")),
            "<FailuresEvents.Arn>": LEAVE_FAILURES,
            **ASSUME,
        },
        "Commit": {
            STACKS: {"cloudformation:DescribeStacks"},
            TABLE: items("GetItem", "PutItem", "UpdateItem"),
            f"{TABLE}/index/open": items("Query"),
            MACHINE: {"states:StartExecution"} | END_WAITS,
            SCHEDULE_RULE: {"events:EnableRule"},
            **own(on_functions(deployable, "GetAlias")),
            "<FailuresEvents.Arn>": LEAVE_FAILURES,
            **ASSUME,
        },
        "ManageAlias": {
            STACKS: {"cloudformation:DescribeStacks", "cloudformation:DescribeStackResource"},
            "*": {"cloudformation:DescribeStackResources"},
            TABLE: items("GetItem", "PutItem", "UpdateItem", "DeleteItem"),
            MACHINE: {"states:StartExecution"} | END_WAITS,
            SCHEDULE_RULE: {"events:EnableRule"},
            **own(on_functions(deployable, "GetAlias", "CreateAlias", "DeleteAlias")),
            **ASSUME,
        },
        "TransformTemplate": {},
        "DeployAndWait": {
            TABLE: items("GetItem", "PutItem", "UpdateItem"),
            MACHINE: {"states:StartExecution"},
            SCHEDULE_RULE: {"events:EnableRule"},
        },
        "Redeliver": {
            "<FailuresEvents.Arn>": {"sqs:ReceiveMessage", "sqs:DeleteMessage"},
            "<FailuresUnhandled.Arn>": {"sqs:SendMessage"},
            **{
                f"<{name}Function.Arn>": {"lambda:InvokeFunction"}
                for name in ("Receive", "Interrupt", "Reconcile", "Commit")
            },
        },
        "Api": {
            BUCKET: {"s3:ListBucketVersions", "s3:ListBucket"},
            FILES: READ_FILES,
            **own(on_functions(deployable, "GetAlias", "GetFunctionConfiguration")),
            **own(on_functions("CodeDeployHook_*", "GetFunctionConfiguration")),
            **own({"*": {"cloudwatch:DescribeAlarms"}}),
            **ASSUME,
            TABLE: items("GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem"),
            **{f"{TABLE}/index/{index}": items("Query") for index in ("listing", "status", "groupStatus")},
            MACHINE: {"states:StartExecution"} | END_WAITS,
            SCHEDULE_RULE: {"events:EnableRule"},
        },
        "SendTriggers": {
            TABLE: items("GetItem"),
            **own({f"arn:<AWS::Partition>:sns:{REGIONAL}:*": {"sns:Publish"}}),
            **READ_STREAM,
            "<FailuresChanges.Arn>": LEAVE_FAILURES,
            **ASSUME,
        },
        "Notify": {
            DEFAULT_BUS: {"events:PutEvents"},
            **READ_STREAM,
            "<FailuresChanges.Arn>": LEAVE_FAILURES,
        },
    }


HANDLERS = handlers()
REPORT_HOOK: Rights = {TABLE: items("GetItem", "UpdateItem"), MACHINE: END_WAITS}
CONDITIONS = {"Notify": {"events:source": "weighbridge"}}
"""Under what conditions alone a handler has its rights to publish."""
# What a machine needs beside its integrations. Neither the delivery of logs nor X-Ray has resources.
MACHINE_ITSELF: Rights = {"*": DELIVER_LOGS | TRACE | {"xray:GetSamplingRules", "xray:GetSamplingTargets"}}


def joined(*parts: Rights) -> Rights:
    total: Rights = {}
    for part in parts:
        for resource, actions in part.items():
            total.setdefault(resource, set()).update(actions)
    return total


def needed(calls: Iterable[Task]) -> Rights:
    """What a machine must be allowed to do for its tasks, as the documentation of each integration says."""
    total: Rights = {}
    for task in calls:
        match task.integration.removeprefix("aws-sdk:"):
            case "lambda:invoke":
                for name in task.placeholders:
                    total = joined(total, {f"<{name.removesuffix('Arn')}.Arn>": {"lambda:InvokeFunction"}})
            case "dynamodb:updateItem":
                assert "TableName" in task.placeholders, f"{task.state!r} does not use the table of the stack"
                total = joined(total, {TABLE: items("UpdateItem")})
            case "states:startExecution":
                total = joined(total, {MACHINE: {"states:StartExecution"}})
                if task.waits_for_end:
                    total = joined(
                        total,
                        {
                            EXECUTIONS: {"states:DescribeExecution", "states:StopExecution"},
                            RULE_OF_STEP_FUNCTIONS: {"events:PutTargets", "events:PutRule", "events:DescribeRule"},
                        },
                    )
            case unknown:
                pytest.fail(f"{task.state!r} uses {unknown}, of which this test does not know the rights")
    return total
