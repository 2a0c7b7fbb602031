# ruff: noqa: SLF001 - the emulator is patched from inside
"""An execution that is started twice.

AWS: StartExecution of a standard workflow is idempotent: the name of an execution that runs, with the same input, answers
that execution again. Another input, or an execution that has ended, is ExecutionAlreadyExists.
Emulator: a name that was used is ExecutionAlreadyExists, whatever the input.
Here: as on AWS.
"""

from collections.abc import Callable
from typing import Any

from ministack.core.responses import json_response
from ministack.services import stepfunctions

from local.gaps.patching import wrap


def install() -> None:
    wrap(stepfunctions, "_start_execution", _idempotent)


def _idempotent(original: Callable[..., Any]) -> Callable[..., Any]:
    def start(request: dict[str, Any]) -> Any:
        machine = stepfunctions._resolve_state_machine_arn(request.get("stateMachineArn", ""))
        arn = f"{machine}:{request.get('name')}".replace(":stateMachine:", ":execution:")
        running = stepfunctions._executions.get(arn)
        if running is None or running["status"] != "RUNNING" or running["input"] != request.get("input", "{}"):
            return original(request)
        return json_response({"executionArn": arn, "startDate": running["startDate"]})

    return start
