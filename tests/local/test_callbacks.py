"""Callback tasks: when they end, and with what."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.workbench import SCALE, Workbench, closed, until

LOST = "def handler(event, context): return {}"
RAISES = "def handler(event, context): raise KeyError('lost')"
REPORTS_AND_STAYS = """
    import boto3, time
    def handler(event, context):
        boto3.client("stepfunctions").send_task_success(taskToken=event["token"], output='"reported"')
        time.sleep(2)
"""


def waiting(function: str, **fields: Any) -> dict[str, Any]:
    return {
        "Wait": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Arguments": {
                "FunctionName": function,
                "Payload": {"token": "{% $states.context.Task.Token %}"},
            },
            "End": True,
            **fields,
        }
    }


def gate(table: str, **fields: Any) -> dict[str, Any]:
    return {
        "Gate": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken",
            "Arguments": {
                "TableName": table,
                "Key": {"pk": {"S": "gate"}},
                "UpdateExpression": "SET taskToken = :token",
                "ExpressionAttributeValues": {":token": {"S": "{% $states.context.Task.Token %}"}},
            },
            "End": True,
            **fields,
        }
    }


def table(bench: Workbench) -> str:
    name = bench.name("table")
    bench.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def token(bench: Workbench, name: str, other_than: str | None = None) -> str:
    def probe() -> str | None:
        item = bench.client("dynamodb").get_item(TableName=name, Key={"pk": {"S": "gate"}}).get("Item", {})
        found = item.get("taskToken", {}).get("S")
        return found if found != other_than else None

    return until(probe)


def code_of(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def test_jsonata_timeout_breaks_the_bare_emulator(bare: Workbench) -> None:
    run = bare.ended(bare.start(gate(table(bare), TimeoutSeconds="{% $states.input.limit %}"), "Gate", limit=25))
    assert run.get("error") != "States.Timeout", closed("callbacks")


def test_jsonata_timeout_is_evaluated_and_scaled(filled: Workbench) -> None:
    started = time.monotonic()
    run = filled.ended(filled.start(gate(table(filled), TimeoutSeconds="{% $states.input.limit %}"), "Gate", limit=25))
    assert (run["status"], run["error"]) == ("FAILED", "States.Timeout")
    assert 25 * SCALE <= time.monotonic() - started < 5


@pytest.mark.parametrize("limit", [0, -3, 2.5, 100_000_000, "60"])
def test_timeout_that_is_no_positive_integer_fails_the_state(filled: Workbench, limit: float | str) -> None:
    states = gate(table(filled), TimeoutSeconds="{% $states.input.limit %}")
    assert filled.ended(filled.start(states, "Gate", limit=limit))["error"] == "States.QueryEvaluationError"


def test_bad_timeout_can_be_caught(filled: Workbench) -> None:
    states = gate(table(filled), TimeoutSeconds="{% 0 %}", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]) | {
        "Caught": {"Type": "Succeed"}
    }
    assert filled.ended(filled.start(states, "Gate"))["status"] == "SUCCEEDED"


def test_bare_emulator_loses_a_failed_function(bare: Workbench) -> None:
    run = bare.ended(bare.start(waiting(bare.function(RAISES), TimeoutSeconds=1), "Wait"))
    assert run["error"] == "States.Timeout", closed("callbacks")


def test_failed_function_fails_the_task_at_once(filled: Workbench) -> None:
    run = filled.ended(filled.start(waiting(filled.function(RAISES), TimeoutSeconds=3600), "Wait"))
    assert run["error"] == "KeyError"
    assert json.loads(run["cause"])["errorMessage"] == "'lost'"


def test_bare_emulator_waits_for_a_function_that_has_reported(bare: Workbench) -> None:
    started = time.monotonic()
    run = bare.ended(bare.start(waiting(bare.function(REPORTS_AND_STAYS)), "Wait"))
    assert run["status"] == "SUCCEEDED"
    assert time.monotonic() - started > 2, closed("callbacks")


def test_report_ends_the_task_while_its_function_runs(filled: Workbench) -> None:
    started = time.monotonic()
    run = filled.ended(filled.start(waiting(filled.function(REPORTS_AND_STAYS)), "Wait"))
    assert json.loads(run["output"]) == "reported"
    assert time.monotonic() - started < 2


def test_function_that_returns_without_a_report_leaves_the_task_waiting(filled: Workbench) -> None:
    run = filled.ended(filled.start(waiting(filled.function(LOST), TimeoutSeconds=100), "Wait"))
    assert run["error"] == "States.Timeout"


def asynchronous(function: str, **fields: Any) -> dict[str, Any]:
    states = waiting(function, **fields)
    states["Wait"]["Arguments"]["InvocationType"] = "Event"
    return states


def test_bare_emulator_waits_for_a_function_that_is_invoked_asynchronously(bare: Workbench) -> None:
    started = time.monotonic()
    run = bare.ended(bare.start(asynchronous(bare.function(REPORTS_AND_STAYS)), "Wait"))
    assert run["status"] == "SUCCEEDED"
    assert time.monotonic() - started > 2, closed("callbacks")


def test_of_a_function_that_is_invoked_asynchronously_the_task_hears_by_its_token_alone(filled: Workbench) -> None:
    run = filled.ended(filled.start(asynchronous(filled.function(RAISES), TimeoutSeconds=100), "Wait"))
    assert run["error"] == "States.Timeout"
    run = filled.ended(filled.start(asynchronous(filled.function(REPORTS_AND_STAYS)), "Wait"))
    assert json.loads(run["output"]) == "reported"


TELLS = """
    import boto3
    def handler(event, context):
        boto3.client("stepfunctions").send_task_failure(
            taskToken=event["requestPayload"]["token"], error=event["responsePayload"]["errorType"], cause="told"
        )
"""


def test_of_one_that_fails_its_destination_hears(filled: Workbench) -> None:
    failing, told = filled.function(RAISES), filled.function(TELLS)
    functions = filled.client("lambda")
    functions.put_function_event_invoke_config(
        FunctionName=failing,
        MaximumRetryAttempts=0,
        DestinationConfig={
            "OnFailure": {"Destination": functions.get_function(FunctionName=told)["Configuration"]["FunctionArn"]}
        },
    )
    run = filled.ended(filled.start(asynchronous(failing, TimeoutSeconds=3600), "Wait"))
    assert (run["error"], run["cause"]) == ("KeyError", "told")


def test_token_can_be_reported_once(filled: Workbench) -> None:
    name = table(filled)
    execution = filled.start(gate(name), "Gate")
    steps = filled.client("stepfunctions")
    held = token(filled, name)
    steps.send_task_failure(taskToken=held, error="First", cause="first")
    with pytest.raises(ClientError) as refused:
        steps.send_task_success(taskToken=held, output="{}")
    assert code_of(refused.value) == "TaskTimedOut"
    assert filled.ended(execution)["error"] == "First"
    with pytest.raises(ClientError) as refused:
        steps.send_task_success(taskToken="never given", output="{}")
    assert code_of(refused.value) == "InvalidToken"


def test_bare_emulator_takes_reports_of_a_stopped_execution(bare: Workbench) -> None:
    name = table(bare)
    execution = bare.start(gate(name), "Gate")
    held = token(bare, name)
    bare.client("stepfunctions").stop_execution(executionArn=execution)
    bare.client("stepfunctions").send_task_failure(taskToken=held, error="Late")
    until(lambda: bare.client("stepfunctions").describe_execution(executionArn=execution)["status"] == "FAILED" or None)


def test_stopping_an_execution_ends_its_wait_and_its_token(filled: Workbench) -> None:
    events = filled.collector({"source": ["aws.states"], "detail": {"status": ["ABORTED", "FAILED"]}})
    name = table(filled)
    states = gate(name, Retry=[{"ErrorEquals": ["States.ALL"]}], Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Gate"}])
    execution = filled.start(states, "Gate")
    held = token(filled, name)
    steps = filled.client("stepfunctions")
    steps.stop_execution(executionArn=execution, error="Stopped", cause="by hand")

    def is_closed() -> bool:
        with pytest.raises(ClientError) as refused:
            steps.send_task_failure(taskToken=held, error="Late")
        return code_of(refused.value) == "TaskTimedOut"

    assert until(is_closed)
    run = steps.describe_execution(executionArn=execution)
    assert (run["status"], run["error"]) == ("ABORTED", "Stopped")
    history = steps.get_execution_history(executionArn=execution)["events"]
    assert history[-1]["type"] == "ExecutionAborted"
    told = until(lambda: filled.collected(events))
    assert [event["detail"]["status"] for event in told] == ["ABORTED"]
    assert told[0]["detail"]["stateMachineArn"] == run["stateMachineArn"]
    assert told[0]["detail"]["name"] == run["name"]


def test_bare_emulator_retries_with_the_same_token(bare: Workbench) -> None:
    assert retried_token_is_new(bare) is False, closed("callbacks")


def test_retry_gets_a_new_token(filled: Workbench) -> None:
    assert retried_token_is_new(filled) is True


def retried_token_is_new(bench: Workbench) -> bool:
    name = table(bench)
    execution = bench.start(gate(name, Retry=[{"ErrorEquals": ["Again"], "MaxAttempts": 1}]), "Gate")
    first = token(bench, name)
    # The token is handed out just before the task waits for it.
    bench.client("dynamodb").delete_item(TableName=name, Key={"pk": {"S": "gate"}})
    bench.client("stepfunctions").send_task_failure(taskToken=first, error="Again")
    second = token(bench, name)
    bench.client("stepfunctions").send_task_success(taskToken=second, output="{}")
    assert bench.ended(execution)["status"] == "SUCCEEDED"
    return first != second
