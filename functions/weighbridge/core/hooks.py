"""Lifecycle event hooks: what they are given, and what their answers mean. Reference: section 5.4, and the design's table.

A hook answers by what it returns or later by an event that names its execution id. The id is a secret that only the hook
is given; the record keeps a digest of it.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from weighbridge.core.errors import clip
from weighbridge.core.plan import Plan

BEFORE, SHIFT, AFTER = "BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"
MESSAGE_LIMIT = 1_000
ANSWERS = ("Succeeded", "Failed")
"""A tuple: what strangers give as a status may be anything, and not everything can be looked up in a set."""


class Answer(TypedDict):
    """How a hook judged: `status`, its own `message` (may be empty), and by what way (`by`) the answer came."""

    status: Literal["Succeeded", "Failed"]
    message: str
    by: Literal["return value", "report", "crash"]


@dataclass(frozen=True)
class Outcome:
    """What invoking a hook gave: the text it returned, and the kind of function error if it ended with one."""

    payload: str
    function_error: str | None = None


def payload(plan: Plan, event: str, execution_id: str) -> dict[str, str]:
    """What a hook is invoked with: CodeDeploy's two members and what people missed there."""
    return {
        "DeploymentId": plan["deploymentId"],
        "LifecycleEventHookExecutionId": execution_id,
        "FunctionName": plan["functionName"],
        "Alias": plan["alias"],
        "CurrentVersion": plan["currentVersion"],
        "TargetVersion": plan["targetVersion"],
        "LifecycleEvent": event,
    }


def answer_of(outcome: Outcome) -> Answer | None:
    """The answer a hook gave by returning or crashing; None where it returned anything else and will report later."""
    value = _parsed(outcome.payload)
    if outcome.function_error:
        said = value if isinstance(value, dict) else {}
        what = ": ".join(_text(said[key]) for key in ("errorType", "errorMessage") if said.get(key))
        return _answer("Failed", f"crashed: {what or outcome.payload or outcome.function_error}", "crash")
    status = value.get("status") if isinstance(value, dict) else None
    if status in ANSWERS:
        return _answer(status, _text(value.get("message") or ""), "return value")
    return None


def reported(status: Literal["Succeeded", "Failed"]) -> Answer:
    return _answer(status, "", "report")


def _answer(status: Literal["Succeeded", "Failed"], message: str, by: Literal["return value", "report", "crash"]) -> Answer:
    return Answer(status=status, message=clip(message, MESSAGE_LIMIT), by=by)


def _text(value: Any) -> str:
    """A value as text, whatever it is; nothing where it cannot be written out."""
    try:
        return str(value)
    except (ValueError, RecursionError):
        return ""


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def failure_detail(event: str, function: str, answer: Answer) -> str:
    """The sentence after CodeDeploy's own that says which hook said no, and why."""
    if answer["by"] == "crash":
        return f"The {event} hook {function} {answer['message']}"
    how = "returned" if answer["by"] == "return value" else "reported"
    reason = f": {answer['message']}" if answer["message"] else "."
    return f"The {event} hook {function} {how} Failed{reason}"


def digest(execution_id: str) -> str:
    """What the record keeps of an execution id."""
    return hashlib.sha256(execution_id.encode("utf-8", "surrogatepass")).hexdigest()


def event_of(hooks: Mapping[str, Mapping[str, Any]], execution_id: str) -> str | None:
    """The lifecycle event whose hook was given `execution_id`, from a record's hooks; None where none was."""
    given = digest(execution_id)
    for event, call in hooks.items():
        if hmac.compare_digest(str(call["executionIdDigest"]), given):
            return event
    return None
