"""Revisions of applications: register, get, list. Reference: 1.2 and 1.5."""

from collections.abc import Iterator, Mapping
from typing import Any

from weighbridge.api import arguments, locations, pagination, protocol
from weighbridge.api.operations import Operation, Request
from weighbridge.api.protocol import ApiError
from weighbridge.aws.dynamodb import MOST_LISTED
from weighbridge.core.revisions import digest, shown
from weighbridge.store import revisions, settings
from weighbridge.store.revisions import Registered

_MOST_LOOKED_AT = 1000
"""Revisions that one call looks through for its page; a filter that few of them pass gives a shorter page and a token."""


def register_application_revision(request: Request) -> Mapping[str, Any]:
    application = str(arguments.application(request)["applicationName"])
    description = arguments.description(request)
    revisions.register(application, locations.revision(request.arguments["revision"]), description, request.now)
    return {}


def get_application_revision(request: Request) -> Mapping[str, Any]:
    application = str(arguments.application(request)["applicationName"])
    item = revisions.find(application, locations.place(request.arguments["revision"]))
    if item is None:
        raise ApiError(
            "RevisionDoesNotExistException",
            f"The application {application} has no such revision; it is found by the very location it was registered by.",
        )
    return {
        "applicationName": application,
        "revision": item["revision"],
        "revisionInfo": _info(item, _Targets(application)),
    }


def batch_get_application_revisions(request: Request) -> Mapping[str, Any]:
    """Those of the revisions that are there; `errorMessage` says which are not, or do not fit into one answer."""
    asked_for = arguments.batch(request, "revisions")
    application = str(arguments.application(request)["applicationName"])
    places = [locations.place(location) for location in asked_for]
    items = revisions.find_all(application, places)
    targets, asked = _Targets(application), list(dict.fromkeys(digest(place) for place in places))
    answer = protocol.fitting(
        {"revisionLocation": items[each]["revision"], "genericRevisionInfo": _info(items[each], targets)}
        for each in asked
        if each in items
    )
    missing, left_out = len(asked) - len(items), len(items) - len(answer)
    problems = [f"{missing} of the revisions could not be found."] if missing else []
    problems += [f"{left_out} of the revisions did not fit into one answer; ask for fewer at once."] if left_out else []
    return {"applicationName": application, "revisions": answer, "errorMessage": " ".join(problems) or None}


def list_application_revisions(request: Request) -> Mapping[str, Any]:
    members = request.arguments
    application = str(arguments.application(request)["applicationName"])
    _check_filters(members)
    sort_by, descending = members.get("sortBy", "registerTime"), members.get("sortOrder") == "descending"
    listing = settings.revisions_of(application)
    after = pagination.position(request, f"{listing}#{sort_by}", f"({pagination.TIME})?#[0-9a-f]{{64}}")
    entries = (
        revisions.registered(application, after, descending=descending)
        if sort_by == "registerTime"
        else revisions.by_use(application, sort_by, after, descending=descending)
    )
    passed, last = _passed(application, members, entries)
    return {
        "revisions": [shown(item["revision"]) for item in passed],
        "nextToken": pagination.token(f"{listing}#{sort_by}", "#".join(last)) if last else None,
    }


def _check_filters(members: Mapping[str, Any]) -> None:
    bucket, prefix = members.get("s3Bucket"), members.get("s3KeyPrefix")
    if bucket == "":
        raise ApiError("InvalidBucketNameFilterException", "s3Bucket is empty; name a bucket, or leave it out.")
    if prefix == "":
        raise ApiError("InvalidKeyPrefixFilterException", "s3KeyPrefix is empty; give one, or leave it out.")
    if prefix and not bucket:
        raise ApiError("BucketNameFilterRequiredException", "s3KeyPrefix needs s3Bucket; name the bucket, too.")


def _passed(
    application: str, members: Mapping[str, Any], entries: Iterator[tuple[str, str, Registered]]
) -> tuple[list[Registered], tuple[str, str] | None]:
    """A page of those that pass the filters, and where it ended, None where there is nothing beyond."""
    targets, passed, last = _Targets(application), list[Registered](), ("", "")
    for looked_at, (time, revision_digest, item) in enumerate(entries):
        if len(passed) == MOST_LISTED or looked_at == _MOST_LOOKED_AT:
            return passed, last
        last = (time, revision_digest)
        if _is_in_place(members, item) and _is_deployed_as_wanted(members, targets, item):
            passed.append(item)
    return passed, None


def _is_in_place(members: Mapping[str, Any], item: Registered) -> bool:
    if "s3Bucket" not in members:
        return True
    location, prefix = item["revision"].get("s3Location", {}), members.get("s3KeyPrefix", "")
    return location.get("bucket") == members["s3Bucket"] and str(location["key"]).startswith(prefix)


class _Targets:
    """Which groups of an application have which revision as their target, asked for once a group."""

    def __init__(self, application: str) -> None:
        self._application = application
        self._digests: dict[str, str | None] = {}

    def of(self, item: Registered) -> list[str]:
        """The groups whose current target a revision is: the last one that was deployed there successfully."""
        groups = item.get("usedBy", [])
        unknown = [group for group in groups if group not in self._digests]
        self._digests |= dict.fromkeys(unknown) | revisions.targets(self._application, unknown)
        return [group for group in groups if self._digests[group] == digest(item["revision"])]


def _is_deployed_as_wanted(members: Mapping[str, Any], targets: _Targets, item: Registered) -> bool:
    match members.get("deployed"):
        case "include":
            return bool(targets.of(item))
        case "exclude":
            return not targets.of(item)
    return True


def _info(item: Registered, targets: _Targets) -> dict[str, Any]:
    times = {name: item.get(name) for name in ("registerTime", "firstUsedTime", "lastUsedTime")}
    return times | {"description": item.get("description"), "deploymentGroups": targets.of(item)}


OPERATIONS: Mapping[str, Operation] = {
    "RegisterApplicationRevision": register_application_revision,
    "GetApplicationRevision": get_application_revision,
    "BatchGetApplicationRevisions": batch_get_application_revisions,
    "ListApplicationRevisions": list_application_revisions,
}
