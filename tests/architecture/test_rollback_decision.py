"""What the state machine itself decides: whether traffic is restored, and what an interruption was. Its own expressions run."""

import itertools
import json
from collections.abc import Mapping
from typing import Any, cast

import pytest
from jsonata import jsonata

from statemachine.definition import definition
from tests.core.samples import plan
from weighbridge.core import rollback_rule
from weighbridge.core.errors import classes
from weighbridge.core.plan import Plan, RollBackOn

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


def _rolls_back(error: str, plan: Mapping[str, Any], cause: str = "why") -> Any:
    [rule] = STATES["Roll back?"]["Choices"]
    assert rule["Next"] == "Roll back"
    return _evaluated(rule["Condition"], failure={"error": error, "cause": cause}, plan=plan)


SETTINGS = [
    RollBackOn(failure=failure, alarm=alarm, stop=stop)
    for failure, alarm, stop in itertools.product([True, False], repeat=3)
]
NOT_OURS = ["KeyError", "Sandbox.Timedout", "States.Runtime", "ExecutionEnded"]
BY_SETTING = {"AlarmActive": "alarm", "AlarmsUnreadable": "alarm", "StopRequested": "stop"}
NEVER = {"AliasMoved", "DeploymentEnded"}


@pytest.mark.parametrize("on", SETTINGS, ids=str)
def test_the_machine_and_the_reconciliation_decide_alike_for_every_error(on: RollBackOn) -> None:
    planned = plan(rollBackOn=on, rollBackAfter=rollback_rule.table(on))
    expected = {
        name: False if name in NEVER else on[BY_SETTING.get(name, "failure")]  # type: ignore[literal-required]
        for name in [*classes(), *NOT_OURS]
    }
    assert {name: rollback_rule.restores_after(name, planned) for name in expected} == expected
    # A stop request has decided when it came, as the setting says unless it says otherwise.
    cause = json.dumps({"message": "Stop.", "rollBack": on["stop"]})
    assert {name: _rolls_back(name, planned, cause) for name in expected} == expected


@pytest.mark.parametrize("on", SETTINGS, ids=str)
def test_a_plan_from_before_the_table_is_decided_by_its_settings(on: RollBackOn) -> None:
    planned = plan(rollBackOn=on, rollBackAfter=rollback_rule.table(on))
    before = {name: value for name, value in planned.items() if name != "rollBackAfter"}
    decided = {name: rollback_rule.restores_after(name, cast("Plan", before)) for name in classes()}
    assert decided == {name: rollback_rule.restores_after(name, planned) for name in classes()}
    # The machine of today meets one in the seconds of an update only, and takes whatever is no stop request for a failure.
    assert {_rolls_back(name, before) for name in classes() if name != "StopRequested"} == {on["failure"]}


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("on", [ON, OFF])
def test_a_stop_request_has_said_itself(on: dict[str, bool], wanted: bool) -> None:
    said = json.dumps({"message": "Stop.", "rollBack": wanted})
    assert _rolls_back("StopRequested", {"rollBackOn": on, "rollBackAfter": {"StopRequested": not wanted}}, said) is wanted


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
    assert not _rolls_back("DeploymentEnded", plan(rollBackAfter=rollback_rule.table(plan()["rollBackOn"])))


@pytest.mark.parametrize("state", [name for name, state in STATES.items() if "Catch" in state])
def test_traffic_goes_back_only_for_a_reason_that_is_on_record(state: str) -> None:
    # What an alarm's event or a stop request ends a wait with has been recorded by whoever sent it.
    directly = [catch["ErrorEquals"] for catch in STATES[state]["Catch"] if catch["Next"] == "Roll back?"]
    assert state == "Record reason" or all(set(errors) <= {"AlarmActive", "StopRequested"} for errors in directly)


def test_a_bake_is_only_begun_by_an_open_deployment_that_is_not_interrupted() -> None:
    arguments = STATES["Bake"]["Arguments"]
    assert arguments["ConditionExpression"] == "attribute_exists(#open) AND attribute_not_exists(interruption)"
    assert arguments["ExpressionAttributeNames"] == {"#open": "open"}
