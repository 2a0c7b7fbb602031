"""When the scheduled functions run: every few minutes while something is open, and half an hour after the last need of it.

The schedule is a rule of EventBridge. Whoever opens a deployment asks for it beforehand, and the scheduled reconciliation
itself switches it off when nothing is left to look after.

To be on for nothing is cheap, and to be off while something is open must not be. So both write the item before they switch
the rule, and who switches it off looks once more afterwards: who has asked before is seen then, and who asks later switches
the rule on later. On the reaction path: botocore only.
"""

from datetime import UTC, datetime, timedelta

from weighbridge.aws import eventbridge
from weighbridge.environment import environment
from weighbridge.store import schedule

QUIET = timedelta(minutes=30)
"""So long nothing has needed the schedule before it is switched off."""
asked_for: dict[str, datetime] = {}
"""Until when this process has asked for it, by rule: a flood of files asks once, not once a file."""
_NEVER = datetime.min.replace(tzinfo=UTC)


def keep_on(now: datetime) -> None:
    """Has the schedule on for a quarter of an hour at least; where this raises, nothing may begin that needs it."""
    if asked_for.get(environment.schedule_rule, _NEVER) - now > QUIET / 2:
        return
    _ask(now)
    asked_for[environment.schedule_rule] = now + QUIET


def review(now: datetime, *, needed: bool) -> None:
    """Called by the scheduled reconciliation: ends the schedule where it is not `needed`, and was not for half an hour.

    What raises here may leave the rule off that should be on; called once more it puts that right.
    """
    item = {} if needed else schedule.read()
    # Without a time it is new, or somebody has switched the rule on.
    if "until" not in item or item.get("release") != environment.release:
        _ask(now, release=environment.release)
    elif now.timestamp() >= item["until"] and schedule.end(item["until"]):
        eventbridge.disable(environment.schedule_rule)
        if "until" in schedule.read():  # somebody has asked for it meanwhile
            eventbridge.enable(environment.schedule_rule)


def _ask(now: datetime, release: str | None = None) -> None:
    schedule.keep(now + QUIET, release)
    eventbridge.enable(environment.schedule_rule)
