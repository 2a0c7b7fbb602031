"""Whether the alarms of a deployment let it go on. Reference: section 6.2.

Three verdicts: nothing wrong, an alarm is active, and it could not be told (an alarm is missing or CloudWatch does not
answer). The last obeys `ignorePollAlarmFailure`. INSUFFICIENT_DATA is nothing wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from weighbridge.core.errors import AlarmActive, AlarmsUnreadable, WeighbridgeError
from weighbridge.core.plan import WatchedAlarms


@dataclass(frozen=True)
class Verdict:
    """`failure` is None where the deployment may go on; `reason` says what was seen, empty where nothing mattered."""

    failure: WeighbridgeError | None
    reason: str = ""


def verdict(watched: WatchedAlarms, states: Mapping[str, str] | WeighbridgeError) -> Verdict:
    """Judges the alarm states (name to OK, ALARM or INSUFFICIENT_DATA) that were read, or why none could be read."""
    if isinstance(states, WeighbridgeError):
        return _unreadable(watched, f"The alarms could not be read: {states}")
    active = [name for name in watched["names"] if states.get(name) == "ALARM"]
    if active:
        failure = AlarmActive(active)
        return Verdict(failure, str(failure))
    missing = [name for name in watched["names"] if name not in states]
    if missing:
        return _unreadable(watched, f"There is no alarm named {', '.join(missing)}")
    return Verdict(None)


def _unreadable(watched: WatchedAlarms, reason: str) -> Verdict:
    if watched["ignorePollFailure"]:
        return Verdict(None, f"{reason}; ignorePollAlarmFailure is set, so the deployment goes on.")
    advice = "create or name the alarm, allow cloudwatch:DescribeAlarms, or set ignorePollAlarmFailure"
    return Verdict(AlarmsUnreadable(f"{reason}, so the deployment was stopped; {advice}."), reason)
