"""Whether the alarms of a deployment let it go on. Reference: section 6.2.

Three verdicts: nothing wrong, an alarm is active, and it could not be told (an alarm is missing, could not be evaluated, is
not the one that it was when the deployment began, or CloudWatch does not answer). The last obeys
`ignorePollAlarmFailure`. INSUFFICIENT_DATA is nothing wrong.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from weighbridge.core.deployment import reading_kept
from weighbridge.core.errors import AlarmActive, AlarmsUnreadable, WeighbridgeError
from weighbridge.core.plan import WatchedAlarms
from weighbridge.core.record import Record

MOST_READINGS = 5
"""How many readings a timeline keeps."""
_MOST_NAMED = 5
_NOT_EVALUATED = {"EVALUATION_ERROR", "EVALUATION_FAILURE"}
"""With these a state is that of an earlier time. PARTIAL_DATA is no such: what could be had was looked at."""
_KINDS = {"MetricAlarm": "metric", "CompositeAlarm": "composite", "LogAlarm": "log"}


@dataclass(frozen=True)
class Reading:
    """An alarm's `state` (OK, ALARM or INSUFFICIENT_DATA); its `definition` differs once it is changed or made anew.

    `evaluation` is CloudWatch's EvaluationState, which says what was wrong when it looked at the alarm last.
    """

    state: str
    definition: str
    evaluation: str | None = None


@dataclass(frozen=True)
class Verdict:
    """`failure` is None where the deployment may go on; `reason` says what was seen, empty where nothing mattered."""

    failure: WeighbridgeError | None
    reason: str = ""


def verdict(
    watched: WatchedAlarms,
    readings: Mapping[str, Reading] | WeighbridgeError,
    definitions: Sequence[str] = (),
    kinds: Collection[str] = tuple(_KINDS),
) -> Verdict:
    """Judges what was read of the alarms, by name, or why none could be read.

    `definitions` is what `definitions` gave at the start, empty at the start itself. `kinds` are the kinds of alarms that
    can be read.
    """
    if isinstance(readings, WeighbridgeError):
        advice = "give the role cloudwatch:DescribeAlarms on every alarm (*)"
        return _unreadable(watched, f"The alarms could not be read: {readings}", advice)
    active = [name for name in watched["names"] if name in readings and readings[name].state == "ALARM"]
    if active:
        failure = AlarmActive(active)
        return Verdict(failure, str(failure))
    missing = [name for name in watched["names"] if name not in readings]
    if missing:
        unread = " or ".join(name for kind, name in _KINDS.items() if kind not in kinds)
        if unread:
            reason = f"There is no alarm named {_some(missing)}, or it is a {unread} alarm"
            advice = (
                f"watch no {unread} alarm, which the SDK of this Lambda runtime cannot read yet, create or name the alarm"
            )
            return _unreadable(watched, reason, advice)
        return _unreadable(watched, f"There is no alarm named {_some(missing)}", "create or name the alarm")
    stale = [name for name in watched["names"] if readings[name].evaluation in _NOT_EVALUATED]
    if stale:
        reason = f"CloudWatch could not evaluate {_some(stale)} ({readings[stale[0]].evaluation})"
        return _unreadable(watched, reason, "see what CloudWatch says of the alarm")
    changed = [
        name
        for name, first in zip(watched["names"], definitions, strict=False)  # none at the start
        if first and readings[name].definition != first
    ]
    if changed:
        reason = f"Changed or made anew since the deployment began, so that its state says nothing of it: {_some(changed)}"
        return _unreadable(watched, reason, "deploy again while nobody changes the alarm")
    return Verdict(None)


def definitions(watched: WatchedAlarms, readings: Mapping[str, Reading]) -> list[str]:
    """What the watched alarms are, in the plan's order, for later verdicts; empty for one that is not there."""
    return [readings[name].definition if name in readings else "" for name in watched["names"]]


def is_news(record: Record, reason: str) -> bool:
    """Whether a reading belongs on the timeline: one that says what the last one said only fills the record."""
    readings = [entry["reason"] for entry in record["timeline"] if entry["event"] == "AlarmsRead"]
    return len(readings) < MOST_READINGS and readings[-1:] != [reading_kept(reason)]


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _unreadable(watched: WatchedAlarms, reason: str, advice: str) -> Verdict:
    if watched["ignorePollFailure"]:
        return Verdict(None, f"{reason}; ignorePollAlarmFailure is set, so the deployment goes on.")
    advised = f"{advice}, or set ignorePollAlarmFailure"
    return Verdict(AlarmsUnreadable(f"{reason}, so the deployment was stopped; {advised}."), reason)
