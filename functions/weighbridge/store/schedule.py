"""Until when the schedule is needed at least, and which release has last run by it. On the reaction path: botocore only."""

from datetime import datetime
from typing import Any

from weighbridge.aws import dynamodb
from weighbridge.aws.dynamodb import Expression
from weighbridge.store import keys


def read() -> dict[str, Any]:
    """`until`, in seconds since 1970, there while the schedule is on, and the `release` that last ran by it; or empty."""
    return dynamodb.get(keys.SCHEDULE) or {}


def keep(until: datetime, release: str | None = None) -> None:
    """Keeps that the schedule is needed until then; `release` where it runs just now."""
    expression = Expression()
    if release:
        expression.set("release", release)
    expression.set("until", int(until.timestamp()))
    dynamodb.update(expression.update(keys.SCHEDULE))


def end(until: int) -> bool:
    """Takes out `until`; False where somebody has asked for the schedule since it was read."""
    expression = Expression()
    expression.remove("until")
    return dynamodb.update(expression.update(keys.SCHEDULE, expression.equals("until", until))) is not None
