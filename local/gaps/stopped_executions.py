"""An execution that was stopped stays stopped.

AWS: StopExecution is final. The execution ends ABORTED, its history grows no further, there is one event of it.
Emulator: the thread that runs the execution goes on to the end of its task; when that task fails, the status turns
to FAILED and a second event is sent.
Here: nothing changes an execution that has ended.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from local.gaps.patching import wrap

_ENDED = ("SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT")


def install() -> None:
    wrap(stepfunctions, "_fail_execution", _unless_ended)
    wrap(stepfunctions, "_add_event", _unless_history_is_closed)


def _unless_ended(original: Callable[..., None]) -> Callable[..., None]:
    def fail(execution: dict[str, Any], error: str, cause: str) -> None:
        if execution["status"] not in _ENDED:
            original(execution, error, cause)

    return fail


def _unless_history_is_closed(original: Callable[..., None]) -> Callable[..., None]:
    def add_event(execution: dict[str, Any], event_type: str, details: dict[str, Any] | None = None) -> None:
        # The event of the end itself comes after the status is set.
        if execution["status"] not in _ENDED or event_type.startswith("Execution"):
            original(execution, event_type, details)

    return add_event
