"""Page tokens. One says where the page before ended and nothing else, so a forged one only starts a list elsewhere."""

import base64
import binascii
import itertools
import json
import re
from collections.abc import Iterable
from typing import TypeVar

from weighbridge.api.operations import Request
from weighbridge.api.wire import ApiError

PAGE = 100
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
Position = tuple[str, str]
"""A time (ISO 8601) and what tells apart those of one time."""
T = TypeVar("T")


def token(position: Position) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def position(request: Request, pattern: str) -> Position | None:
    """Where the page before ended, None for the first page; `pattern` is that of a position's parts, joined by #."""
    given = request.arguments.get("nextToken")
    if given is None:
        return None
    read = _read(given)
    if read is None or token(read) != given or not re.fullmatch(pattern, "#".join(read), re.ASCII):
        raise ApiError("InvalidNextTokenException", "nextToken is not one that this list has given.")
    return read


def _read(given: str) -> Position | None:
    try:
        match json.loads(base64.urlsafe_b64decode(given)):
            case [str(time), str(identifier)]:
                return time, identifier
    except (ValueError, binascii.Error, RecursionError):
        pass
    return None


def no_token(request: Request) -> None:
    """For lists that are never longer than a page, and so never give a token."""
    if "nextToken" in request.arguments:
        raise ApiError("InvalidNextTokenException", "nextToken is not one that this list has given.")


def page(entries: Iterable[T]) -> tuple[list[T], bool]:
    """The first entries, as many as a page has, and whether there are more."""
    first = list(itertools.islice(entries, PAGE + 1))
    return first[:PAGE], len(first) > PAGE
