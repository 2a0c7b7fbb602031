"""When the sweep comes round: every few minutes while something is open, and half an hour after the last need of it.

The schedule is a rule of EventBridge. Whoever opens a deployment asks for it beforehand, and the sweep itself lets it rest
when nothing is left to look after. The table keeps until when it is needed at least:

    pk              sk        what
    SCHEDULE#SWEEP  SCHEDULE  `until`, in seconds since 1970, there while the rule is on, and the `release` that last swept

To be on for nothing is cheap, and to be off while something is open must not be. So both write the item before they switch
the rule, and who switches it off looks once more afterwards: who has asked before is seen then, and who asks later switches
the rule on later. On the reaction path: boto3 only.
"""

import os
from datetime import UTC, datetime, timedelta

from weighbridge.aws import table
from weighbridge.aws.clients import client
from weighbridge.aws.failures import translating
from weighbridge.aws.table import Expression

QUIET = timedelta(minutes=30)
"""So long nothing has needed the sweep before it rests."""
asked_for: dict[str, datetime] = {}
"""Until when this process has asked for it, by rule: a flood of files asks once, not once a file."""
_NEVER = datetime.min.replace(tzinfo=UTC)
_KEY = table.key("SCHEDULE", "SWEEP", "SCHEDULE")


def keep_on(now: datetime) -> None:
    """Has the sweep come round for a quarter of an hour at least; where this raises, nothing may begin that needs it."""
    if asked_for.get(_rule(), _NEVER) - now > QUIET / 2:
        return
    _ask(now)
    asked_for[_rule()] = now + QUIET


def review(now: datetime, *, needed: bool) -> None:
    """Called by the sweep: lets it rest where it is not `needed`, and nothing has needed it for half an hour.

    What raises here may leave the rule off that should be on; called once more it puts that right.
    """
    item = {} if needed else table.get(_KEY) or {}
    # Without a time it is new, or somebody has switched the rule on.
    if "until" not in item or item.get("release") != os.environ["RELEASE"]:
        _ask(now, release=os.environ["RELEASE"])
    elif now.timestamp() >= item["until"] and _is_over(item["until"]):
        _switch("disable_rule")
        if "until" in (table.get(_KEY) or {}):  # somebody has asked for it meanwhile
            _switch("enable_rule")


def _ask(now: datetime, **also: str) -> None:
    expression = Expression()
    for name, value in also.items():
        expression.set(name, value)
    expression.set("until", int((now + QUIET).timestamp()))
    table.update(expression.update(_KEY))
    _switch("enable_rule")


def _is_over(until: int) -> bool:
    """Takes the time out of the item; False where somebody has asked for the sweep since it was read."""
    expression = Expression()
    expression.remove("until")
    return table.update(expression.update(_KEY, expression.equals("until", until))) is not None


def _switch(operation: str) -> None:
    with translating("AmazonEventBridge"):
        getattr(client("events"), operation)(Name=_rule())


def _rule() -> str:
    return os.environ["SWEEP_RULE"]
