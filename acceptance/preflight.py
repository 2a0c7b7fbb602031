"""Whether Weighbridge can be installed in an account and region, asked of AWS itself: read-only, free, about a minute.

A service that says yes to everything has not answered: wherever an answer is no more than a yes or no, something wrong is
asked, too, and has to be refused.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from acceptance import rights, states
from acceptance.account import Account
from acceptance.installation import stack_of
from acceptance.lines import Answer, Line, failed, held, reason, unanswered, warned
from infra import concurrency
from statemachine.definition import MACHINES, text
from tests.infra.template import Template

FEW = 50
"""Below so many concurrent executions a new account is told that deployments share them with its traffic."""
CHANGE_SET_SECONDS = 120
NO_TYPE = "Weighbridge::No::Type"
NO_ACTION = "lambda:NoSuchAction"
OTHER_SETTINGS = "the table is of the settings in cdk.json: leave out -c and --assembly"
SHOWN = 5
"""How many of a check's findings are named."""


@dataclass(frozen=True)
class Stack:
    """The synthesized stack. `settings` tells whether it has the settings of cdk.json alone."""

    assembly: Path
    settings: bool = True

    @property
    def body(self) -> dict[str, Any]:
        return self._read(self.artifact["properties"]["templateFile"])

    @property
    def template(self) -> Template:
        return Template(self.body)

    @property
    def artifact(self) -> dict[str, Any]:
        artifacts = self._read("manifest.json")["artifacts"].values()
        [stack] = [artifact for artifact in artifacts if artifact["type"] == "aws:cloudformation:stack"]
        return stack  # type: ignore[no-any-return]

    @property
    def name(self) -> str:
        return stack_of(self.assembly)

    def _read(self, name: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.assembly / name).read_text(encoding="utf-8"))
        return document


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def signed_in(account: Account, _stack: Stack) -> Answer:
    return held(f"region {account.region}, partition {account.partition}")


def resource_types(account: Account, stack: Stack) -> Answer:
    stacks = account.client("cloudformation")

    def exists(name: str) -> bool:
        try:
            stacks.describe_type(Type="RESOURCE", TypeName=name)
        except ClientError as error:
            if code_of(error) == "TypeNotFoundException":
                return False
            raise
        return True

    if exists(NO_TYPE):
        return unanswered("every type is said to be there")
    types = sorted({resource["Type"] for resource in stack.body["Resources"].values()})
    missing = [name for name in types if not exists(name)]
    if missing:
        hint = " (function URLs: deploy without them, docs/operations.md)" if "AWS::Lambda::Url" in missing else ""
        return failed(f"{account.region} lacks {', '.join(missing)}{hint}")
    return held(f"{len(types)} of them")


def bootstrap(account: Account, stack: Stack) -> Answer:
    properties = stack.artifact["properties"]
    needed = properties["requiresBootstrapStackVersion"]
    try:
        parameter = account.client("ssm").get_parameter(Name=properties["bootstrapStackVersionSsmParameter"])["Parameter"]
    except ClientError as error:
        if code_of(error) != "ParameterNotFound":
            raise
        return warned("not there yet: `make deploy` begins with it")
    version = int(parameter["Value"])
    if version < needed:
        return failed(f"version {version}, needed is {needed}: run `cdk bootstrap`")
    return held(f"version {version}")


def concurrent_executions(account: Account, stack: Stack) -> Answer:
    reserved = sum(
        resource.get("Properties", {}).get("ReservedConcurrentExecutions", 0)
        for resource in stack.body["Resources"].values()
    )
    functions, stacks = account.client("lambda"), account.client("cloudformation")
    if reserved and (obstacle := concurrency.obstacle(functions, stacks, stack.name, reserved)):
        return failed(f"cannot be set apart as chosen: {obstacle}")
    there = functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if there < FEW:
        return warned(f"{there}, which a failing version can use up alone: ask for more in Service Quotas")
    return held(str(there))


def _definitions() -> list[str]:
    return [states.filled(text(machine)) for machine in MACHINES]


def definition(account: Account, _stack: Stack) -> Answer:
    steps = account.client("stepfunctions")

    def found(text: str) -> list[str]:
        answer = steps.validate_state_machine_definition(definition=text, type="STANDARD", severity="ERROR")
        diagnostics = [
            f"{diagnostic.get('location', '')} {diagnostic['code']} {diagnostic['message']}"
            for diagnostic in answer["diagnostics"]
        ]
        return diagnostics or (["no reason given"] if answer["result"] != "OK" else [])

    definitions = _definitions()
    broken = json.dumps(json.loads(definitions[0]) | {"StartAt": "Nowhere"})
    if not found(broken):
        return unanswered("a definition that starts nowhere is said to be valid")
    problems = [problem for each in definitions for problem in found(each)]
    return failed(_named(problems)) if problems else held()


def each_state(account: Account, _stack: Stack) -> Answer:
    steps = account.client("stepfunctions")
    if _is_blind(steps):
        return unanswered("expressions are not evaluated with the variables that are given")
    problems, count = [], 0
    for asked_of, question in ((each, asked) for each in _definitions() for asked in states.questions(json.loads(each))):
        count += 1
        answer = steps.test_state(definition=asked_of, inspectionLevel="INFO", **question.asked)
        outcome = answer["status"], answer.get("nextState")
        if outcome != (question.status, question.next_state):
            problems.append(
                f"{question.about}: {outcome[0]} → {outcome[1]} ({answer.get('error', '')} {answer.get('cause', '')})"
            )
    return failed(_named(problems)) if problems else held(f"{count} of them")


def _is_blind(steps: Any) -> bool:
    def status(expression: str) -> str:
        state = {"QueryLanguage": "JSONata", "Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}
        answer = steps.test_state(definition=json.dumps(state), input="{}", variables='{"there": 1}')
        return f"{answer['status']} {answer.get('output')}"

    return status("$there") != "SUCCEEDED 1" or not status("$missing").startswith("FAILED")


def policies(account: Account, stack: Stack) -> Answer:
    analyzer = account.client("accessanalyzer")

    def found(policy: str) -> list[str]:
        pages = analyzer.get_paginator("validate_policy").paginate(policyDocument=policy, policyType="IDENTITY_POLICY")
        findings = [finding for page in pages for finding in page["findings"]]
        return [
            f"{finding['issueCode']}: {finding['findingDetails']}"
            for finding in findings
            if finding["findingType"] in _GRAVE
        ]

    wrong = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": NO_ACTION, "Resource": "*"}]}
    if not found(json.dumps(wrong)):
        return unanswered("a policy with an action that there is not is said to be valid")
    documents = rights.policies(stack.template)
    problems = [problem for document in documents for problem in found(document)]
    return failed(_named(problems)) if problems else held(f"{len(documents)} of them")


_GRAVE = {"ERROR", "SECURITY_WARNING"}


def who_may_what(account: Account, stack: Stack) -> Answer:
    if not stack.settings:
        return unanswered(OTHER_SETTINGS)
    everyone, iam = rights.roles(stack.template), account.client("iam")
    problems, count = [], 0
    for role in everyone:
        for action, resources in rights.questions(role, everyone):
            if not role.is_conditional(action):
                problems += rights.differences(role, _simulated(iam, role, action, resources, {}))
                count += len(resources)
    return failed(_named(problems)) if problems else held(f"{count} questions about {len(everyone)} roles")


def conditions(account: Account, stack: Stack) -> Answer:
    if not stack.settings:
        return unanswered(OTHER_SETTINGS)
    everyone, iam = rights.roles(stack.template), account.client("iam")
    problems = []
    for role in everyone:
        for action, resources in rights.questions(role, everyone):
            if not role.is_conditional(action):
                continue
            missed = rights.differences(role, _simulated(iam, role, action, resources, role.keys))
            if missed and _ignores_keys(iam):
                return unanswered("conditions are judged without the keys that are given")
            other = _simulated(iam, role, action, resources, dict.fromkeys(role.keys, "another"))
            problems += missed + [
                f"{problem} with another {', '.join(role.keys)}" for problem in rights.allowed(role, other)
            ]
    return failed(_named(problems)) if problems else held()


def _ignores_keys(iam: Any) -> bool:
    condition = {"StringEquals": {"aws:PrincipalTag/team": "shop"}}
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", "Condition": condition}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    asked = rights.Role("tagged", (policy,), {}, {})
    return not rights.allowed(asked, _simulated(iam, asked, "sqs:SendMessage", ["*"], {"aws:PrincipalTag/team": "shop"}))


def _simulated(
    iam: Any, role: rights.Role, action: str, resources: list[str], keys: Mapping[str, str]
) -> list[dict[str, Any]]:
    entries = [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": _type(key)} for key, value in keys.items()
    ]
    pages = iam.get_paginator("simulate_custom_policy").paginate(
        PolicyInputList=list(role.policies), ActionNames=[action], ResourceArns=resources, ContextEntries=entries
    )
    return [answer for page in pages for answer in page["EvaluationResults"]]


def _type(key: str) -> str:
    # Of PutEvents' entries each has a source.
    return "stringList" if key.startswith("events:") else "string"


def change_set(account: Account, stack: Stack) -> Answer:
    stacks, s3 = account.client("cloudformation"), account.client("s3")
    name = f"WeighbridgePreflight-{secrets.token_hex(4)}"
    try:
        stacks.validate_template(TemplateBody=json.dumps({"Resources": {"Nothing": {"Type": NO_TYPE}}}))
    except ClientError as error:
        if code_of(error) != "ValidationError":
            raise
    else:
        return unanswered("a template with a type that there is not is said to be valid")
    bucket, key = _bootstrap_bucket(account, stack), f"{name}.json"
    try:
        put = s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(stack.body).encode(), ExpectedBucketOwner=account.id)
    except ClientError as error:
        if code_of(error) != "NoSuchBucket":
            raise
        return unanswered("so large a template has to lie in the bootstrap's bucket, which is not there yet")
    version = {"VersionId": put["VersionId"]} if "VersionId" in put else {}
    try:
        return _created_and_deleted(stacks, name, f"{s3.meta.endpoint_url}/{bucket}/{key}")
    finally:
        s3.delete_object(Bucket=bucket, Key=key, **version)


def _bootstrap_bucket(account: Account, stack: Stack) -> str:
    bucket = stack.artifact["properties"]["stackTemplateAssetObjectUrl"].removeprefix("s3://").partition("/")[0]
    return str(bucket.replace("${AWS::AccountId}", account.id).replace("${AWS::Region}", account.region))


def _created_and_deleted(stacks: Any, name: str, url: str) -> Answer:
    try:
        stacks.create_change_set(
            StackName=name,
            ChangeSetName=name,
            ChangeSetType="CREATE",
            TemplateURL=url,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        )
        deadline = time.monotonic() + CHANGE_SET_SECONDS
        while (change_set := stacks.describe_change_set(StackName=name, ChangeSetName=name))["Status"] in _UNDER_WAY:
            if time.monotonic() > deadline:
                return failed(f"no answer within {CHANGE_SET_SECONDS} s")
            time.sleep(1)
        if change_set["Status"] != "CREATE_COMPLETE":
            return failed(change_set.get("StatusReason", change_set["Status"]))
        return held(f"{len(change_set['Changes'])} resources{' and more' if 'NextToken' in change_set else ''}")
    except ClientError as error:
        if code_of(error) in {"ValidationError", "InsufficientCapabilitiesException"}:
            return failed(reason(error))
        raise
    finally:
        # The stack, too, which is only under review: it has nothing, and goes at once.
        stacks.delete_stack(StackName=name)


_UNDER_WAY = {"CREATE_PENDING", "CREATE_IN_PROGRESS"}


def _named(problems: list[str]) -> str:
    more = len(problems) - SHOWN
    return "; ".join(problems[:SHOWN]) + (f"; and {more} more" if more > 0 else "")


CHECKS: dict[str, Callable[[Account, Stack], Answer]] = {
    "signed in": signed_in,
    "the region has every type of resource": resource_types,
    "the CDK's bootstrap": bootstrap,
    "concurrent executions of Lambda": concurrent_executions,
    "the state machine's definition is valid": definition,
    "every state, branch and caught error leads where it should": each_state,
    "the policies are valid": policies,
    "IAM allows what the table of rights says, and nothing else": who_may_what,
    "IAM allows it under the table's conditions alone": conditions,
    "CloudFormation would create the stack": change_set,
}


def asked(account: Account, stack: Stack) -> Iterator[Line]:
    """One line a check, as soon as it is known."""
    for what, check in CHECKS.items():
        try:
            yield Line(what, check(account, stack))
        except (ClientError, BotoCoreError) as error:
            yield Line(what, unanswered(reason(error)))
