"""Tags of applications, groups and configurations. Reference: 1.2 and 1.5."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from weighbridge.api import protocol
from weighbridge.api.operations import Operation, Request
from weighbridge.core.errors import InvalidDocument
from weighbridge.core.names import NAME
from weighbridge.core.tags import with_tags, without_tags
from weighbridge.store import tags
from weighbridge.store.keys import Kind
from weighbridge.store.tags import Tags

# Account and region are not looked at: an endpoint is of one of each (decision 9).
_ARN = re.compile(r"arn:aws[a-z-]*:(?P<service>[a-z0-9-]+):[a-z0-9-]*:[0-9]*:(?P<type>[^:]+)(:(?P<name>.+))?", re.DOTALL)
_KINDS: Mapping[str, tuple[Kind, str, str]] = {
    "application": ("APPLICATION", NAME, "ApplicationDoesNotExistException"),
    "deploymentgroup": ("GROUP", f"{NAME}/{NAME}", "DeploymentGroupDoesNotExistException"),
    "deploymentconfig": ("CONFIG", NAME, "DeploymentConfigDoesNotExistException"),
}


def given(request: Request, member: str) -> Tags:
    """The tags in a member that may be left out."""
    return _changed(request, member, lambda: with_tags([], request.arguments.get(member, [])))


def tag_resource(request: Request) -> Mapping[str, Any]:
    added = given(request, "Tags")
    _change(request, lambda tags_before: _changed(request, "Tags", lambda: with_tags(tags_before, added)))
    return {}


def untag_resource(request: Request) -> Mapping[str, Any]:
    keys = set(request.arguments["TagKeys"])
    _change(request, lambda tags_before: without_tags(tags_before, keys))
    return {}


def list_tags_for_resource(request: Request) -> Mapping[str, Any]:
    """All tags of a resource: there are never more than fit on a page."""
    if request.arguments.get("NextToken") is not None:
        raise protocol.invalid(request.operation, "NextToken", "NextToken is none that was given out: begin without one.")
    kind, name, _ = _resource(request)
    tagged = tags.read(kind, name)
    if tagged is None:  # the operation has no exception of its own for it
        raise protocol.ApiError("InvalidArnException", f"There is no {name} of the type that ResourceArn names.")
    return {"Tags": tagged}


def _changed(request: Request, member: str, change: Callable[[], Tags]) -> Tags:
    try:
        return change()
    except InvalidDocument as fault:
        raise protocol.invalid(request.operation, member, fault.rule) from fault


def _change(request: Request, changed: Callable[[Tags], Tags]) -> None:
    kind, name, does_not_exist = _resource(request)
    if not tags.change(kind, name, changed):
        raise protocol.ApiError(does_not_exist, f"There is no {name} to which ResourceArn could refer.")


def _resource(request: Request) -> tuple[Kind, str, str]:
    arn = request.arguments["ResourceArn"]
    match = _ARN.fullmatch(arn)
    if match is None:
        raise protocol.invalid(request.operation, "ResourceArn", f"'{arn[:200]}' is no ARN.")
    known = _KINDS.get(match["type"]) if match["service"] == "codedeploy" else None
    if known is None:
        raise protocol.ApiError(
            "ArnNotSupportedException", "Only ARNs of applications, deployment groups and deployment configs have tags."
        )
    kind, pattern, does_not_exist = known
    name = match["name"] or ""
    if not re.fullmatch(pattern, name):
        raise protocol.invalid(request.operation, "ResourceArn", f"'{arn[:200]}' names no {match['type']}.")
    return kind, name, does_not_exist


OPERATIONS: Mapping[str, Operation] = {
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}
