"""Every check of the preflight holds, fails and is told from what nobody answered, by AWS's answers as a script."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from click.testing import CliRunner

from acceptance import preflight, rights, states
from acceptance.__main__ import main
from acceptance.account import opened
from acceptance.lines import Answer, Verdict, failed, held, redacted, unanswered, warned
from acceptance.preflight import Stack
from local.cloud import LocalCloud
from statemachine.definition import MACHINES, definition
from tests.acceptance.scripts import ID, REGION, Refusal, Scripted

FOUND, UNKNOWN = {"Type": "RESOURCE"}, Refusal("TypeNotFoundException")


@pytest.fixture
def account() -> Iterator[Scripted]:
    with closing(Scripted()) as scripted:
        yield scripted


@pytest.fixture(scope="session")
def stack(deployed: Path) -> Stack:
    return Stack(deployed)


def verdict(check: Callable[..., Any], account: Scripted, stack: Stack) -> tuple[Verdict, str]:
    answer = check(account, stack)
    account.all_asked()
    return answer.verdict, answer.message


# ------------------------------------------------------------------------------------------------- types of resources


def types(stack: Stack) -> list[str]:
    return sorted({resource["Type"] for resource in stack.body["Resources"].values()})


def test_every_type_is_there(account: Scripted, stack: Stack) -> None:
    account.answers("cloudformation", "describe_type", [UNKNOWN, *(FOUND for _ in types(stack))])
    assert verdict(preflight.resource_types, account, stack) == (Verdict.HELD, f"{len(types(stack))} of them")


def test_a_region_without_function_urls_is_named(account: Scripted, stack: Stack) -> None:
    answers = [UNKNOWN if name == "AWS::Lambda::Url" else FOUND for name in types(stack)]
    account.answers("cloudformation", "describe_type", [UNKNOWN, *answers])
    result, message = verdict(preflight.resource_types, account, stack)
    assert result is Verdict.FAILED
    assert "eu-west-1 lacks AWS::Lambda::Url" in message


def test_who_knows_every_type_has_not_answered(account: Scripted, stack: Stack) -> None:
    account.answers("cloudformation", "describe_type", [FOUND])
    assert verdict(preflight.resource_types, account, stack)[0] is Verdict.UNANSWERED


# ------------------------------------------------------------------------------------------ bootstrap and concurrency


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"Parameter": {"Value": "30"}}, Verdict.HELD),
        ({"Parameter": {"Value": "5"}}, Verdict.FAILED),
        (Refusal("ParameterNotFound"), Verdict.WARNED),
    ],
)
def test_the_bootstraps_version(account: Scripted, stack: Stack, answer: Any, expected: Verdict) -> None:
    account.answers("ssm", "get_parameter", [answer], Name="/cdk-bootstrap/hnb659fds/version")
    assert verdict(preflight.bootstrap, account, stack)[0] is expected


def limits(there: int, unreserved: int) -> dict[str, Any]:
    return {"AccountLimit": {"ConcurrentExecutions": there, "UnreservedConcurrentExecutions": unreserved}}


@pytest.mark.parametrize(
    ("there", "unreserved", "expected"),
    [(1000, 1000, Verdict.HELD), (1000, 110, Verdict.FAILED), (49, 1000, Verdict.WARNED)],
)
def test_concurrent_executions(account: Scripted, stack: Stack, there: int, unreserved: int, expected: Verdict) -> None:
    # The stack of the scenarios sets concurrency apart.
    account.answers(
        "lambda", "get_account_settings", [limits(there, unreserved)] * (1 if expected is Verdict.FAILED else 2)
    )
    account.answers("cloudformation", "get_template", [Refusal("ValidationError")])
    assert verdict(preflight.concurrent_executions, account, stack)[0] is expected


# ------------------------------------------------------------------------------------------------------- state machine

OK: dict[str, Any] = {"result": "OK", "diagnostics": []}
NOT_OK: dict[str, Any] = {
    "result": "FAIL",
    "diagnostics": [{"severity": "ERROR", "code": "MISSING_TRANSITION_TARGET", "message": "Missing 'Next' target"}],
}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [([NOT_OK, OK, OK], Verdict.HELD), ([NOT_OK, OK, NOT_OK], Verdict.FAILED), ([OK], Verdict.UNANSWERED)],
)
def test_the_definition_is_validated(account: Scripted, stack: Stack, answers: list[Any], expected: Verdict) -> None:
    account.answers("stepfunctions", "validate_state_machine_definition", answers)
    assert verdict(preflight.definition, account, stack)[0] is expected


STATES = {name: state for machine in MACHINES for name, state in definition(machine)["States"].items()}
QUESTIONS = [question for machine in MACHINES for question in states.questions(definition(machine))]
SEEING: list[Any] = [{"status": "SUCCEEDED", "output": "1"}, {"status": "FAILED", "error": "States.QueryEvaluationError"}]


def right(question: states.Question) -> dict[str, Any]:
    return {"status": question.status} | ({"nextState": question.next_state} if question.next_state else {})


def test_every_state_leads_where_it_should(account: Scripted, stack: Stack) -> None:
    account.answers("stepfunctions", "test_state", [*SEEING, *map(right, QUESTIONS)])
    assert verdict(preflight.each_state, account, stack) == (Verdict.HELD, f"{len(QUESTIONS)} of them")


@pytest.mark.parametrize("wrong", range(len(QUESTIONS)), ids=lambda number: QUESTIONS[number].about)
def test_a_state_that_leads_elsewhere_is_named(account: Scripted, stack: Stack, wrong: int) -> None:
    answers = [right(question) for question in QUESTIONS]
    answers[wrong] = {"status": "RETRIABLE", "error": "States.QueryEvaluationError", "cause": "undefined"}
    account.answers("stepfunctions", "test_state", [*SEEING, *answers])
    result, message = verdict(preflight.each_state, account, stack)
    assert result is Verdict.FAILED
    assert message.startswith(f"{QUESTIONS[wrong].about}: RETRIABLE")


@pytest.mark.parametrize(
    "answers", [[{"status": "SUCCEEDED", "output": "null"}], [SEEING[0], {"status": "SUCCEEDED", "output": "null"}]]
)
def test_who_evaluates_nothing_has_not_answered(account: Scripted, stack: Stack, answers: list[Any]) -> None:
    account.answers("stepfunctions", "test_state", answers)
    assert verdict(preflight.each_state, account, stack)[0] is Verdict.UNANSWERED


def test_every_transition_of_the_definition_is_asked_for() -> None:
    asked = {(question.asked["stateName"], question.next_state) for question in QUESTIONS}
    for name, state in STATES.items():
        rules = [*state.get("Choices", []), *state.get("Catch", [])]
        ahead = [state.get("Next"), state.get("Default"), *(rule["Next"] for rule in rules)]
        assert {(name, target) for target in ahead if target} <= asked, name
    assert {question.asked["stateName"] for question in QUESTIONS} == set(STATES)


def test_an_error_is_caught_after_its_last_retry() -> None:
    by_about = {question.about: question.asked for question in QUESTIONS}
    caught = by_about["Check alarms: Throttled → More steps?"]
    [throttled, *_] = definition()["States"]["Check alarms"]["Retry"]
    assert "Throttled" in throttled["ErrorEquals"]
    assert caught["stateConfiguration"] == {"retrierRetryCount": throttled["MaxAttempts"]}
    assert caught["mock"] == {"errorOutput": {"error": "Throttled", "cause": "why"}}


# --------------------------------------------------------------------------------------------------------------- rights

FINDING = {
    "findingDetails": "The action lambda:NoSuchAction does not exist.",
    "findingType": "ERROR",
    "issueCode": "INVALID_ACTION",
    "learnMoreLink": "https://docs.aws.amazon.com/",
    "locations": [],
}
HINT = FINDING | {"findingType": "SUGGESTION", "issueCode": "EMPTY_ARRAY_ACTION"}


def test_policies_are_validated(account: Scripted, stack: Stack) -> None:
    count = len(rights.policies(stack.template))
    assert count > 10
    account.answers(
        "accessanalyzer", "validate_policy", [{"findings": [FINDING]}, *({"findings": [HINT]} for _ in range(count))]
    )
    assert verdict(preflight.policies, account, stack) == (Verdict.HELD, f"{count} of them")


def test_a_policy_that_is_wrong_is_told_of(account: Scripted, stack: Stack) -> None:
    count = len(rights.policies(stack.template))
    answers = [{"findings": [FINDING]}, *({"findings": []} for _ in range(count - 1)), {"findings": [FINDING]}]
    account.answers("accessanalyzer", "validate_policy", answers)
    result, message = verdict(preflight.policies, account, stack)
    assert (result, message) == (Verdict.FAILED, "INVALID_ACTION: The action lambda:NoSuchAction does not exist.")


def test_who_finds_nothing_wrong_has_not_answered(account: Scripted, stack: Stack) -> None:
    account.answers("accessanalyzer", "validate_policy", [{"findings": []}])
    assert verdict(preflight.policies, account, stack)[0] is Verdict.UNANSWERED


@pytest.fixture(scope="session")
def everyone(plain_stack: Stack) -> list[rights.Role]:
    return rights.roles(plain_stack.template)


def decided(action: str, resource: str, *, is_allowed: bool) -> dict[str, Any]:
    decision = "allowed" if is_allowed else "implicitDeny"
    return {"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": decision}


def simulated(everyone: list[rights.Role], *, conditional: bool) -> list[dict[str, Any]]:
    """IAM's answers by the table."""
    return [
        {"EvaluationResults": [decided(action, arn, is_allowed=role.is_allowed(action, arn)) for arn in resources]}
        for role in everyone
        for action, resources in rights.questions(role, everyone)
        if role.is_conditional(action) == conditional
    ]


def test_iam_says_what_the_table_says(account: Scripted, plain_stack: Stack, everyone: list[rights.Role]) -> None:
    answers = simulated(everyone, conditional=False)
    account.answers("iam", "simulate_custom_policy", answers)
    result, message = verdict(preflight.who_may_what, account, plain_stack)
    assert result is Verdict.HELD
    assert message.endswith(f" about {len(everyone)} roles")
    decisions = {each["EvalDecision"] for answer in answers for each in answer["EvaluationResults"]}
    assert decisions == {"allowed", "implicitDeny"}


@pytest.mark.parametrize("decision", ["allowed", "implicitDeny"])
def test_one_decision_otherwise_is_told_of(
    account: Scripted, plain_stack: Stack, everyone: list[rights.Role], decision: str
) -> None:
    answers = simulated(everyone, conditional=False)
    turned = next(each for answer in answers for each in answer["EvaluationResults"] if each["EvalDecision"] == decision)
    turned["EvalDecision"] = "implicitDeny" if decision == "allowed" else "allowed"
    account.answers("iam", "simulate_custom_policy", answers)
    result, message = verdict(preflight.who_may_what, account, plain_stack)
    assert result is Verdict.FAILED
    assert f"{turned['EvalActionName']} on {turned['EvalResourceName']}" in message


def test_of_other_settings_there_is_no_table(account: Scripted, stack: Stack) -> None:
    other = Stack(stack.assembly, settings=False)
    assert verdict(preflight.who_may_what, account, other)[0] is Verdict.UNANSWERED
    assert verdict(preflight.conditions, account, other)[0] is Verdict.UNANSWERED


def test_conditions(account: Scripted, plain_stack: Stack, everyone: list[rights.Role]) -> None:
    [by_table] = simulated(everyone, conditional=True)
    denied = {"EvaluationResults": [each | {"EvalDecision": "implicitDeny"} for each in by_table["EvaluationResults"]]}
    account.answers("iam", "simulate_custom_policy", [by_table, denied])
    assert verdict(preflight.conditions, account, plain_stack)[0] is Verdict.HELD
    account.answers("iam", "simulate_custom_policy", [by_table, by_table])
    result, message = verdict(preflight.conditions, account, plain_stack)
    assert (result, message.rpartition(" with ")[2]) == (Verdict.FAILED, "another events:source")
    seeing = {"EvaluationResults": [decided("sqs:SendMessage", "*", is_allowed=True)]}
    account.answers("iam", "simulate_custom_policy", [denied, seeing, denied])
    assert verdict(preflight.conditions, account, plain_stack)[0] is Verdict.FAILED
    blind = {"EvaluationResults": [decided("sqs:SendMessage", "*", is_allowed=False)]}
    account.answers("iam", "simulate_custom_policy", [denied, blind])
    assert verdict(preflight.conditions, account, plain_stack)[0] is Verdict.UNANSWERED


# ----------------------------------------------------------------------------------------------------------- change set

CREATED = {"Id": f"arn:aws:cloudformation:eu-west-1:{ID}:changeSet/a/b", "StackId": "c"}
INVALID = Refusal("ValidationError", "Template format error: Unrecognized resource types: [AWS::Nope]")
EXISTS = "A bucket of that name exists."
CHANGES = {
    "Status": "CREATE_COMPLETE",
    "Changes": [{"Type": "Resource"}],
    "CreationTime": datetime(2026, 11, 27, tzinfo=UTC),
}


def change_set(account: Scripted, created: Any, *described: Any) -> None:
    account.answers("cloudformation", "validate_template", [INVALID])
    account.answers("s3", "put_object", [{"VersionId": "v1"}])
    account.answers("cloudformation", "create_change_set", [created])
    account.answers("cloudformation", "describe_change_set", described)
    account.answers("cloudformation", "delete_stack", [{}])
    account.answers("s3", "delete_object", [{}])


def test_a_change_set_is_made_and_everything_deleted_again(account: Scripted, stack: Stack) -> None:
    change_set(account, CREATED, CHANGES)
    assert verdict(preflight.change_set, account, stack) == (Verdict.HELD, "1 resources")


@pytest.mark.parametrize(
    ("created", "described", "why"),
    [
        (INVALID, [], "Unrecognized resource types: [AWS::Nope]"),
        (CREATED, [CHANGES | {"Status": "FAILED", "StatusReason": EXISTS}], EXISTS),
    ],
)
def test_a_change_set_that_fails_leaves_nothing_either(
    account: Scripted, stack: Stack, created: Any, described: Any, why: str
) -> None:
    change_set(account, created, *described)
    result, message = verdict(preflight.change_set, account, stack)
    assert result is Verdict.FAILED
    assert message.endswith(why)


def test_a_change_set_needs_the_bootstraps_bucket(account: Scripted, stack: Stack) -> None:
    account.answers("cloudformation", "validate_template", [INVALID])
    account.answers("s3", "put_object", [Refusal("NoSuchBucket")])
    assert verdict(preflight.change_set, account, stack)[0] is Verdict.UNANSWERED


def test_who_accepts_any_template_has_not_answered(account: Scripted, stack: Stack) -> None:
    account.answers("cloudformation", "validate_template", [{}])
    account.answers("s3", "put_object", [])
    assert verdict(preflight.change_set, account, stack)[0] is Verdict.UNANSWERED


# ----------------------------------------------------------------------------------------------------------- as a whole


def test_what_may_not_be_asked_is_not_answered(account: Scripted, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    denied = "User: arn:aws:iam::123456789012:user/me is not authorized"
    account.answers("ssm", "get_parameter", [Refusal("AccessDeniedException", denied)])

    def cut_off(*_: object) -> Any:
        raise EndpointConnectionError(endpoint_url="https://example.com")

    monkeypatch.setattr(preflight, "CHECKS", {"one": preflight.bootstrap, "two": cut_off})
    first, second = preflight.asked(account, stack)
    assert first.answer.verdict is second.answer.verdict is Verdict.UNANSWERED
    assert redacted(first.answer.message) == (
        "GetParameter: AccessDeniedException User: arn:aws:iam::<account>:user/me is not authorized"
    )


HELD_LOCALLY = ["signed in", "concurrent executions of Lambda", "CloudFormation would create the stack"]


def test_the_local_cloud_is_asked_and_holds_nothing_that_it_does_not_know(
    deployed: Path, plain_stack: Stack, here: LocalCloud
) -> None:
    bucket = f"cdk-hnb659fds-assets-000000000000-{here.region}"
    here.client("s3").create_bucket(Bucket=bucket)
    run = CliRunner().invoke(main, ["preflight", "--assembly", str(deployed)])
    assert here.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    stacks = here.client("cloudformation").describe_stacks()["Stacks"]
    assert [stack for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"] == []
    *lines, last = run.output.splitlines()
    results = {line[19:].partition("  ")[0]: line[:17].strip() for line in lines}
    expected = dict.fromkeys(preflight.CHECKS, "not answered here") | dict.fromkeys(HELD_LOCALLY, "ok")
    assert results == expected | {"the CDK's bootstrap": "warning"}
    assert last == "3 held; 1 with a warning; 6 not answered here, so that nothing is known of them."
    assert "000000000000" not in run.output
    assert run.exit_code == 0
    # Of the settings in cdk.json it has an answer.
    assert preflight.who_may_what(opened(), plain_stack).verdict is Verdict.HELD


@pytest.mark.parametrize(
    ("answers", "status"), [([held()], 0), ([held(), failed("why")], 1), ([unanswered("why"), warned("why")], 0)]
)
def test_only_a_failure_is_a_failure(
    deployed: Path, monkeypatch: pytest.MonkeyPatch, answers: list[Answer], status: int
) -> None:
    checks = {str(number): lambda *_, answer=answer: answer for number, answer in enumerate(answers)}
    monkeypatch.setattr(preflight, "CHECKS", checks)
    monkeypatch.setattr("acceptance.__main__.opened", lambda _profile: Scripted())
    assert CliRunner().invoke(main, ["preflight", "--assembly", str(deployed)]).exit_code == status


# ------------------------------------------------------------------------------------------------- what users meet first


@pytest.fixture
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize(
    ("environment", "arguments", "told"),
    [
        ({}, [], "No region is set: name one, as in `AWS_REGION=eu-west-1 make preflight`."),
        (
            {"AWS_REGION": REGION},
            [],
            "There are no AWS credentials: sign in as for the AWS CLI, or name a profile by --profile.",
        ),
        (
            {"AWS_REGION": REGION},
            ["--profile", "nope"],
            "The config profile (nope) could not be found: `aws configure list-profiles` lists those that there are.",
        ),
    ],
)
def test_who_has_no_account_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], arguments: list[str], told: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    run = CliRunner().invoke(main, ["preflight", *arguments])
    assert (run.exit_code, run.output) == (1, f"Error: {told}\n")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("ExpiredToken", "Your credentials have expired: sign in again."),
        (
            "InvalidClientTokenId",
            "AWS does not know your credentials: sign in again, or name another profile by --profile.",
        ),
        ("Odd", "AWS was asked who you are, and answered GetCallerIdentity: Odd Because."),
    ],
)
def test_who_is_not_let_in_is_told_in_one_sentence(
    account: Scripted, monkeypatch: pytest.MonkeyPatch, code: str, told: str
) -> None:
    account.answers("sts", "get_caller_identity", [Refusal(code, status=403)])
    monkeypatch.setattr("acceptance.account._client", lambda _session, service: account.client(service))
    monkeypatch.setenv("AWS_REGION", REGION)
    run = CliRunner().invoke(main, ["preflight"])
    assert (run.exit_code, run.output) == (1, f"Error: {told}\n")


@pytest.mark.parametrize("command", ["preflight", "smoke"])
def test_what_is_no_context_value_is_refused(command: str) -> None:
    run = CliRunner().invoke(main, [command, "-c", "hookUrl"])
    assert (run.exit_code, run.output.splitlines()[-1]) == (
        2,
        "Error: Invalid value for '-c' / '--context': 'hookUrl' is no KEY=VALUE.",
    )


def test_no_id_and_no_key_is_told() -> None:
    assert redacted("arn:aws:iam::123456789012:user/a AKIAIOSFODNN7EXAMPLE 1234567890123") == (
        "arn:aws:iam::<account>:user/a <access key> 1234567890123"
    )
