"""The aliases that have been deployed, in the table."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from weighbridge.aws import dynamodb
from weighbridge.store import keys


class Stored(NamedTuple):
    """What is kept of an alias, and what a stack wants of it; each empty where there is nothing."""

    alias: Mapping[str, Any]
    want: Mapping[str, Any]


def get_all(locks: Sequence[str]) -> list[Stored]:
    """What is kept of each alias, which are given by what they are held by (core.service_role.alias_lock)."""
    asked_for = [key for lock in locks for key in (keys.alias(lock), keys.wanted(lock))]
    items = dict(dynamodb.get_all(asked_for))
    return [Stored(*(items.get(key["pk"]["S"], {}) for key in (keys.alias(lock), keys.wanted(lock)))) for lock in locks]


def page(prefix: str, after: str, limit: int) -> tuple[list[str], bool]:
    """The aliases whose locks begin with `prefix` that come after `after`, in order, and whether there may be more."""
    return dynamodb.listed(keys.ALIASES, after, limit, prefix=prefix)
