"""How an execution of the state machine stands, as Step Functions tells it."""

from dataclasses import dataclass
from typing import Literal

ExecutionStatus = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]


@dataclass(frozen=True)
class Execution:
    """`status` is None where Step Functions knows no such execution; error and cause are those of its Fail state."""

    status: ExecutionStatus | None
    error: str = ""
    cause: str = ""

    @property
    def lives(self) -> bool:
        return self.status in {"RUNNING", "PENDING_REDRIVE"}
