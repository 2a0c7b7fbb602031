"""Callback tasks: when they end, and with what."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.workbench import Workbench, closed, until

LOST = "def handler(event, context): return {}"
RAISES = "def handler(event, context): raise KeyError('lost')"
REPORTS_AND_STAYS = """
    import boto3, pathlib, time
    def handler(event, context):
        boto3.client("stepfunctions").send_task_success(taskToken=event["token"], output='"reported"')
        pathlib.Path({reported!r}).touch()
        while not pathlib.Path({leave!r}).exists():
            time.sleep(0.02)
"""
LOOKS = 30
"""How often an execution is looked at that is to go on."""


class Stays:
    """A function that reports its token, and stays until it is told to leave."""

    def __init__(self, bench: Workbench, directory: Path) -> None:
        self._reported, self._leave = directory / "reported", directory / "leave"
        source = REPORTS_AND_STAYS.format(reported=str(self._reported), leave=str(self._leave))
        self.name = bench.function(source, timeout=60)

    def has_reported(self) -> bool:
        return self._reported.exists()

    def leaves(self) -> None:
        self._leave.touch()


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
        task_token = item.get("taskToken", {}).get("S")
        return task_token if task_token != other_than else None

    return until(probe)


def code_of(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def test_jsonata_timeout_breaks_the_bare_emulator(bare: Workbench) -> None:
    run = bare.ended(bare.start(gate(table(bare), TimeoutSeconds="{% $states.input.limit %}"), "Gate", limit=25))
    assert run.get("error") != "States.Timeout", closed("callbacks")


def test_jsonata_timeout_is_evaluated_and_scaled(filled: Workbench) -> None:
    states = gate(table(filled), TimeoutSeconds="{% $states.input.limit %}")
    patient, run = (filled.start(states, "Gate", limit=limit) for limit in (24 * 3600, 25))
    ended = filled.ended(run, seconds=20)  # of this machine's: unscaled, it would still wait
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")
    machines = filled.client("stepfunctions")
    assert machines.describe_execution(executionArn=patient)["status"] == "RUNNING"
    machines.stop_execution(executionArn=patient)


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


def goes_on_until_it_leaves(bench: Workbench, run: str, function: Stays) -> bool:
    """Whether the execution goes on after the report, and ends well once the function has left."""
    until(function.has_reported)
    machines = bench.client("stepfunctions")
    went_on = all(machines.describe_execution(executionArn=run)["status"] == "RUNNING" for _ in range(LOOKS))
    function.leaves()
    return went_on and bench.ended(run)["status"] == "SUCCEEDED"


def test_bare_emulator_waits_for_a_function_that_has_reported(bare: Workbench, tmp_path: Path) -> None:
    function = Stays(bare, tmp_path)
    run = bare.start(waiting(function.name), "Wait")
    assert goes_on_until_it_leaves(bare, run, function), closed("callbacks")


def test_report_ends_the_task_while_its_function_runs(filled: Workbench, tmp_path: Path) -> None:
    function = Stays(filled, tmp_path)
    run = filled.ended(filled.start(waiting(function.name), "Wait"))
    function.leaves()
    assert json.loads(run["output"]) == "reported"


def test_function_that_returns_without_a_report_leaves_the_task_waiting(filled: Workbench) -> None:
    run = filled.ended(filled.start(waiting(filled.function(LOST), TimeoutSeconds=100), "Wait"))
    assert run["error"] == "States.Timeout"


def asynchronous(function: str, **fields: Any) -> dict[str, Any]:
    states = waiting(function, **fields)
    states["Wait"]["Arguments"]["InvocationType"] = "Event"
    return states


def test_bare_emulator_waits_for_a_function_that_is_invoked_asynchronously(bare: Workbench, tmp_path: Path) -> None:
    function = Stays(bare, tmp_path)
    run = bare.start(asynchronous(function.name), "Wait")
    assert goes_on_until_it_leaves(bare, run, function), closed("callbacks")


def test_of_a_function_that_is_invoked_asynchronously_the_task_hears_by_its_token_alone(
    filled: Workbench, tmp_path: Path
) -> None:
    run = filled.ended(filled.start(asynchronous(filled.function(RAISES), TimeoutSeconds=100), "Wait"))
    assert run["error"] == "States.Timeout"
    function = Stays(filled, tmp_path)
    run = filled.ended(filled.start(asynchronous(function.name), "Wait"))
    function.leaves()
    assert json.loads(run["output"]) == "reported"
