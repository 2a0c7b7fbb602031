"""Executions and their waits. moto runs no definition, so task tokens are answered by a script."""

import json
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from botocore.stub import Stubber

from tests.aws.account import client_error, refuse
from tests.core.samples import plan
from weighbridge.aws import stepfunctions
from weighbridge.aws.clients import client
from weighbridge.core.errors import ServiceUnavailable, Throttled, WeighbridgeError
from weighbridge.core.execution import Execution

Stub = Callable[[str], Stubber]


def _inputs(machine: str) -> dict[str, object]:
    executions = client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    described = [client("stepfunctions").describe_execution(executionArn=each["executionArn"]) for each in executions]
    return {each["name"]: json.loads(each["input"]) for each in described}


def test_an_execution_is_named_after_its_deployment_and_started_once(place: SimpleNamespace) -> None:
    stepfunctions.start("d-AAAAAAAAA")
    stepfunctions.start("d-AAAAAAAAA")
    assert _inputs(place.machine) == {"d-AAAAAAAAA": {"deploymentId": "d-AAAAAAAAA"}}


def test_a_rollbacks_execution_gets_the_plan(place: SimpleNamespace) -> None:
    stepfunctions.start_rollback(plan())
    assert _inputs(place.machine) == {"d-ZC6Q6LH6F": {"deploymentId": "d-ZC6Q6LH6F", "rollBack": plan()}}


def test_a_name_that_another_input_has_taken_is_left_to_it(place: SimpleNamespace) -> None:
    client("stepfunctions").start_execution(stateMachineArn=place.machine, name="d-ZC6Q6LH6F", input='{"by": "machine"}')
    stepfunctions.start_rollback(plan())
    assert _inputs(place.machine) == {"d-ZC6Q6LH6F": {"by": "machine"}}


def test_an_execution_that_cannot_be_started_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "stepfunctions", "start_execution", client_error("ThrottlingException"))
    with pytest.raises(Throttled):
        stepfunctions.start("d-AAAAAAAAA")


def test_an_execution_is_described(place: SimpleNamespace) -> None:
    stepfunctions.start("d-AAAAAAAAA")
    assert stepfunctions.describe("d-AAAAAAAAA") == Execution("RUNNING")
    arn = place.machine.replace(":stateMachine:", ":execution:") + ":d-AAAAAAAAA"
    client("stepfunctions").stop_execution(executionArn=arn, error="Why", cause="Because.")
    assert stepfunctions.describe("d-AAAAAAAAA").status == "ABORTED"


def test_error_and_cause_of_a_failed_execution_are_told(stub: Stub, place: SimpleNamespace) -> None:
    arn = place.machine.replace(":stateMachine:", ":execution:") + ":d-AAAAAAAAA"
    answer = {
        "executionArn": arn,
        "stateMachineArn": place.machine,
        "startDate": 0,
        "status": "FAILED",
        "error": "HOOK_EXECUTION_FAILURE",
        "cause": "It said no.",
    }
    stub("stepfunctions").add_response("describe_execution", answer, {"executionArn": arn})
    assert stepfunctions.describe("d-AAAAAAAAA") == Execution("FAILED", "HOOK_EXECUTION_FAILURE", "It said no.")


def test_an_execution_that_is_not_there_has_no_status() -> None:
    assert stepfunctions.describe("d-AAAAAAAAA") == Execution(None)


def test_an_execution_that_cannot_be_described_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "stepfunctions", "describe_execution", client_error("InvalidArn"))
    with pytest.raises(WeighbridgeError, match="AWSStepFunctions refused"):
        stepfunctions.describe("d-AAAAAAAAA")


def test_a_wait_goes_on_or_ends(stub: Stub) -> None:
    service = stub("stepfunctions")
    service.add_response("send_task_success", {}, {"taskToken": "t-1", "output": '{"status": "Succeeded"}'})
    assert stepfunctions.end_wait("t-1", {"status": "Succeeded"})
    ended = {"taskToken": "t-1", "error": "AlarmActive", "cause": '{"rollBack": true}'}
    service.add_response("send_task_failure", {}, ended)
    assert stepfunctions.interrupt_wait("t-1", "AlarmActive", {"rollBack": True})


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_wait_that_is_over_is_no_error(stub: Stub, code: str) -> None:
    stub("stepfunctions").add_client_error("send_task_success", code)
    assert not stepfunctions.end_wait("t-1", {})
    stub("stepfunctions").add_client_error("send_task_failure", code)
    assert not stepfunctions.interrupt_wait("t-1", "AlarmActive", {})


def test_a_wait_that_could_not_be_ended_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "stepfunctions", "send_task_failure", client_error("InternalError", status=500))
    with pytest.raises(ServiceUnavailable):
        stepfunctions.interrupt_wait("t-1", "AlarmActive", {})
