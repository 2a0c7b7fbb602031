"""What the state machine itself decides: whether traffic is restored, and what an interruption was. Its own expressions run."""

import json
from typing import Any

import pytest
from jsonata import jsonata

from tests.architecture.asl import definition

STATES = definition()["States"]
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
    kept = {"error": {"S": "StopRequested"}, "message": {"S": "Stop."}, "rollBack": {boolean: roll_back}}
    read = STATES["Read interruption"]["Assign"]["failure"]
    failure = _evaluated(read, states={"result": {"Item": {"interruption": {"M": kept}}}})
    assert failure["error"] == "StopRequested"
    assert json.loads(failure["cause"]) == {"message": "Stop.", "rollBack": roll_back}


def test_a_deployment_without_an_interruption_has_ended() -> None:
    failure = _evaluated(STATES["Read interruption"]["Assign"]["failure"], states={"result": {"Item": {}}})
    assert failure["error"] == "DeploymentEnded"


def test_a_bake_is_only_begun_by_an_open_deployment_that_is_not_interrupted() -> None:
    arguments = STATES["Bake"]["Arguments"]
    assert arguments["ConditionExpression"] == "attribute_exists(#open) AND attribute_not_exists(interruption)"
    assert arguments["ExpressionAttributeNames"] == {"#open": "open"}
