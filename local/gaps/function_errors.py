# ruff: noqa: SLF001 - the emulator is patched from inside
"""How a Lambda function fails.

AWS: the error of a failed invocation is `{errorType, errorMessage, stackTrace, requestId}` with the exception's class
as errorType (which is what an ASL Retry or Catch matches); a process that exits gives `Runtime.ExitError`, a module
that cannot be imported `Runtime.ImportModuleError`. An exception leaves the execution environment warm. A throttled
task of a state machine fails with `Lambda.TooManyRequestsException`.
Emulator: every exception is a `Runtime.HandlerError`, an exit too, a failed import is a `RuntimeError`, and each of
them ends the worker process, so that the next invocation starts cold. A throttled task is `Lambda.Unknown`.
Here: as on AWS. The worker's script reports an exception as a marked result, which is turned into the error.
"""

from collections.abc import Callable
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local.gaps.patching import wrap

MARK = "weighbridge:function-error"

_REPORT = '_real_stdout.write(json.dumps({"status": "error", "error": str(e), "trace": traceback.format_exc()}) + "\\n")'
_MARKED_REPORT = (
    "traceback.print_exc(); "
    f'_real_stdout.write(json.dumps({{"status": "ok", "result": {{"{MARK}": {{'
    '"errorMessage": str(e), "errorType": type(e).__name__, "requestId": context.aws_request_id, '
    '"stackTrace": traceback.format_tb(e.__traceback__)[1:]}}}) + "\\n")'
)


def install() -> None:
    wrap(lambda_runtime, "_PYTHON_WORKER_SCRIPT", _marking)
    wrap(lambda_runtime.Worker, "_spawn", _remembering_process)
    wrap(lambda_runtime.Worker, "invoke", _naming_exit)
    wrap(lambda_svc, "_execute_function_warm", _naming_errors)
    wrap(lambda_svc, "_throttle_response", _naming_throttles)


def _marking(script: str) -> str:
    if script.count(_REPORT) != 1:
        raise RuntimeError("the emulator's Python worker reports exceptions in another way than this filler expects")
    return script.replace(_REPORT, _MARKED_REPORT)


def _remembering_process(original: Callable[..., None]) -> Callable[..., None]:
    def spawn(worker: Any) -> None:
        original(worker)
        # The worker forgets its process before anybody can ask how it ended.
        worker.last_process = worker._proc

    return spawn


def _naming_exit(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def invoke(worker: Any, event: Any, request_id: str, **call: Any) -> dict[str, Any]:
        answer = original(worker, event, request_id, **call)
        if answer.get("error") != "Worker process died":
            return answer
        code = worker.last_process.wait(timeout=5)
        reason = {0: "exited without providing a reason"}.get(code, f"exited with error: exit status {code}")
        error = {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request_id} Error: Runtime {reason}"}
        return {"status": "ok", "result": {MARK: error}, "log": answer.get("log", "")}

    return invoke


def _naming_errors(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def execute(function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        result = original(function, event, request_id)
        body = result.get("body")
        if not isinstance(body, dict):
            return result
        if MARK in body:
            return {"body": body[MARK], "error": True, "function_error": "Unhandled", "log": result.get("log", "")}
        message = body.get("errorMessage", "")
        if result.get("error") and message.startswith("Worker init failed: "):
            module = function["config"]["Handler"].rpartition(".")[0]
            reason = message.removeprefix("Worker init failed: ")
            error = {
                "errorType": "Runtime.ImportModuleError",
                "errorMessage": f"Unable to import module '{module}': {reason}",
            }
            return result | {"body": error}
        return result

    return execute


def _naming_throttles(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def throttled(*arguments: Any, **named: Any) -> dict[str, Any]:
        response = original(*arguments, **named)
        return response | {"body": response["body"] | {"errorType": "Lambda.TooManyRequestsException"}}

    return throttled
