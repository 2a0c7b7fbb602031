"""What was refused without becoming a deployment: Weighbridge's own addition to the API."""

import itertools
from collections.abc import Mapping
from typing import Any

from weighbridge.api import pagination
from weighbridge.api.operations import Operation, Request
from weighbridge.aws.dynamodb import MOST_LISTED
from weighbridge.core.refusals import DIGEST, LISTING
from weighbridge.store import refusals


def list_refusals(request: Request) -> Mapping[str, Any]:
    """Refused objects and events of the last thirty days, newest first."""
    after = pagination.position(request, LISTING, f"{pagination.TIME}#{DIGEST}")
    entries = refusals.newest(after)
    page = list(itertools.islice(entries, MOST_LISTED))
    more = next(entries, None)
    return {"refusals": page, "nextToken": pagination.token(LISTING, page[-1]["listingKey"]) if more else None}


OPERATIONS: Mapping[str, Operation] = {"ListRefusals": list_refusals}
