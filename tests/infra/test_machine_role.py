"""The state machine's own role, which the local cloud does not enforce: its policies as IAM evaluates them.

Every integration of the definition is allowed what it needs; what is one step beside it is denied.
"""

import re
from collections.abc import Iterator

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from statemachine.definition import definition
from tests.infra.definition import Task, tasks
from tests.infra.rights import MACHINE_ITSELF, needed
from tests.infra.template import Template

REGIONAL = "eu-west-1:123456789012"
ARNS = {
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{REGIONAL}:table/{{}}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{REGIONAL}:function:{{}}",
    "AWS::StepFunctions::StateMachine": f"arn:aws:states:{REGIONAL}:stateMachine:{{}}",
}
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "123456789012"}
TASKS = list(tasks(definition()))
# What each of the machine's services could do besides: to the same things, with rights that other roles have or nobody.
OTHER_ACTIONS = {
    "dynamodb": ["PutItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "DeleteTable"],
    "events": ["PutEvents", "RemoveTargets", "DeleteRule", "DisableRule"],
    "lambda": ["InvokeAsync", "GetFunction", "UpdateAlias", "UpdateFunctionCode", "AddPermission"],
    "states": ["SendTaskSuccess", "SendTaskFailure", "UpdateStateMachine", "GetExecutionHistory"],
}


def concrete(text: str, template: Template) -> str:
    """A resource with an ARN instead of its reference; what has no name of its own yet is called like its construct."""

    def named(reference: re.Match[str]) -> str:
        name, _, attribute = reference[1].partition(".")
        if name in PSEUDO:
            return PSEUDO[name]
        return name if attribute == "Name" else ARNS[template.resources[name].type].format(name)

    return re.sub(r"<([^>]+)>", named, text)


class Role:
    """The role of the machine, as IAM judges it: whether it may do an action on a resource."""

    def __init__(self, template: Template) -> None:
        self._template = template
        statements = [
            {**statement, "Resource": [concrete(resource, template) for resource in _listed(statement["Resource"])]}
            for statement in template.statements("DeploymentRole")
        ]
        self._policy = parse_policy_document({"Statement": statements})
        assert len(self._policy) == len(statements)

    def may(self, action: str, resource: str) -> bool:
        asked = EvalContext(
            principal_arn="arn:aws:sts::123456789012:assumed-role/DeploymentRole/d-AAAAAAAAA",
            principal_type="AssumedRole",
            principal_account="123456789012",
            action=action,
            resource_arn=resource,
            region="eu-west-1",
        )
        return bool(evaluate(asked, [self._policy]).decision == "Allow")

    def asked(self, task: Task) -> Iterator[tuple[str, str]]:
        """Each action that an integration takes, and on what; of executions, one of them."""
        for resource, actions in needed([task]).items():
            arn = concrete(resource, self._template)
            for action in actions:
                yield action, arn.removesuffix("*") + ("d-AAAAAAAAA" if arn.endswith("*") else "")


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.fixture(scope="module")
def role(template: Template) -> Role:
    return Role(template)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.state)
def test_the_machine_may_run_the_state(role: Role, task: Task) -> None:
    asked = list(role.asked(task))
    assert asked
    assert [request for request in asked if not role.may(*request)] == []


def test_to_wait_for_a_nested_execution_takes_more_than_to_start_it(role: Role) -> None:
    [rollback] = [task for task in TASKS if task.waits_for_end]
    assert {action for action, _ in role.asked(rollback)} == {
        "states:StartExecution",
        "states:DescribeExecution",
        "states:StopExecution",
        "events:PutTargets",
        "events:PutRule",
        "events:DescribeRule",
    }


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.state)
def test_it_may_not_do_the_same_to_anything_else(role: Role, task: Task) -> None:
    for action, resource in role.asked(task):
        kind, _, name = resource.rpartition("/" if "/" in resource else ":")
        neighbours = [
            f"{kind}{resource[len(kind)]}somebody-elses-{name}",
            resource.replace("123456789012", "210987654321"),
            resource.replace("eu-west-1", "us-east-1"),
            resource.replace("DeploymentMachine", "SomebodyElsesMachine"),
            "*",
        ]
        # An execution of another name is none of somebody else's: the machine is what tells them apart.
        others = [other for other in neighbours if other != resource and not other.startswith(f"{kind}:somebody-elses-d-")]
        assert len(others) >= 3
        assert [other for other in others if role.may(action, other)] == []


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.state)
def test_it_may_not_do_anything_else_to_the_same(role: Role, task: Task) -> None:
    for action, resource in role.asked(task):
        service = action.partition(":")[0]
        assert [other for other in OTHER_ACTIONS[service] if role.may(f"{service}:{other}", resource)] == []


def test_it_may_call_its_own_steps_only(role: Role, template: Template) -> None:
    steps = {name for task in TASKS if task.integration == "lambda:invoke" for name in task.placeholders}
    functions = set(template.of_type("AWS::Lambda::Function"))
    allowed = {name for name in functions if role.may("lambda:InvokeFunction", concrete(f"<{name}.Arn>", template))}
    assert allowed == {name.removesuffix("Arn") for name in steps}
    assert functions - allowed
    for name in allowed:
        assert not role.may("lambda:InvokeFunction", concrete(f"<{name}.Arn>", template) + ":1")


def test_on_everything_it_may_deliver_logs_and_traces_and_nothing_else(role: Role) -> None:
    assert {action for action in MACHINE_ITSELF["*"] if not role.may(action, "*")} == set()
    for action in ("logs:DeleteLogGroup", "logs:PutLogEvents", "s3:GetObject", "sts:AssumeRole", "iam:PassRole"):
        assert not role.may(action, "*")
