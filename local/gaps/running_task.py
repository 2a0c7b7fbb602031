"""Which task state a thread of the emulator is running: several fillers need more than they are handed.

No gap by itself. The emulator evaluates a state in one function and calls others with parts of what it knows;
this remembers the whole for the time of the state.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from ministack.services import stepfunctions

from local.gaps.patching import wrap


@dataclass(frozen=True)
class RunningTask:
    """A task state in the middle of its execution: definition, input, execution record and context object."""

    state: dict[str, Any]
    input: Any
    execution: dict[str, Any]
    context: dict[str, Any]


_current: ContextVar[RunningTask] = ContextVar("running_task")


def current() -> RunningTask:
    """The task that the calling thread runs. Raises LookupError outside of one."""
    return _current.get()


def install() -> None:
    wrap(stepfunctions, "_execute_task", _remembered)


def _remembered(original: Callable[..., Any]) -> Callable[..., Any]:
    def execute_task(state: dict[str, Any], raw_input: Any, execution: dict[str, Any], context: dict[str, Any]) -> Any:
        token = _current.set(RunningTask(state, raw_input, execution, context))
        try:
            return original(state, raw_input, execution, context)
        finally:
            _current.reset(token)

    return execute_task
