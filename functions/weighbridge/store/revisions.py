"""The revisions of applications: when each was registered and deployed, and to which groups. On the reaction path."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from weighbridge.aws import dynamodb
from weighbridge.aws.dynamodb import Expression
from weighbridge.core.deployment import stamp
from weighbridge.core.record import Record
from weighbridge.core.revisions import digest, identified
from weighbridge.store import keys

Registered = dict[str, Any]
"""`revision` with its content, `description`, `registerTime`, and once deployed `firstUsedTime`, `lastUsedTime` and
`usedBy`, the groups it was ever deployed to. Times are ISO 8601."""
SortKey = Literal["registerTime", "firstUsedTime", "lastUsedTime"]
_READ_AHEAD = 100


def _registration(application: str, revision: Mapping[str, Any], now: datetime) -> Expression:
    expression = Expression()
    expression.set("revision", identified(revision))
    expression.set_once("registerTime", stamp(now))
    expression.set_once("listing", _listing(application))
    expression.set_once("listingKey", f"{stamp(now)}#{digest(revision)}")
    return expression


def _listing(application: str) -> str:
    return f"REVISIONS#{application}"


def register(application: str, revision: Mapping[str, Any], description: str | None, now: datetime) -> None:
    """Registers a revision; one that is registered keeps its times and gets the new description, if there is one."""
    expression = _registration(application, revision, now)
    if description is not None:
        expression.set("description", description)
    dynamodb.update(expression.update(keys.revision(application, digest(revision))))


def use(record: Record, now: datetime) -> None:
    """Registers the revision of a deployment and keeps that it is deployed now: one write."""
    dynamodb.update(used(record, now))


def used(record: Record, now: datetime) -> dict[str, Any]:
    """What `use` writes, as part of a transaction."""
    expression = _registration(record["applicationName"], record["revision"], now)
    by = f"Application revision registered by Deployment ID: {record['deploymentId']}"
    expression.set_once("description", by)
    expression.set_once("firstUsedTime", stamp(now))
    expression.set("lastUsedTime", stamp(now))
    expression.include("usedBy", record["deploymentGroupName"])
    return expression.update(keys.revision(record["applicationName"], digest(record["revision"])))


def find(application: str, revision: Mapping[str, Any]) -> Registered | None:
    """The revision of an application at a place; of an inline one, the sha256 will do."""
    return dynamodb.get(keys.revision(application, digest(revision)))


def find_all(application: str, revisions: Sequence[Mapping[str, Any]]) -> dict[str, Registered]:
    """Those of the revisions that are registered, by digest."""
    return _read(application, {digest(revision) for revision in revisions})


def _read(application: str, digests: Sequence[str] | set[str]) -> dict[str, Registered]:
    items = dynamodb.get_all([keys.revision(application, revision_digest) for revision_digest in digests])
    return {pk.rpartition("/")[2]: item for pk, item in items}


def targets(application: str, groups: Sequence[str]) -> dict[str, str]:
    """Of those groups that have a target revision: which, by its digest."""
    items = dynamodb.get_all([keys.group(application, group) for group in groups])
    return {pk.partition("/")[2]: digest(item["targetRevision"]) for pk, item in items if "targetRevision" in item}


def registered(
    application: str, after: tuple[str, str] | None, *, descending: bool
) -> Iterator[tuple[str, str, Registered]]:
    """An application's revisions by registration: time, digest and item, those beyond the position `after`.

    Read as far as they are asked for, a hundred at a time.
    """
    values = {":listing": {"S": _listing(application)}}
    condition = "#listing = :listing"
    if after:
        condition += f" AND #listingKey {'<' if descending else '>'} :after"
        values[":after"] = {"S": "#".join(after)}
    names = {"#listing": "listing"} | ({"#listingKey": "listingKey"} if after else {})
    ahead: list[tuple[str, str]] = []
    for key in dynamodb.stream(
        IndexName="listing",
        KeyConditionExpression=condition,
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=values,
        ScanIndexForward=not descending,
        Limit=_READ_AHEAD,
    ):
        time, _, revision_digest = key["listingKey"].partition("#")
        ahead.append((time, revision_digest))
        if len(ahead) == _READ_AHEAD:
            yield from _with_items(application, ahead)
            ahead = []
    yield from _with_items(application, ahead)


def _with_items(application: str, positions: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str, Registered]]:
    items = _read(application, [revision_digest for _, revision_digest in positions])
    for time, revision_digest in positions:
        if revision_digest in items:
            yield time, revision_digest, items[revision_digest]


def by_use(
    application: str, sort_by: SortKey, after: tuple[str, str] | None, *, descending: bool
) -> Iterator[tuple[str, str, Registered]]:
    """As `registered`, in the order of another time; those that have no such time (yet) come as if it were the first.

    It reads all revisions of the application: the times change with every deployment, and no index holds them.
    """
    everything = [
        (str(item.get(sort_by, "")), revision_digest, item)
        for _, revision_digest, item in registered(application, None, descending=False)
    ]
    for time, revision_digest, item in sorted(everything, key=lambda entry: entry[:2], reverse=descending):
        if after is None or ((time, revision_digest) < after if descending else (time, revision_digest) > after):
            yield time, revision_digest, item
