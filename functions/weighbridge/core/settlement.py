"""What to do about a deployment whose execution may have died before it could finish the record.

Everything is judged from the record and from what Step Functions says of the two executions, so that any number of
settlers, at any time, come to the same end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from weighbridge.core.deployment import Record, is_rollback, is_running
from weighbridge.core.endings import outcome_of
from weighbridge.core.errors import StopRequested, TimedOut, WeighbridgeError, classify, described
from weighbridge.core.interruptions import restores, rolls_back_on, stop_interruption

SWEEP_INTERVAL = timedelta(minutes=5)
_GOLDEN = (5**0.5 - 1) / 2
ExecutionStatus = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]


@dataclass(frozen=True)
class Nothing:
    """The deployment has ended, or its execution is alive and waits for nothing that is known already."""


@dataclass(frozen=True)
class HandOn:
    """The execution is alive, but may still wait for what the record holds: whoever recorded it could not tell it."""


@dataclass(frozen=True)
class Start:
    """The execution was never started: start it now."""


@dataclass(frozen=True)
class StartRollback:
    """Traffic has to be restored by the rollback's own execution; its end brings the settler back."""


@dataclass(frozen=True)
class RestoreTraffic:
    """The rollback's execution is dead, too: restore traffic here and now, then close."""


@dataclass(frozen=True)
class Close:
    """Finish the record: `failure` and `rollback` are what deployment.failed takes."""

    failure: Mapping[str, str]
    rollback: Mapping[str, str]


Settlement = Nothing | HandOn | Start | StartRollback | RestoreTraffic | Close


@dataclass(frozen=True)
class Execution:
    """`status` is None where Step Functions knows no such execution; error and cause are those of its Fail state."""

    status: ExecutionStatus | None
    error: str = ""
    cause: str = ""

    @property
    def lives(self) -> bool:
        return self.status in {"RUNNING", "PENDING_REDRIVE"}


@dataclass(frozen=True)
class Rollback:
    """What became of a deployment's rollback: its execution, and its record where there is one."""

    execution: Execution = Execution(None)
    record: Record | None = None


def sweep_order(deployment_ids: Sequence[str], now: datetime) -> list[str]:
    """The deployments in the order in which the sweep at `now` looks at them.

    There may be more than it gets round to, so each begins at another place. Sweeps that follow each other are a golden
    section apart, which leaves no large gap whatever their reach is: everybody's turn comes, and nothing needs to be kept.
    """
    ids = sorted(deployment_ids)
    start = int(len(ids) * (int(now.timestamp() / SWEEP_INTERVAL.total_seconds()) * _GOLDEN % 1))
    return ids[start:] + ids[:start]


def settlement(record: Record, execution: Execution, rollback: Rollback) -> Settlement:
    """What the deployment of `record` needs now, given its own execution and what became of its rollback."""
    if not is_running(record):
        return Nothing()
    if execution.lives:
        return HandOn() if _is_owed(record) else Nothing()
    if is_rollback(record):
        return RestoreTraffic()
    if execution.status is None:
        return Start()
    failure, rolls_back = _why(record, execution)
    if not rolls_back:
        return Close(failure, {})
    if rollback.record and (outcome := outcome_of(rollback.record)):
        return Close(failure, outcome)
    match rollback.execution.status:
        case None:
            return StartRollback()
        case "RUNNING" | "PENDING_REDRIVE":
            return Nothing()
        case "SUCCEEDED":
            return Close(failure, {"status": "SUCCEEDED"})
        case _:
            return RestoreTraffic()


def _is_owed(record: Record) -> bool:
    """Whether the record holds what the wait that was opened last waits for."""
    if "gate" not in record:
        return False
    return "interruption" in record or "answer" in record["hooks"].get(record["gate"]["waitingFor"], {})


def why(record: Record, execution: Execution) -> dict[str, str]:
    """What ended an execution, as deployment.failed takes it."""
    return _why(record, execution)[0]


def _why(record: Record, execution: Execution) -> tuple[dict[str, str], bool]:
    """The failure, and whether traffic has to be restored: never before it could have been touched."""
    if "interruption" in record:
        interruption = record["interruption"]
        failure = {"error": str(interruption["error"]), "cause": str(interruption["message"])}
        return failure, restores(record)
    rolls_back = record["plan"]["rollBackOn"] if "plan" in record else None
    if execution.status == "ABORTED":
        stop = stop_interruption(record, None)
        message = "The execution was stopped in Step Functions."
        return described(StopRequested(message)), rolls_back is not None and stop is not None and stop.roll_back
    if execution.status == "TIMED_OUT":
        error: WeighbridgeError = TimedOut("The deployment took longer than any deployment may.")
        return described(error), bool(rolls_back and rolls_back["failure"])
    kind, message = classify(execution.error or "ExecutionEnded", execution.cause)
    failure = {"error": execution.error or "ExecutionEnded", "cause": message}
    return failure, bool(rolls_back) and rolls_back_on(kind, record["plan"]["rollBackOn"])
