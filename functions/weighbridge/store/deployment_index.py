"""The history of deployments, newest first, by status and group: two indexes hold it, each status in a place of its own."""

import heapq
from collections.abc import Collection, Iterator
from itertools import groupby

from weighbridge.aws import dynamodb
from weighbridge.core.deployment import group_status
from weighbridge.core.record import Status
from weighbridge.store import keys

_READ_AHEAD = 100

Position = tuple[str, str]
"""A deployment's place in the history: its creation time (ISO 8601) and its id."""


def deployments(
    groups: Collection[str] | None,
    statuses: Collection[Status],
    *,
    since: str | None = None,
    until: str | None = None,
    after: Position | None = None,
) -> Iterator[Position]:
    """The deployments in one of `statuses`, newest first, that come `after` a position.

    They are those of some groups, which are given as in core.deployment.group_status, or of all where that is None.
    `since` and `until` are ISO 8601 and belong to the range. Nothing is read but what is asked for, at most a hundred keys
    of each status ahead; a deployment that is created or changes its status meanwhile moves nothing.
    """
    last = min(time for time in (until, after[0] if after else None, "9999") if time is not None)
    places = [
        _with_status(*key, since or "", last)
        for status in statuses
        for key in (
            [("status", str(status))]
            if groups is None
            else [("groupStatus", group_status(group, status)) for group in groups]
        )
    ]
    for position in heapq.merge(*places, reverse=True):
        if after is None or position < after:
            yield position


def _with_status(index: str, value: str, since: str, until: str) -> Iterator[Position]:
    if since > until:  # DynamoDB refuses such a range
        return
    entries = dynamodb.stream(
        IndexName=index,
        KeyConditionExpression="#status = :status AND createTime BETWEEN :since AND :until",
        ExpressionAttributeNames={"#status": index},
        ExpressionAttributeValues={":status": {"S": value}, ":since": {"S": since or "0"}, ":until": {"S": until}},
        ScanIndexForward=False,
        Limit=_READ_AHEAD,
    )
    positions = ((key["createTime"], keys.deployment_in(key)) for key in entries)
    for _, same_time in groupby(positions, key=lambda position: position[0]):
        yield from sorted(same_time, reverse=True)  # the index leaves the order within one time open
