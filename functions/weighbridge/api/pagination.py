"""Lists, page by page.

A token says which list it is of and what came last, so that pages are stable while records are added, and a forged one
does no more than begin elsewhere in the same list.
"""

import base64
import json
import re

from weighbridge.api import protocol
from weighbridge.api.operations import Request
from weighbridge.aws import dynamodb
from weighbridge.core.names import valid_name


def token(listing: str, last: str) -> str:
    """The token of the page that follows `last`."""
    return base64.urlsafe_b64encode(json.dumps([listing, last]).encode()).decode()


def last(request: Request, listing: str) -> str:
    """What came last on the page before the one that a request asks for; empty for the first page."""
    next_token = request.arguments.get("nextToken")
    if next_token is None:
        return ""
    try:
        named, came_last = json.loads(base64.urlsafe_b64decode(next_token))
    except (ValueError, TypeError, RecursionError):
        raise bad_token() from None
    if not isinstance(came_last, str) or named != listing or next_token != token(listing, came_last):
        raise bad_token()
    return came_last


def bad_token() -> protocol.ApiError:
    return protocol.ApiError(
        "InvalidNextTokenException", "nextToken is none that this list has given out: begin without one."
    )


def names(request: Request, listing: str, first: tuple[str, ...] = ()) -> tuple[list[str], str | None]:
    """A page of names, `first` being ahead of all others, and the token of the next page."""
    after = last(request, listing)
    if after and not valid_name(after):
        raise bad_token()
    ahead = [] if after else list(first)
    page, more = dynamodb.listed(listing, after, dynamodb.MOST_LISTED - len(ahead))
    return [*ahead, *page], token(listing, page[-1]) if more and page else None


TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def position(request: Request, listing: str, pattern: str) -> tuple[str, str] | None:
    """Where the page before ended in a list by time: a time and what tells apart those of one time; None for the first.

    `pattern` is that of both, joined by #.
    """
    came_last = last(request, listing)
    if not came_last:
        return None
    if not re.fullmatch(pattern, came_last, re.ASCII):
        raise bad_token()
    time, _, identifier = came_last.partition("#")
    return time, identifier


def no_token(request: Request) -> None:
    """For lists that are never longer than a page, and so never give a token."""
    if "nextToken" in request.arguments:
        raise bad_token()
