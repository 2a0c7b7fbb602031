# ruff: noqa: SLF001 - the emulator is patched from inside
"""A task's TimeoutSeconds.

AWS: TimeoutSeconds is a number or a JSONata expression that gives a positive integer; anything else fails the state
with States.QueryEvaluationError. A task that takes longer fails with States.Timeout, and no cause.
Emulator: takes the field as it stands, so an expression ends in a TypeError that fails the execution, and adds a cause.
Here: the expression is evaluated, inside the state's Retry and Catch, and there is no cause.

Time is not scaled for these tasks: what their time-out limits is work (a Lambda function, an API call), and work is
not faster in a scaled cloud. A callback task's time-out limits a wait, and is scaled (see `callbacks`).
"""

from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from local.gaps import running_task
from local.gaps.patching import wrap

LONGEST = 99_999_999


def seconds(task: running_task.RunningTask) -> float | None:
    """The task's TimeoutSeconds, evaluated, in AWS's seconds; None when the state sets none."""
    if "TimeoutSeconds" not in task.state:
        return None
    value = stepfunctions._jsonata_state_field(task.state, "TimeoutSeconds", "number", task.input, task.context)
    if value != int(value) or not 1 <= value <= LONGEST:
        raise stepfunctions._ExecutionError(
            "States.QueryEvaluationError",
            f"TimeoutSeconds has to be an integer between 1 and {LONGEST}, but was {value}",
        )
    return float(value)


def install() -> None:
    wrap(stepfunctions, "_invoke_resource_with_timeout", _evaluated)


def _evaluated(original: Callable[..., Any]) -> Callable[..., Any]:
    def invoke(resource: str, arguments: Any, _timeout: Any) -> Any:
        try:
            return original(resource, arguments, seconds(running_task.current()))
        except stepfunctions._ExecutionError as failure:
            if failure.error != "States.Timeout":
                raise
            raise stepfunctions._ExecutionError(failure.error, "") from None

    return invoke
