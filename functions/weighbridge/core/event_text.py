"""Texts in events: what is read of one may be anything that JSON can say. On the reaction path: standard library only."""

from typing import Any


def text_at(event: Any, *path: str, longest: int) -> str | None:
    """The text at a path of an event; None where there is none, or it is longer than `longest` or cannot be kept."""
    value = event
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, str) or len(value) > longest:
        return None
    try:
        value.encode()
    except UnicodeEncodeError:  # a half of a surrogate pair
        return None
    return value
