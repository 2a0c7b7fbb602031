"""What stacks want of the aliases that they own, in the table. No pydantic: the reconciliation asks what is open."""

from collections.abc import Iterator, Sequence
from typing import cast

from weighbridge.aws import dynamodb
from weighbridge.aws.dynamodb import Expression
from weighbridge.core.wanted import Item, is_open
from weighbridge.store import keys

OPEN = "wanted"
"""Under which items are listed about which something is still to be done, in the index of what is open."""
_REVISION = "revision"


def get(alias: str) -> tuple[Item | None, int]:
    """What is kept of an alias (`function:alias`), and its revision, by which `put` knows whether it has changed."""
    stored = dynamodb.get(keys.wanted(alias))
    if stored is None:
        return None, 0
    revision = int(stored.pop(_REVISION))
    stored.pop("open", None)
    return cast("Item", stored), revision


def put(item: Item, revision: int) -> bool:
    """Keeps the item in place of the one of that revision (0: there was none); False where it has changed meanwhile."""
    key = keys.wanted(f"{item['function']}:{item['name']}")
    values = {**item, _REVISION: revision + 1} | ({"open": OPEN} if is_open(item) else {})
    expression = Expression()
    unchanged = expression.equals(_REVISION, revision) if revision else expression.absent(_REVISION)
    row = {**key, **{name: dynamodb.attribute(value) for name, value in values.items()}}
    refused = dynamodb.transact([{"Put": {"TableName": dynamodb.name(), "Item": row, **expression.condition(unchanged)}}])
    return refused is None


def delete(alias: str, revision: int) -> bool:
    """Deletes the item of that revision; False where it has changed meanwhile."""
    expression = Expression()
    unchanged = expression.equals(_REVISION, revision)
    action = {"TableName": dynamodb.name(), "Key": keys.wanted(alias), **expression.condition(unchanged)}
    return dynamodb.transact([{"Delete": action}]) is None


def open_aliases() -> Sequence[str]:
    """The aliases of which something is still to be done, those first that have waited longest."""
    return [keys.wanted_in(key) for key in dynamodb.open_keys(OPEN)]


def holders(application: str, group: str, alias: str) -> Iterator[str]:
    """The ids of the deployments that have the alias (`function:alias`) or its group."""
    for key in (keys.group(application, group), keys.alias(alias)):
        holder = (dynamodb.get(key) or {}).get("activeDeployment")
        if holder:
            yield str(holder)
