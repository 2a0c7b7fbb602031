"""Refusals in the table, of which so many an hour are kept. On the reaction path: no pydantic."""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from weighbridge.aws import dynamodb
from weighbridge.aws.dynamodb import Expression
from weighbridge.core.errors import WeighbridgeError
from weighbridge.core.refusals import KEPT, LISTING, MOST_AN_HOUR, Refusal, digest, hour
from weighbridge.store import keys

_log = logging.getLogger(__name__)
_full_hours: set[str] = set()
"""Those of which this process knows that no more is kept, so that a flood costs no calls."""


def keep(refusal: Refusal, now: datetime) -> bool:
    """Keeps a refusal, once however often it is given; False where the hour is full or the table does not take it.

    Nothing is tried again for the sake of a refusal: it is in the log, too, and what puts traffic back must not wait.
    """
    try:
        return _has_room(now) and _kept(refusal, now)
    except WeighbridgeError as error:
        _log.warning("A refusal is not kept: %s", error)
        return False


def is_settled(identity: str, now: datetime) -> bool:
    """Whether a refusal of that identity is kept, or known not to be, since the hour is full."""
    return hour(now) in _full_hours or dynamodb.get(keys.refusal(digest(identity))) is not None


def _has_room(now: datetime) -> bool:
    this_hour = hour(now)
    if this_hour in _full_hours:
        return False
    expression = Expression()
    expression.count("refusals")
    expression.set("expires", int((now + KEPT).timestamp()))
    room = f"{expression.absent('refusals')} OR {expression.below('refusals', MOST_AN_HOUR)}"
    if dynamodb.update(expression.update(keys.refusals(this_hour), room)) is None:
        _full_hours.clear()
        _full_hours.add(this_hour)
        return False
    return True


def _kept(refusal: Refusal, now: datetime) -> bool:
    expression = Expression()
    for name, value in refusal.record(now).items():
        expression.set(name, value)
    new = expression.absent("listing")
    return dynamodb.update(expression.update(keys.refusal(refusal.digest), new)) is not None


def newest(after: tuple[str, str] | None) -> Iterator[dict[str, Any]]:
    """The refusals that are kept, newest first, from beyond the position (time and digest) `after` on."""
    condition, values = "#listing = :listing", {":listing": {"S": LISTING}}
    if after:
        condition += " AND #listingKey < :after"
        values[":after"] = {"S": "#".join(after)}
    names = {"#listing": "listing"} | ({"#listingKey": "listingKey"} if after else {})
    ahead: list[str] = []
    for key in dynamodb.stream(
        IndexName="listing",
        KeyConditionExpression=condition,
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=values,
        ScanIndexForward=False,
        Limit=dynamodb.MOST_LISTED,
    ):
        ahead.append(key["pk"])
        if len(ahead) == dynamodb.MOST_LISTED:
            yield from _items(ahead)
            ahead = []
    yield from _items(ahead)


def _items(partition_keys: list[str]) -> Iterator[dict[str, Any]]:
    items = dict(dynamodb.get_all([keys.refusal(pk.partition("#")[2]) for pk in partition_keys]))
    return (items[pk] for pk in partition_keys if pk in items)
