"""The synthesized policies with ARNs in them, and who may do what to which of them by the table in tests/infra."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from statemachine.definition import DEPLOY, definition
from tests.infra.definition import tasks
from tests.infra.rights import CONDITIONS, HANDLERS, MACHINE_ITSELF, TRACE, joined, needed
from tests.infra.template import Rights, Template

REGIONAL = "eu-west-1:111122223333"
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "111122223333"}
ARNS = {
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{REGIONAL}:table/{{}}",
    "AWS::Events::EventBus": f"arn:aws:events:{REGIONAL}:event-bus/{{}}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{REGIONAL}:function:{{}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{REGIONAL}:log-group:{{}}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{REGIONAL}:{{}}",
    "AWS::StepFunctions::StateMachine": f"arn:aws:states:{REGIONAL}:stateMachine:{{}}",
}


@dataclass(frozen=True)
class Role:
    """A role of the stack. `may` are the actions by resource that the table gives it; `policies` are JSON."""

    name: str
    policies: tuple[str, ...]
    may: Mapping[str, set[str]]
    keys: Mapping[str, str]
    """The condition keys under which alone it may."""

    def is_allowed(self, action: str, resource: str) -> bool:
        return any(action in actions and fnmatchcase(resource, pattern) for pattern, actions in self.may.items())

    def is_conditional(self, action: str) -> bool:
        return any(key.partition(":")[0] == action.partition(":")[0] for key in self.keys)


def concrete(text: str, template: Template) -> str:
    """A readable text of the template with names and ARNs for its references."""

    def named(reference: re.Match[str]) -> str:
        name, _, attribute = reference[1].partition(".")
        if name in PSEUDO:
            return PSEUDO[name]
        arn = ARNS[template.resources[name].type].format(name.lower())
        if attribute == "StreamArn":
            return f"{arn}/stream/2026-01-01T00:00:00.000"
        is_name = attribute == "Name" or (not attribute and ":stateMachine:" not in arn)
        return name.lower() if is_name else arn

    return re.sub(r"<([^>]+)>", named, text)


def policies(template: Template, role: str | None = None) -> list[str]:
    """The policies, of one role or all, as JSON."""
    return [
        concrete(json.dumps(policy["PolicyDocument"]), template)
        for policy in template.of_type("AWS::IAM::Policy").values()
        if role is None or f"<{role}>" in policy["Roles"]
    ]


def roles(template: Template) -> list[Role]:
    """Every role of a stack with default settings."""
    table = {name: joined(rights, _own_log(name)) for name, rights in HANDLERS.items()}
    table |= {"Deployment": joined(needed(tasks(definition())), MACHINE_ITSELF)}
    table |= {"Deploy": joined(needed(tasks(definition(DEPLOY))), MACHINE_ITSELF)}
    return [
        Role(
            name,
            tuple(policies(template, f"{name}Role")),
            {concrete(resource, template): actions for resource, actions in rights.items()},
            CONDITIONS.get(name, {}),
        )
        for name, rights in table.items()
        if f"{name}Role" in template.resources
    ]


def _own_log(name: str) -> Rights:
    return joined({f"<{name}Logs.Arn>": {"logs:CreateLogStream", "logs:PutLogEvents"}}, {"*": TRACE})


def questions(role: Role, everyone: Iterable[Role]) -> list[tuple[str, list[str]]]:
    """Each action of a role, with all of the table's resources of that service: its own, and others'.

    One action a question, because IAM refuses to simulate actions together that need different information.
    """
    actions = sorted({action for actions_on_one in role.may.values() for action in actions_on_one})
    known = sorted({resource.replace("*", "some") for each in everyone for resource in each.may if resource != "*"})
    return [
        (action, [arn for arn in known if arn.split(":")[2] == action.partition(":")[0]] or ["*"]) for action in actions
    ]


def differences(role: Role, answers: Iterable[Mapping[str, Any]]) -> list[str]:
    """What an evaluation of the role's policies says otherwise than the table; `answers` are IAM's EvaluationResults."""
    return [
        f"{role.name} {'may' if is_allowed else 'may not'} {action} on {resource}"
        for action, resource, is_allowed in _decisions(answers)
        if is_allowed != role.is_allowed(action, resource)
    ]


def allowed(role: Role, answers: Iterable[Mapping[str, Any]]) -> list[str]:
    """What an evaluation lets the role do."""
    return [f"{role.name} may {action} on {resource}" for action, resource, is_allowed in _decisions(answers) if is_allowed]


def _decisions(answers: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str, bool]]:
    """Action, resource, and whether it is allowed; of several resources IAM tells apart from the whole."""
    for answer in answers:
        if answer.get("ResourceSpecificResults"):
            for each in answer["ResourceSpecificResults"]:
                yield answer["EvalActionName"], each["EvalResourceName"], each["EvalResourceDecision"] == "allowed"
        else:
            yield answer["EvalActionName"], answer["EvalResourceName"], answer["EvalDecision"] == "allowed"
