"""What ends a running deployment early: an alarm, or a stop request. Reference: sections 6.2 and 6.4.

On the reaction path: standard library only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from weighbridge.core.deployment import Change, entry, is_rollback, is_running
from weighbridge.core.errors import AlarmActive, StopRequested, WeighbridgeError
from weighbridge.core.record import Record


@dataclass(frozen=True)
class Interruption:
    """Why a running deployment has to end now, and whether its traffic is then restored."""

    error: WeighbridgeError
    roll_back: bool

    def record(self) -> dict[str, Any]:
        return {"error": type(self.error).__name__, "message": str(self.error), "rollBack": self.roll_back}


def alarm_interruption(record: Record, alarm: str, fired_at: datetime) -> Interruption | None:
    """What an alarm's change to ALARM at `fired_at` means; None for a deployment that has ended or began later."""
    if not is_running(record) or alarm not in record.get("locks", {}).get("alarms", []):
        return None
    # An event's time has whole seconds. One that fired in the second of the start is taken seriously.
    if fired_at < datetime.fromisoformat(record["startTime"]).replace(microsecond=0):
        return None
    rolls_back = record["plan"]["rollBackOn"]["alarm"] if "plan" in record else False
    return Interruption(AlarmActive([alarm]), rolls_back)


def stop_interruption(record: Record, auto_rollback: bool | None) -> Interruption | None:  # noqa: FBT001
    """What a stop request means (reference 6.4), None for a deployment that cannot be stopped.

    `auto_rollback` None leaves it to the configuration whether traffic is restored.
    """
    if not is_running(record) or is_rollback(record):
        return None  # to stop a rollback would leave the alias between two versions
    configured = record["plan"]["rollBackOn"]["stop"] if "plan" in record else True
    rolls_back = configured if auto_rollback is None else auto_rollback
    what_then = "traffic is restored" if rolls_back else "the alias is left as it is"
    return Interruption(StopRequested(f"The deployment was stopped by request; {what_then}."), rolls_back)


def released(now: datetime) -> Change:
    """A rollback that is held up is given up, by a stop request that forbids it: the alias stays as it is."""
    return Change(
        sets={"interruption.rollBack": False, "interruption.released": True},
        timeline=[entry(now, "Released", reason="A stop request gave up the rollback; the alias is left as it is.")],
    )


def interrupted(interruption: Interruption, now: datetime) -> Change:
    details = interruption.record()
    return Change(
        sets={"interruption": details},
        timeline=[entry(now, "Interrupted", by=details["error"], rollBack=details["rollBack"], reason=details["message"])],
    )


def given_up(failure: Mapping[str, str], now: datetime) -> Change:
    """The execution is gone and traffic is about to be restored: a shift that is still on its way must not go on.

    `failure` is {error, cause?}, as deployments end with it.
    """
    error, message = failure["error"], failure.get("cause", "")  # a time-out of Step Functions' has none
    return Change(
        sets={"interruption": {"error": error, "message": message, "rollBack": True}},
        timeline=[entry(now, "Interrupted", by=error, rollBack=True, reason=message)],
    )
