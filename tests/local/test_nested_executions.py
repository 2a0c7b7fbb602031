"""Executions that a state machine starts and waits for."""

import json
from typing import Any

from tests.local.workbench import Workbench, closed, until

FAILING: dict[str, Any] = {"Fail": {"Type": "Fail", "Error": "Broken", "Cause": "because"}}
WAITING: dict[str, Any] = {"Wait": {"Type": "Wait", "Seconds": 86400, "End": True}}
PASSING: dict[str, Any] = {"Done": {"Type": "Pass", "Output": {"answer": 42}, "End": True}}


def nested(child: str, name: str) -> dict[str, Any]:
    return {
        "Nested": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Arguments": {"StateMachineArn": child, "Name": name, "Input": {"deploymentId": name}},
            "End": True,
        }
    }


def test_bare_emulator_passes_the_childs_error_on(bare: Workbench) -> None:
    child = bare.machine(FAILING, "Fail")
    run = bare.ended(bare.start(nested(child, bare.name("child")), "Nested"))
    assert run["error"] == "Broken", closed("nested_executions")


def test_failed_child_is_described_in_the_cause(filled: Workbench) -> None:
    events = filled.collector({"source": ["aws.states"], "detail": {"status": ["FAILED"]}})
    child, name = filled.machine(FAILING, "Fail"), filled.name("child")
    run = filled.ended(filled.start(nested(child, name), "Nested"))
    assert run["error"] == "States.TaskFailed"
    cause = json.loads(run["cause"])
    assert {key: cause[key] for key in ("Error", "Cause", "Name", "Status", "StateMachineArn")} == {
        "Error": "Broken",
        "Cause": "because",
        "Name": name,
        "Status": "FAILED",
        "StateMachineArn": child,
    }
    assert json.loads(cause["Input"]) == {"deploymentId": name}
    causes: list[dict[str, Any]] = []

    def both_told() -> bool:
        causes.extend(filled.collected(events))
        return len(causes) == 2

    until(both_told)
    assert causes[0]["detail"]["name"] == name
    assert causes[0]["detail"]["error"] == "Broken"


def test_output_of_the_child_is_parsed(filled: Workbench) -> None:
    child, name = filled.machine(PASSING, "Done"), filled.name("child")
    run = filled.ended(filled.start(nested(child, name), "Nested"))
    result = json.loads(run["output"])
    assert result["Output"] == {"answer": 42}
    assert (result["Status"], result["Name"]) == ("SUCCEEDED", name)


def test_used_name_is_refused(filled: Workbench) -> None:
    child, name = filled.machine(PASSING, "Done"), filled.name("child")
    filled.client("stepfunctions").start_execution(stateMachineArn=child, name=name, input="{}")
    run = filled.ended(filled.start(nested(child, name), "Nested"))
    assert run["error"] == "StepFunctions.ExecutionAlreadyExistsException"


def test_stopping_the_parent_stops_the_child(filled: Workbench) -> None:
    child, name = filled.machine(WAITING, "Wait"), filled.name("child")
    steps = filled.client("stepfunctions")
    parent = filled.start(nested(child, name), "Nested")
    arn = until(lambda: steps.list_executions(stateMachineArn=child)["executions"])[0]["executionArn"]
    steps.stop_execution(executionArn=parent)
    assert filled.ended(arn)["status"] == "ABORTED"
