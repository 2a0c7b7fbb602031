"""Questions for Step Functions' TestState: every way through every state of the definition, with the task's result mocked.

AWS evaluates the state's own expressions, needs no role for it, and nothing takes effect.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.cloud import ROOT

PLAN: dict[str, Any] = json.loads((ROOT / "events" / "shift_traffic.forward.json").read_text(encoding="utf-8"))["plan"]
UNFORESEEN = "Unforeseen"
"""An error that no state names, for what catches every one."""
FAILURE = {"error": "HookFailed", "cause": "The hook said no."}
VARIABLES: dict[str, Any] = {
    "deploymentId": "d-LAFB8W95J",
    "plan": PLAN,
    "revisionId": PLAN["revisionId"],
    "step": 0,
    "failure": FAILURE,
    "rollback": {},
    "outcome": {"status": "Failed", "code": "HEALTH_CONSTRAINTS", "message": "why"},
}
INPUT = {"deploymentId": "d-LAFB8W95J"}
MACHINE = "arn:aws:states:eu-west-1:111122223333:stateMachine:Weighbridge"
PAYLOADS: dict[str, Any] = {
    "Validate deployment": PLAN,
    "Shift traffic": {"revisionId": "new"},
    "Shift all traffic": {"revisionId": "new"},
    "Record failure": {"status": "Stopped", "code": "MANUAL_STOP", "message": "why"},
}
"""What functions return that the definition reads from."""
RECORDED = {"error": {"S": "StopRequested"}, "message": {"S": "Stop."}, "rollBack": {"BOOL": True}}
RESULTS: dict[str, Any] = {
    "aws-sdk:dynamodb:updateItem": {"Attributes": {"interruption": {"M": RECORDED}}},
    "states:startExecution.sync:2": {"Status": "SUCCEEDED", "Name": PLAN["rollbackDeploymentId"], "Output": {}},
}


def _plan(**changes: Any) -> dict[str, Any]:
    return {"plan": PLAN | changes}


def _ends(error: str, cause: str = "why", *, rolls_back: bool = True) -> dict[str, Any]:
    on = {"failure": rolls_back, "alarm": rolls_back, "stop": rolls_back}
    return {"failure": {"error": error, "cause": cause}} | _plan(rollBackOn=on)


@dataclass(frozen=True)
class Situation:
    """Where a question leads, and what differs from INPUT and VARIABLES for it to be led there."""

    leads_to: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    input: Mapping[str, Any] = field(default_factory=dict)


TOLD = {"failure": {"error": "AlarmActive", "cause": "why"}}
"""What a state is given after a failure."""
CHOICES: dict[str, list[Situation]] = {
    "Is this a rollback?": [
        Situation("Shift traffic back", input=INPUT | {"rollBack": PLAN}),
        Situation("Validate deployment", input=INPUT),
    ],
    "BeforeAllowTraffic hook?": [
        Situation("Record reason", input=TOLD),
        Situation("Run BeforeAllowTraffic hook", _plan(hooks={"BeforeAllowTraffic": "check"})),
        Situation("More steps?", _plan(hooks={})),
    ],
    "More steps?": [
        Situation("Record reason", input=TOLD),
        Situation("Shift traffic", {"step": 0}),
        Situation("Shift all traffic", {"step": len(PLAN["steps"]) - 1}),
        Situation("AfterAllowTraffic hook?", {"step": len(PLAN["steps"])}),
    ],
    "AfterAllowTraffic hook?": [
        Situation("Run AfterAllowTraffic hook", _plan(hooks={"AfterAllowTraffic": "check"})),
        Situation("Complete deployment", _plan(hooks={})),
    ],
    "AfterAllowTraffic hook succeeded?": [
        Situation("Record reason", input=TOLD),
        Situation("Complete deployment"),
    ],
    "Roll back?": [
        Situation("Roll back", _ends("AlarmActive")),
        Situation("Record failure", _ends("AlarmActive", rolls_back=False)),
        Situation("Roll back", _ends("HookFailed")),
        Situation("Record failure", _ends("HookFailed", rolls_back=False)),
        Situation("Roll back", _ends("StopRequested", '{"message": "Stop.", "rollBack": true}')),
        Situation("Record failure", _ends("StopRequested", '{"message": "Stop.", "rollBack": false}')),
        Situation("Record failure", _ends("AliasMoved")),
    ],
    "Stopped?": [
        Situation("Deployment stopped", {"outcome": {"status": "Stopped", "code": "MANUAL_STOP", "message": "why"}}),
        Situation("Deployment failed"),
    ],
}


@dataclass(frozen=True)
class Question:
    """What is asked of TestState beside the definition, and what it has to answer."""

    about: str
    asked: dict[str, Any]
    status: str
    next_state: str | None = None


def filled(definition: str) -> str:
    """The definition with something for every placeholder."""

    def named(placeholder: re.Match[str]) -> str:
        name = placeholder[1]
        if name.endswith("Arn"):
            return f"arn:aws:lambda:eu-west-1:111122223333:function:{name.removesuffix('FunctionArn')}"
        return "aws" if name == "Partition" else name

    return re.sub(r"\$\{(\w+)\}", named, definition)


def questions(machine: dict[str, Any]) -> Iterator[Question]:
    """Every state of a definition as parsed: each result, each branch, and each error that is caught."""
    for name, state in machine["States"].items():
        match state["Type"]:
            case "Task":
                yield from _of_task(name, state)
            case "Choice":
                for situation in CHOICES[name]:
                    asked = _asked(name, situation.input, situation.variables)
                    yield Question(f"{name} → {situation.leads_to}", asked, "SUCCEEDED", situation.leads_to)
            case "Fail":
                yield Question(name, _asked(name), "FAILED")
            case "Succeed":
                yield Question(name, _asked(name), "SUCCEEDED")
            case kind:
                raise NotImplementedError(f"{name} is a {kind} state, of which nothing is asked")


def _asked(
    name: str, state_input: Mapping[str, Any] | None = None, variables: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    context = {
        "Execution": {"Id": MACHINE.replace(":stateMachine:", ":execution:") + ":d-LAFB8W95J", "Name": "d-LAFB8W95J"},
        "StateMachine": {"Id": MACHINE, "Name": "Weighbridge"},
    }
    return {
        "stateName": name,
        "input": json.dumps(state_input or {}),
        "variables": json.dumps({**VARIABLES, **(variables or {})}),
        "context": json.dumps(context),
    }


def _of_task(name: str, state: dict[str, Any]) -> Iterator[Question]:
    service = state["Resource"].partition(":states:::")[2]
    asked = _asked(name)
    if service.endswith(".waitForTaskToken"):
        asked["context"] = json.dumps(json.loads(asked["context"]) | {"Task": {"Token": "token"}})
        result: Any = {}
    elif service == "lambda:invoke":
        result = {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": PAYLOADS.get(name, {})}
    else:
        result = RESULTS[service]
    # AWS's own check of a mocked result wants the payload as Lambda's API has it, a text, and not as a state gets it.
    mock = {"result": json.dumps(result), "fieldValidationMode": "NONE"}
    yield Question(f"{name} → {state['Next']}", asked | {"mock": mock}, "SUCCEEDED", state["Next"])
    for catch in state.get("Catch", []):
        for error in catch["ErrorEquals"]:
            thrown = UNFORESEEN if error == "States.ALL" else error
            about = f"{name}: {thrown} → {catch['Next']}"
            caught = asked | {"mock": {"errorOutput": {"error": thrown, "cause": "why"}}}
            retries = _retries(state, thrown)
            if retries:
                caught["stateConfiguration"] = {"retrierRetryCount": retries}
            yield Question(about, caught, "CAUGHT_ERROR", catch["Next"])


def _retries(state: dict[str, Any], error: str) -> int:
    """How often the error is tried again before it is caught."""
    for retrier in state.get("Retry", []):
        if error in retrier["ErrorEquals"] or "States.ALL" in retrier["ErrorEquals"]:
            return int(retrier.get("MaxAttempts", 3))
    return 0
