"""What was refused without becoming a deployment: Weighbridge's own addition to the API."""

import itertools
from collections.abc import Mapping
from typing import Any

from weighbridge.api import pages
from weighbridge.api.operations import Operation, Request
from weighbridge.aws import refusals
from weighbridge.aws.table import MOST_LISTED
from weighbridge.core.refusals import DIGEST, LISTING


def list_refusals(request: Request) -> Mapping[str, Any]:
    """Refused objects and events of the last thirty days, newest first."""
    after = pages.position(request, LISTING, f"{pages.TIME}#{DIGEST}")
    entries = refusals.newest(after)
    found = list(itertools.islice(entries, MOST_LISTED))
    more = next(entries, None)
    return {"refusals": found, "nextToken": pages.token(LISTING, found[-1]["listingKey"]) if more else None}


OPERATIONS: Mapping[str, Operation] = {"ListRefusals": list_refusals}
