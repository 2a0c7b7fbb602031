"""What the operations on deployments and revisions check first, with CodeDeploy's own exceptions. Reference: 1.5, 1.6."""

from collections.abc import Mapping
from typing import Any

from weighbridge.api.operations import Request
from weighbridge.api.wire import ApiError
from weighbridge.aws import deployments
from weighbridge.core.deployment import Record
from weighbridge.core.errors import InvalidDocument
from weighbridge.core.ids import DEPLOYMENT_ID
from weighbridge.core.requests import BUNDLE_TYPES, Revision
from weighbridge.core.revisions import INLINE, identified

LONGEST_DESCRIPTION = 256
MOST_AT_ONCE = 25
"""Deployments, revisions or instances that a batch may ask for."""


def batch(request: Request, member: str) -> list[Any]:
    """What a batch asks for; that there is something has been checked, since the model requires it."""
    wanted: list[Any] = request.arguments[member]
    if len(wanted) > MOST_AT_ONCE:
        raise ApiError("BatchLimitExceededException", f"{member} may have at most {MOST_AT_ONCE}, not {len(wanted)}.")
    return wanted


def deployment_id(request: Request, value: str) -> str:
    if not value:
        raise ApiError("DeploymentIdRequiredException", "The deployment ID is empty; give one.")
    if not DEPLOYMENT_ID.fullmatch(value):
        raise ApiError(
            "InvalidDeploymentIdException",
            f"'{value[:100]}' is no deployment ID: {request.operation} takes d- and nine upper-case letters or digits.",
        )
    return value


def deployment(request: Request) -> Record:
    """The record of the deployment that `deploymentId` names."""
    wanted = deployment_id(request, str(request.arguments.get("deploymentId", "")))
    record = deployments.get(wanted)
    if record is None:
        raise ApiError("DeploymentDoesNotExistException", f"The deployment {wanted} could not be found")
    return record


def description(request: Request) -> str | None:
    value: str | None = request.arguments.get("description")
    if value is not None and len(value) > LONGEST_DESCRIPTION:
        raise ApiError(
            "DescriptionTooLongException",
            f"The description has {len(value)} characters; at most {LONGEST_DESCRIPTION} are allowed.",
        )
    return value


def revision(location: Mapping[str, Any]) -> dict[str, Any]:
    """A revision with all that it takes to deploy it."""
    kind = location.get("revisionType")
    if kind is None:
        raise ApiError("InvalidRevisionException", "revisionType is missing; give S3, AppSpecContent or String.")
    if kind == "S3" and "bundleType" not in location.get("s3Location", {"bundleType": ""}):
        raise ApiError(
            "InvalidRevisionException", f"BundleType must be either {' or '.join(BUNDLE_TYPES)}; s3Location names none."
        )
    try:
        read = Revision.read(location)
    except InvalidDocument as error:
        raise ApiError("InvalidRevisionException", str(error)) from error
    return identified(read.kept())


def is_reference(location: Mapping[str, Any]) -> bool:
    """Whether a location names the content of a registered revision by its sha256 alone."""
    member = INLINE.get(str(location.get("revisionType")))
    inline = location.get(member, {}) if member else {}
    return bool(inline.get("sha256")) and not inline.get("content")


def place(location: Mapping[str, Any]) -> dict[str, Any]:
    """A revision, or the place of one that is registered: of an inline one the sha256 will do."""
    if not is_reference(location):
        return revision(location)
    kind = location["revisionType"]
    return {"revisionType": kind, INLINE[kind]: {"sha256": location[INLINE[kind]]["sha256"]}}
