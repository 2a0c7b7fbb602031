"""AWS evaluates the definition's expressions by JSONata in JavaScript, the local cloud and the simulation by its port to Python."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ministack.services import stepfunctions

from local.cloud import ROOT
from statemachine.definition import DEPLOY, definition
from tests.architecture.asl import expressions
from verify.simulation.world import SimulatedWorld
from verify.stories import STORIES

EVALUATE = """
const jsonata = require('jsonata');
const evaluated = async ([expression, bindings]) => {
  const compiled = jsonata(expression);
  compiled.registerFunction('parse', JSON.parse, '<s:x>');
  const value = await compiled.evaluate(undefined, bindings);
  return value === undefined ? [] : [value];
};
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
Promise.all(asked.map(evaluated)).then((answers) => console.log(JSON.stringify(answers)));
"""
"""Reads expressions with the variables for each, and writes for each a list of the value, empty where there is none."""

Evaluation = tuple[str, dict[str, Any]]


def text(expression: str) -> str:
    return expression.removeprefix("{%").removesuffix("%}").strip()


FAILURE = {"error": "HookFailed", "cause": "No."}
BROKEN = {"input": {}, "context": {}, "errorOutput": {"Error": "Throttled", "Cause": "Rate exceeded"}}
UNREADABLE, UNRECORDED = (
    "$plan.alarms.ignorePollFailure ? {} : {'failure': {'error': 'AlarmsUnreadable', 'cause': $states.errorOutput.Cause}}",
    "{'code': $failure.error, 'message': $failure.cause}",
)
WAITS = definition(DEPLOY)["States"]["Deploy and wait"]
ASKED = {"Id": "arn", "StartTime": "2026-11-23T06:00:00Z"}
OVER: list[dict[str, Any]] = [{"Error": "HEALTH_CONSTRAINTS", "Cause": "No."}, {"Error": "States.Timeout"}]
BY_OTHERS: list[Evaluation] = [
    (text(WAITS["Arguments"]["Payload"]["execution"]), {"states": {"input": {}, "context": {"Execution": ASKED}}}),
    *(
        (text(WAITS["Catch"][0]["Assign"]["failure"]), {"states": {"input": {}, "context": {}, "errorOutput": error}})
        for error in OVER
    ),
]
"""What the machine evaluates by which others deploy, apart from what the other one does as well."""
NOT_TOLD: list[Evaluation] = [
    *((UNREADABLE, {"states": BROKEN, "plan": {"alarms": {"ignorePollFailure": ignored}}}) for ignored in (True, False)),
    (UNRECORDED, {"states": BROKEN, "failure": FAILURE}),
]
"""What no story leads to: alarms that cannot be read for long, and a failure that cannot be recorded."""


def by_javascript(asked: list[Evaluation]) -> list[Any]:
    node = Path(sys.executable).with_name("node")
    run = subprocess.run(
        [node, "-e", EVALUATE], input=json.dumps(asked), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    answers: list[Any] = json.loads(run.stdout)
    return answers


def by_python(asked: Evaluation) -> Any:
    expression, bindings = asked
    states = bindings["states"]
    context = states["context"] | {"variables": {name: value for name, value in bindings.items() if name != "states"}}
    try:
        value = stepfunctions._evaluate_jsonata(
            expression, states["input"], context, states.get("result"), states.get("errorOutput")
        )
    except stepfunctions._ExecutionError as failed:
        return [] if "did not return a result" in failed.cause else failed.cause
    return [value]


@pytest.fixture(scope="module")
def evaluations(world: SimulatedWorld) -> list[Evaluation]:
    """What is evaluated, with which variables, while all stories are played."""
    seen: dict[str, Evaluation] = {}

    def record(expression: str, raw_input: Any, ctx: Any = None, result: Any = None, error_output: Any = None) -> Any:
        context = {name: value for name, value in ctx.items() if name != "variables"}
        states = {"input": raw_input, "context": context, "result": result, "errorOutput": error_output}
        there = {name: value for name, value in states.items() if value is not None}
        evaluation = json.dumps((expression, ctx["variables"] | {"states": there}), default=str)
        seen.setdefault(evaluation, json.loads(evaluation))
        return evaluate(expression, raw_input, ctx, result, error_output)

    evaluate = stepfunctions._evaluate_jsonata
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stepfunctions, "_evaluate_jsonata", record)
        for story in STORIES.values():
            world.simulation.forget()
            played = story.play(world)
            for deployment_id in played.deployments:
                world.ended(deployment_id)
    return [*seen.values(), *NOT_TOLD, *BY_OTHERS]


def test_every_expression_of_the_definition_is_evaluated(evaluations: list[Evaluation]) -> None:
    waits = {WAITS["Arguments"]["Payload"]["execution"], WAITS["Catch"][0]["Assign"]["failure"]}
    all_there_are = waits | {value for _, value in expressions(definition(), "")}
    assert {expression for expression, _ in evaluations} == set(map(text, all_there_are))


def test_what_asks_for_a_deployment_tells_its_starts_apart(evaluations: list[Evaluation]) -> None:
    assert evaluations
    assert [by_python(each) for each in BY_OTHERS] == [
        ["arn 2026-11-23T06:00:00Z"],
        [{"error": "HEALTH_CONSTRAINTS", "cause": "No."}],
        [
            {
                "error": "States.Timeout",
                "cause": "The deployment has not ended within the seven days that are waited for it.",
            }
        ],
    ]


def test_javascript_and_python_agree(evaluations: list[Evaluation]) -> None:
    by_both = zip(evaluations, by_javascript(evaluations), map(by_python, evaluations), strict=True)
    assert [(evaluation, by_javascript, ours) for evaluation, by_javascript, ours in by_both if by_javascript != ours] == []


def test_they_do_differ_elsewhere_and_agree_on_what_is_not_there() -> None:
    nothing: dict[str, Any] = {"states": {"input": {}, "context": {}}, "plan": {}}
    asked: list[Evaluation] = [("$formatNumber(0.5, '0')", nothing), ("$plan.steps", nothing)]
    assert by_javascript(asked) == [["0"], []]
    assert [by_python(each) for each in asked] == [["1"], []]
