"""An execution, where it is, and what Step Functions says no with: what the service and the running of states share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ministack.services import stepfunctions

from verify.simulation.clock import Signal, Task

CALLER = "state machine"
"""What faults know an execution's own calls by."""
Status = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]
StatesError = stepfunctions._ExecutionError
"""An error with its name and cause, which states retry and catch."""


class Refused(Exception):
    """A call of the service that it does not take."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Position:
    """A state that is about to be run, with its input and the variables."""

    state: str
    value: Any
    variables: Mapping[str, Any]


@dataclass
class Execution:
    """`machine` is its state machine's ARN, `states` are those that it has entered, `events` its history's length."""

    name: str
    arn: str
    machine: str
    input: str
    ended: Signal
    started: float
    status: Status = "RUNNING"
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    states: list[str] = field(default_factory=list)
    events: int = 1
    at: Position | None = None
    """Where it begins, if not at the definition's first state, and then where it is."""
    task: Task | None = None
    children: list["Execution"] = field(default_factory=list)
