# ruff: noqa: SLF001 - the emulator is patched from inside
"""Nested executions (`states:startExecution`, `.sync`, `.sync:2`).

AWS: the child is an execution like any other: it may not reuse a name, sends events of its status changes and can be
stopped. When it does not succeed, the parent's task fails with `States.TaskFailed` and a cause that is the child's
description as JSON. When the parent is stopped, so is the child. A start that is refused fails the task with
`StepFunctions.<exception>`.
Emulator: runs the child inside the parent's thread as a synchronous express execution: no events, a used name is
overwritten, a failed child's own error becomes the task's error, a stopped parent leaves the child running.
Here: as on AWS.
"""

import json
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ministack.services import stepfunctions

from local.gaps import running_task
from local.gaps.callbacks import ExecutionStopped
from local.gaps.patching import wrap

_status_changed = threading.Condition()


def install() -> None:
    wrap(stepfunctions, "_emit_execution_status_event", _announced)
    wrap(stepfunctions, "_invoke_nested_start_execution", lambda _original: _start)
    wrap(stepfunctions, "_invoke_nested_start_execution_sync", lambda _original: _start_and_wait)


def _announced(original: Callable[..., None]) -> Callable[..., None]:
    def emit(execution: dict[str, Any]) -> None:
        original(execution)
        with _status_changed:
            _status_changed.notify_all()

    return emit


def _start(_resource: str, arguments: dict[str, Any]) -> dict[str, Any]:
    status, _, body = stepfunctions._start_execution(stepfunctions._nested_start_execution_request(arguments))
    answer = json.loads(body)
    if status >= 400:  # noqa: PLR2004
        code = answer["__type"].rpartition("#")[2].removesuffix("Exception")
        raise stepfunctions._ExecutionError(f"StepFunctions.{code}Exception", answer.get("message", ""))
    return {"ExecutionArn": answer["executionArn"], "StartDate": answer["startDate"]}


def _start_and_wait(resource: str, arguments: dict[str, Any]) -> dict[str, Any]:
    parent = running_task.current().execution
    arn = _start(resource, arguments)["ExecutionArn"]
    child = stepfunctions._executions[arn]
    with _status_changed:
        _status_changed.wait_for(lambda: child["status"] != "RUNNING" or parent["status"] != "RUNNING")
    if child["status"] == "RUNNING":
        stepfunctions._stop_execution({"executionArn": arn})
        raise ExecutionStopped
    description = _description(child)
    if child["status"] != "SUCCEEDED":
        raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(description))
    # Version 2 of the integration parses the output; the first gives the text.
    output = json.loads(child["output"]) if resource.endswith(".sync:2") else child["output"]
    return description | {"Output": output, "OutputDetails": {"Included": True}}


def _description(execution: dict[str, Any]) -> dict[str, Any]:
    description = {
        "ExecutionArn": execution["executionArn"],
        "Input": execution["input"],
        "InputDetails": {"Included": True},
        "Name": execution["name"],
        "StartDate": _milliseconds(execution["startDate"]),
        "StateMachineArn": execution["stateMachineArn"],
        "Status": execution["status"],
        "StopDate": _milliseconds(execution["stopDate"]),
    }
    for name, key in (("Error", "error"), ("Cause", "cause")):
        if execution.get(key):
            description[name] = execution[key]
    return description


def _milliseconds(timestamp: str) -> int:
    return int(datetime.fromisoformat(timestamp).timestamp() * 1000)
