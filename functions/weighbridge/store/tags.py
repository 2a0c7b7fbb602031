"""The tags of applications, groups and configurations in the table."""

from collections.abc import Callable
from typing import Any

from weighbridge.aws import dynamodb
from weighbridge.aws.dynamodb import Expression
from weighbridge.core.errors import ServiceUnavailable
from weighbridge.store import keys
from weighbridge.store.keys import Kind

Tags = list[dict[str, str]]
_ATTEMPTS = 5


def read(kind: Kind, name: str) -> Tags | None:
    """The tags of a resource (of a group: `application/group`); None where there is no such resource."""
    return _tags(kind, dynamodb.get(keys.resource(kind, name)))


def change(kind: Kind, name: str, changed: Callable[[Tags], Tags]) -> bool:
    """Changes the tags of a resource, whoever changes them at the same time; False where there is no such resource."""
    for _ in range(_ATTEMPTS):
        seen = read(kind, name)
        if seen is None:
            return False
        expression = Expression()
        path = _path(kind)
        expression.set(path, changed(seen))
        # A group keeps them among its settings, as its file has them.
        parent = "settings" if kind == "GROUP" else "listing"
        unchanged = expression.equals(path, seen) + ("" if seen else f" OR {expression.absent(path)}")
        condition = f"{expression.present(parent)} AND ({unchanged})"
        if dynamodb.update(expression.update(keys.resource(kind, name), condition)):
            return True
    raise ServiceUnavailable(f"The tags of {name} are being changed by others; try again.")


def _path(kind: Kind) -> str:
    return "settings.tags" if kind == "GROUP" else "tags"


def _tags(kind: Kind, item: dict[str, Any] | None) -> Tags | None:
    holder = (item or {}).get("settings") if kind == "GROUP" else item
    return None if holder is None else list(holder.get("tags", []))
