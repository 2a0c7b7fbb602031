"""Lifecycle event hooks: what they are given, and what their answers mean. Reference: section 5.4, and the design's table.

A hook answers by what it returns or later by an event that names its execution id. The id is a secret that only the hook
is given; the record keeps a digest of it.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, TypedDict

from weighbridge.core.errors import clip
from weighbridge.core.plan import Plan

BEFORE, SHIFT, AFTER = "BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"
PATIENCE = timedelta(hours=1)
"""How long a hook's answer is waited for (reference 5.4); the state machine's time-out."""
MESSAGE_LIMIT = 1_000
RETURNED_LIMIT = 200
"""Characters that are kept of what a hook returned that says nothing."""
Status = Literal["Succeeded", "Failed"]
By = Literal["return value", "report", "crash", "unclear"]
_VERDICTS: Mapping[str, Status] = {"succeeded": "Succeeded", "failed": "Failed"}
_MEMBERS = ("status", "hookstatus")
"""What verdicts are called, in any case: `hookStatus` is what hooks of ECS return."""
_ADVICE = 'return {"status": "Succeeded"}, or {"status": "Failed", "message": "why"}'


class Answer(TypedDict):
    """How a hook judged: `status`, its own `message` (may be empty), and by what way (`by`) the answer came.

    `unclear` is a return value that is meant as a verdict and is none; it counts as Failed.
    """

    status: Status
    message: str
    by: By


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


def verdict(status: Any) -> Status | None:
    """What a status means, in whatever case it is written; None where it means neither."""
    return _VERDICTS.get(status.strip().lower()) if isinstance(status, str) else None


def answer_of(outcome: Outcome) -> Answer | None:
    """The answer a hook gave by returning or crashing; None where that says nothing, so that it will report later.

    A verdict is a member `status` or `hookStatus` in any case, of a mapping or of one that was returned as JSON text, or
    the word alone. Whatever else stands there as text is meant as one, so that to wait for a report would be in vain.
    """
    value = _parsed(outcome.payload)
    if outcome.function_error:
        error = value if isinstance(value, dict) else {}
        what = ": ".join(_text(error[key]) for key in ("errorType", "errorMessage") if error.get(key))
        return _answer("Failed", f"crashed: {what or outcome.payload or outcome.function_error}", "crash")
    members = _members(value)
    said = [members[name] for name in _MEMBERS if _says_something(members.get(name))]
    verdicts = {verdict(status) for status in said}
    if None in verdicts:
        return _answer("Failed", clip(outcome.payload, RETURNED_LIMIT), "unclear")
    if not verdicts:
        return None
    # Of two that differ the careful one counts.
    return _answer("Failed" if "Failed" in verdicts else "Succeeded", _text(members.get("message") or ""), "return value")


def _members(value: Any) -> dict[str, Any]:
    """The members of what a hook returned, their names in lower case."""
    if isinstance(value, str):
        value = {"status": value} if verdict(value) else _parsed(value)
    return {str(name).lower(): item for name, item in value.items()} if isinstance(value, dict) else {}


def _says_something(status: Any) -> bool:
    """Whether a status is meant as a verdict: a hook that is in progress will report, and a number is no word."""
    return isinstance(status, str) and status.strip().lower().replace("_", "") not in {"", "inprogress", "pending"}


def reported(status: Status) -> Answer:
    return _answer(status, "", "report")


def _answer(status: Status, message: str, by: By) -> Answer:
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
    if answer["by"] == "unclear":
        said = f"returned {answer['message']}, which is neither Succeeded nor Failed"
        return f"The {event} hook {function} {said}; {_ADVICE}."
    how = "returned" if answer["by"] == "return value" else "reported"
    reason = f": {answer['message']}" if answer["message"] else "."
    return f"The {event} hook {function} {how} Failed{reason}"


def unanswered(hooks: Mapping[str, Mapping[str, Any]]) -> str:
    """The sentence after CodeDeploy's own that says which hook of a record never answered; empty where none did not."""
    for event, call in hooks.items():
        if "answer" not in call:
            said = f"it returned {call['returned']}, which says nothing" if "returned" in call else "it had not returned"
            return f"The {event} hook {call['function']} did not report, and {said}; {_ADVICE}."
    return ""


def digest(execution_id: str) -> str:
    """What the record keeps of an execution id."""
    return hashlib.sha256(execution_id.encode("utf-8", "surrogatepass")).hexdigest()


def event_of(hooks: Mapping[str, Mapping[str, Any]], execution_id: str) -> str | None:
    """The lifecycle event whose hook was given `execution_id`, from a record's hooks; None where none was."""
    execution_digest = digest(execution_id)
    for event, call in hooks.items():
        if hmac.compare_digest(str(call["executionIdDigest"]), execution_digest):
            return event
    return None
