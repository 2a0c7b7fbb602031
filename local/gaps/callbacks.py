# ruff: noqa: SLF001 - the emulator is patched from inside
"""Callback tasks (`.waitForTaskToken`).

AWS: a callback task ends with whichever comes first: a report of its token, a failure of the call that carries the
token away (a Lambda function that raises, times out or exits, unless InvocationType is Event: then it is an asynchronous
invocation, of which Step Functions learns nothing), its TimeoutSeconds (a number or a JSONata expression),
or the end of its execution. A token can be reported once; afterwards it answers TaskTimedOut, and one that was never made
InvalidToken. A retry gets a new one.
Emulator: runs the function to its end before it looks for a report, swallows the function's failure, takes
TimeoutSeconds as it stands and in real time, waits on after StopExecution, lets a second report overwrite the first,
answers TaskDoesNotExist to every token that it does not know, and retries with the same token.
Here: as on AWS, with the time-out multiplied by the time scale.
"""

import contextvars
import json
import threading
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, new_uuid
from ministack.services import eventbridge, stepfunctions

from local.gaps import running_task, task_timeouts
from local.gaps.patching import wrap

SUFFIX = ".waitForTaskToken"

_reports = threading.Lock()
# Every token there ever was, and the state machine whose task it was made for.
_issued: dict[str, str] = {}


class ExecutionStopped(SystemExit):
    """The execution ended while one of its tasks waited.

    A SystemExit, because it has to pass the state's Retry and Catch and end nothing but the execution's thread.
    """


def install(time_scale: float) -> None:
    wrap(stepfunctions, "_invoke_with_callback", lambda _original: _waiting(time_scale))
    wrap(stepfunctions, "_apply_jsonata_arguments", _with_new_token)
    wrap(stepfunctions, "_stop_execution", _waking)
    for report in ("_send_task_success", "_send_task_failure", "_send_task_heartbeat"):
        wrap(stepfunctions, report, _once)


def machine_of(token: str) -> str | None:
    """The ARN of the state machine whose task a token was made for; None for one that was never made."""
    return _issued.get(token)


def _waiting(time_scale: float) -> Callable[..., Any]:
    def invoke(resource: str, arguments: Any, token: str, _state: dict[str, Any]) -> Any:
        task = running_task.current()
        limit = task_timeouts.seconds(task)
        closed = threading.Event()
        info = {
            "event": closed,
            "result": None,
            "error": None,
            "heartbeat": None,
            "executionArn": task.execution["executionArn"],
        }
        _issued[token] = task.execution["stateMachineArn"]
        stepfunctions._task_tokens[token] = info
        call = threading.Thread(
            target=contextvars.copy_context().run,
            args=(_carry_token_away, resource.replace(SUFFIX, ""), arguments, info),
            daemon=True,
        )
        call.start()
        closed.wait(None if limit is None else limit * time_scale)
        with _reports:
            stepfunctions._task_tokens.pop(token, None)
            timed_out = not closed.is_set()
        if task.execution["status"] != "RUNNING":
            raise ExecutionStopped
        if timed_out:
            raise stepfunctions._ExecutionError("States.Timeout", "")
        if info["error"] is not None:
            raise stepfunctions._ExecutionError(info["error"]["Error"], info["error"]["Cause"])
        return json.loads(info["result"])

    return invoke


def _carry_token_away(resource: str, arguments: Any, info: dict[str, Any]) -> None:
    try:
        if isinstance(arguments, dict) and arguments.get("InvocationType") == "Event":
            eventbridge._dispatch_to_lambda(arguments["FunctionName"], json.dumps(arguments["Payload"]))
        else:
            stepfunctions._invoke_resource(resource, arguments)
    except stepfunctions._ExecutionError as failure:
        error = {"Error": failure.error, "Cause": failure.cause}
    except Exception as failure:  # noqa: BLE001 whatever broke in the emulator has to end the wait
        error = {"Error": "States.Runtime", "Cause": str(failure)}
    else:
        return
    with _reports:
        if not info["event"].is_set():
            info["error"] = error
            info["event"].set()


def _with_new_token(original: Callable[..., Any]) -> Callable[..., Any]:
    # Arguments are evaluated once an attempt, just before the token is used.
    def arguments(state: dict[str, Any], raw_input: Any, context: dict[str, Any] | None = None) -> Any:
        if context is not None and SUFFIX in state.get("Resource", ""):
            context["Task"] = {"Token": new_uuid()}
        return original(state, raw_input, context)

    return arguments


def _waking(original: Callable[..., Any]) -> Callable[..., Any]:
    def stop(request: dict[str, Any]) -> Any:
        answer = original(request)
        execution = stepfunctions._executions.get(request.get("executionArn"))
        if execution is not None and execution["status"] != "RUNNING":
            with _reports:
                for info in stepfunctions._task_tokens.values():
                    if info.get("executionArn") == execution["executionArn"]:
                        info["event"].set()
        return answer

    return stop


def _once(original: Callable[..., Any]) -> Callable[..., Any]:
    def report(request: dict[str, Any]) -> Any:
        token = request.get("taskToken")
        with _reports:
            info = stepfunctions._task_tokens.get(token)
            if info is None and token not in _issued:
                return error_response_json("InvalidToken", "Invalid Token: 'Invalid token'", 400)
            if info is None or info["event"].is_set():
                return error_response_json("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'", 400)
            return original(request)

    return report
