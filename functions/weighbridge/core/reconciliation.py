"""What to do about a deployment whose execution may have died before it could finish the record.

Everything is judged from the record and from what Step Functions says of the two executions, so that any number of
reconciliations, at any time, come to the same end.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from weighbridge.core.deployment import is_rollback, is_running
from weighbridge.core.endings import outcome_of
from weighbridge.core.errors import StopRequested, TimedOut, WeighbridgeError, classify, described
from weighbridge.core.execution import Execution
from weighbridge.core.gate import owed
from weighbridge.core.record import Record
from weighbridge.core.rollback_rule import restores, restores_after


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
    """Traffic has to be restored by the rollback's own execution; its end brings the reconciliation back."""


@dataclass(frozen=True)
class RestoreTraffic:
    """The rollback's execution is dead, too: restore traffic here and now, then close."""


@dataclass(frozen=True)
class Close:
    """Finish the record: `failure` and `rollback` are what core.endings.failed takes."""

    failure: Mapping[str, str]
    rollback: Mapping[str, str]


Action = Nothing | HandOn | Start | StartRollback | RestoreTraffic | Close


@dataclass(frozen=True)
class Rollback:
    """What became of a deployment's rollback: its execution, and its record where there is one."""

    execution: Execution = Execution(None)  # noqa: RUF009  # it is frozen
    record: Record | None = None


def action_for(record: Record, execution: Execution, rollback: Rollback) -> Action:
    """What the deployment of `record` needs now, given its own execution and what became of its rollback."""
    if not is_running(record):
        return Nothing()
    if execution.lives:
        return HandOn() if owed(record) else Nothing()
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


def why(record: Record, execution: Execution) -> dict[str, str]:
    """What ended an execution, as core.endings.failed takes it."""
    return _why(record, execution)[0]


def _why(record: Record, execution: Execution) -> tuple[dict[str, str], bool]:
    """The failure, and whether traffic has to be restored: never before it could have been touched."""
    if "interruption" in record:
        interruption = record["interruption"]
        failure = {"error": str(interruption["error"]), "cause": str(interruption["message"])}
        return failure, restores(record)
    plan = record.get("plan")
    if execution.status == "ABORTED":
        error: WeighbridgeError = StopRequested("The execution was stopped in Step Functions.")
    elif execution.status == "TIMED_OUT":
        error = TimedOut("The deployment took longer than any deployment may.")
    else:
        name = execution.error or "ExecutionEnded"
        _, message = classify(name, execution.cause)
        return {"error": name, "cause": message}, plan is not None and restores_after(name, plan)
    return described(error), plan is not None and restores_after(type(error).__name__, plan)
