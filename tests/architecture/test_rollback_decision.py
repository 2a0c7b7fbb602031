"""What the state machine itself decides: whether traffic is restored, and what an interruption was. Its own expressions run."""

import json
from typing import Any

import pytest
from jsonata import jsonata

from tests.architecture.asl import definition

STATES = definition()["States"]
REASON = STATES["Record reason"]
ON, OFF = ({"failure": value, "alarm": value, "stop": value} for value in (True, False))


def _evaluated(expression: str, **variables: Any) -> Any:
    """A JSONata expression of the definition; `$parse` is Step Functions' own."""
    compiled = jsonata.Jsonata(expression.removeprefix("{%").removesuffix("%}").strip())
    compiled.register_lambda("parse", json.loads)
    for name, value in variables.items():
        compiled.assign(name, value)
    return compiled.evaluate(None)


def _rolls_back(error: str, on: dict[str, bool], cause: str = "why") -> Any:
    [rule] = STATES["Roll back?"]["Choices"]
    assert rule["Next"] == "Roll back"
    return _evaluated(rule["Condition"], failure={"error": error, "cause": cause}, plan={"rollBackOn": on})


@pytest.mark.parametrize(
    "error", ["HookFailed", "HookTimedOut", "Throttled", "KeyError", "Sandbox.Timedout", "Interrupted"]
)
def test_a_failure_is_rolled_back_as_the_plan_says(error: str) -> None:
    assert _rolls_back(error, OFF | {"failure": True}) is True
    assert _rolls_back(error, ON | {"failure": False}) is False


@pytest.mark.parametrize("error", ["AlarmActive", "AlarmsUnreadable"])
def test_an_alarm_is_rolled_back_as_the_plan_says(error: str) -> None:
    assert _rolls_back(error, OFF | {"alarm": True}) is True
    assert _rolls_back(error, ON | {"alarm": False}) is False


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("on", [ON, OFF])
def test_a_stop_request_has_said_itself(on: dict[str, bool], wanted: bool) -> None:
    assert _rolls_back("StopRequested", on, json.dumps({"message": "Stop.", "rollBack": wanted})) is wanted


@pytest.mark.parametrize("error", ["AliasMoved", "DeploymentEnded"])
def test_what_is_not_the_deployments_any_more_is_never_touched(error: str) -> None:
    assert _rolls_back(error, ON) is False


@pytest.mark.parametrize("boolean", ["Bool", "BOOL"])
@pytest.mark.parametrize("roll_back", [True, False])
def test_an_interruption_is_read_whichever_way_a_boolean_is_spelt(boolean: str, roll_back: bool) -> None:
    failure = _counts({"error": {"S": "StopRequested"}, "message": {"S": "Stop."}, "rollBack": {boolean: roll_back}})
    assert failure["error"] == "StopRequested"
    assert json.loads(failure["cause"]) == {"message": "Stop.", "rollBack": roll_back}


def _counts(interruption: dict[str, Any]) -> Any:
    """The failure that the deployment goes on with when its record holds `interruption`."""
    result = {"Attributes": {"interruption": {"M": interruption}}}
    return _evaluated(REASON["Assign"]["failure"], states={"result": result})


def test_what_the_machine_recorded_itself_is_the_reason() -> None:
    failure = _counts({"error": {"S": "HookFailed"}, "message": {"S": '{"errorMessage": "No."}'}})
    assert failure == {"error": "HookFailed", "cause": '{"errorMessage": "No."}'}


@pytest.mark.parametrize("cause", ["No.", None])
def test_the_first_reason_is_recorded_with_or_without_a_cause(cause: str | None) -> None:
    arguments = REASON["Arguments"]
    assert arguments["UpdateExpression"] == "SET interruption = if_not_exists(interruption, :reason)"
    reason = arguments["ExpressionAttributeValues"][":reason"]["M"]
    failure = {"error": "HookFailed"} | ({"cause": cause} if cause else {})
    assert _evaluated(reason["error"]["S"], failure=failure) == "HookFailed"
    assert _evaluated(reason["message"]["S"], failure=failure) == (cause or "")
    # How Step Functions spells a boolean towards DynamoDB is not written down, so that none is sent.
    assert set(reason) == {"error", "message"}


def test_a_reason_of_any_length_fits_into_the_record() -> None:
    message = REASON["Arguments"]["ExpressionAttributeValues"][":reason"]["M"]["message"]["S"]
    assert len(_evaluated(message, failure={"error": "KeyError", "cause": "x" * 32_768})) == 30_000


def test_a_deployment_that_has_ended_records_no_reason_and_touches_nothing() -> None:
    assert REASON["Arguments"]["ConditionExpression"] == "attribute_exists(#open)"
    [ended] = [catch for catch in REASON["Catch"] if "DynamoDb.ConditionalCheckFailedException" in catch["ErrorEquals"]]
    assert ended["Assign"]["failure"]["error"] == "DeploymentEnded"
    assert not _rolls_back("DeploymentEnded", ON)


@pytest.mark.parametrize("state", [name for name, state in STATES.items() if "Catch" in state])
def test_traffic_goes_back_only_for_a_reason_that_is_on_record(state: str) -> None:
    # What an alarm's event or a stop request ends a wait with has been recorded by whoever sent it.
    directly = [catch["ErrorEquals"] for catch in STATES[state]["Catch"] if catch["Next"] == "Roll back?"]
    assert state == "Record reason" or all(set(errors) <= {"AlarmActive", "StopRequested"} for errors in directly)


def test_a_bake_is_only_begun_by_an_open_deployment_that_is_not_interrupted() -> None:
    arguments = STATES["Bake"]["Arguments"]
    assert arguments["ConditionExpression"] == "attribute_exists(#open) AND attribute_not_exists(interruption)"
    assert arguments["ExpressionAttributeNames"] == {"#open": "open"}
