"""Who may do what, in full: a new right is a change of this file."""

from collections.abc import Iterable

import pytest

from tests.infra.assembly import Synthesize
from tests.infra.definition import Task, definition, tasks
from tests.infra.template import Rights, Template, as_list

REGIONAL = "<AWS::Region>:<AWS::AccountId>"
FUNCTION = f"arn:<AWS::Partition>:lambda:{REGIONAL}:function:"
ROLE = "arn:<AWS::Partition>:iam::<AWS::AccountId>:role/"
RULE_OF_STEP_FUNCTIONS = f"arn:<AWS::Partition>:events:{REGIONAL}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
DEFAULT_BUS = f"arn:<AWS::Partition>:events:{REGIONAL}:event-bus/default"
EXECUTIONS = f"arn:<AWS::Partition>:states:{REGIONAL}:execution:<DeploymentMachine.Name>:*"
BUCKET = "<StorageBucket.Arn>"
FILES = "<StorageBucket.Arn>/*"
TABLE = "<StorageTable.Arn>"
MACHINE = "<DeploymentMachine>"

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


def on_functions(pattern: str, *actions: str) -> Rights:
    return {f"{FUNCTION}{pattern}{versions}": {f"lambda:{action}" for action in actions} for versions in ("", ":*")}


HANDLERS: dict[str, Rights] = {
    "Receive": {
        FILES: READ_FILES,
        BUCKET: {"s3:ListBucket"},
        TABLE: items("GetItem", "PutItem", "UpdateItem"),
        MACHINE: {"states:StartExecution"},
        "<FailuresEvents.Arn>": LEAVE_FAILURES,
    },
    "Validate": {
        FILES: READ_FILES,
        BUCKET: {"s3:ListBucket"},
        TABLE: items("GetItem", "PutItem", "UpdateItem"),
        **on_functions("*", "GetAlias", "GetFunctionConfiguration"),
        **on_functions("CodeDeployHook_*", "InvokeFunction"),
        **ASSUME,
    },
    "RunHook": {
        TABLE: items("GetItem", "UpdateItem"),
        **on_functions("CodeDeployHook_*", "InvokeFunction"),
        MACHINE: END_WAITS,
        **ASSUME,
    },
    "CheckAlarms": {
        "*": {"cloudwatch:DescribeAlarms"},
        TABLE: items("UpdateItem"),
    },
    "ShiftTraffic": {
        **on_functions("*", "GetAlias", "UpdateAlias"),
        TABLE: items("GetItem", "PutItem", "UpdateItem"),
        **ASSUME,
    },
    "Complete": {TABLE: items("GetItem", "PutItem", "UpdateItem", "DeleteItem")},
    "RecordFailure": {TABLE: items("GetItem", "PutItem", "UpdateItem", "DeleteItem")},
    "Interrupt": {
        TABLE: items("Query", "GetItem", "UpdateItem"),
        MACHINE: END_WAITS,
        "<FailuresEvents.Arn>": LEAVE_FAILURES,
    },
    "Settle": {
        TABLE: items("GetItem", "PutItem", "UpdateItem", "DeleteItem"),
        f"{TABLE}/index/open": items("Query"),
        EXECUTIONS: {"states:DescribeExecution"},
        MACHINE: {"states:StartExecution"} | END_WAITS,
        **on_functions("*", "GetAlias", "UpdateAlias"),
        "<FailuresEvents.Arn>": LEAVE_FAILURES,
        **ASSUME,
    },
    "Redeliver": {
        "<FailuresEvents.Arn>": {"sqs:ReceiveMessage", "sqs:DeleteMessage"},
        **{f"<{name}Function.Arn>": {"lambda:InvokeFunction"} for name in ("Receive", "Interrupt", "Settle")},
    },
    "Api": {
        TABLE: items("GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem"),
        **{f"{TABLE}/index/{index}": items("Query") for index in ("listing", "status", "groupStatus")},
        MACHINE: {"states:StartExecution"} | END_WAITS,
    },
    "SendTriggers": {
        TABLE: items("GetItem"),
        f"arn:<AWS::Partition>:sns:{REGIONAL}:*": {"sns:Publish"},
        "*": items("ListStreams"),
        "<StorageTable.StreamArn>": items("DescribeStream", "GetRecords", "GetShardIterator"),
        "<FailuresChanges.Arn>": LEAVE_FAILURES,
        **ASSUME,
    },
    "Notify": {
        DEFAULT_BUS: {"events:PutEvents"},
        # DynamoDB lists streams of an account only.
        "*": items("ListStreams"),
        "<StorageTable.StreamArn>": items("DescribeStream", "GetRecords", "GetShardIterator"),
        "<FailuresChanges.Arn>": LEAVE_FAILURES,
    },
}
# What the machine needs beside its integrations. Neither the delivery of logs nor X-Ray has resources.
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


@pytest.mark.parametrize("name", HANDLERS)
def test_a_handler_may_do_its_task_and_nothing_more(template: Template, name: str) -> None:
    own_log: Rights = {f"<{name}Logs.Arn>": {"logs:CreateLogStream", "logs:PutLogEvents"}}
    assert template.rights(f"{name}Role") == joined(HANDLERS[name], own_log, {"*": TRACE})


def test_the_machine_may_do_what_its_tasks_need_and_nothing_more(template: Template) -> None:
    assert template.rights("DeploymentRole") == joined(needed(tasks(definition())), MACHINE_ITSELF)


def test_each_role_is_held_by_one_service(template: Template) -> None:
    trusted = {
        name: role["AssumeRolePolicyDocument"]["Statement"] for name, role in template.of_type("AWS::IAM::Role").items()
    }

    def by(service: str) -> list[dict[str, object]]:
        return [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": f"{service}.amazonaws.com"}}]

    assert trusted == {"DeploymentRole": by("states"), **{f"{name}Role": by("lambda") for name in HANDLERS}}


def test_a_role_has_no_rights_but_those_of_its_policies(template: Template) -> None:
    assert {key for role in template.of_type("AWS::IAM::Role").values() for key in role} == {"AssumeRolePolicyDocument"}
    for policy in template.of_type("AWS::IAM::Policy").values():
        assert set(policy) == {"PolicyName", "PolicyDocument", "Roles"}
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            assert set(statement) <= {"Effect", "Action", "Resource", "Condition"}


def test_no_role_may_do_anything_at_all_with_a_service(template: Template) -> None:
    for policy in template.of_type("AWS::IAM::Policy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            assert not [action for action in as_list(statement["Action"]) if "*" in action]


def test_notify_publishes_under_one_name_only(template: Template) -> None:
    conditions = {
        name: statement["Condition"]
        for name in HANDLERS
        for statement in template.statements(f"{name}Role")
        if "Condition" in statement
    }
    assert conditions == {"Notify": {"StringEquals": {"events:source": "weighbridge"}}}


def test_the_context_restricts_what_may_be_deployed_invoked_and_assumed(synthesize: Synthesize) -> None:
    restricted = synthesize(
        {"deployableFunctions": ["orders-*", "billing"], "invocableHooks": "check-*", "serviceRoles": []}
    ).template()
    deployable = joined(on_functions("orders-*", "UpdateAlias"), on_functions("billing", "UpdateAlias"))
    for name in ("ShiftTraffic", "Settle"):
        rights = restricted.rights(f"{name}Role")
        assert {resource for resource, actions in rights.items() if "lambda:UpdateAlias" in actions} == set(deployable)
    for name in ("Validate", "RunHook"):
        rights = restricted.rights(f"{name}Role")
        assert {resource for resource, actions in rights.items() if "lambda:InvokeFunction" in actions} == set(
            on_functions("check-*", "InvokeFunction")
        )
    for name in HANDLERS:
        assert not [actions for actions in restricted.rights(f"{name}Role").values() if "sts:AssumeRole" in actions]
    variables = restricted["ValidateFunction"]["Environment"]["Variables"]
    assert variables["DEPLOYABLE_FUNCTIONS"] == "orders-*,billing"
    assert variables["INVOCABLE_HOOKS"] == "check-*"
