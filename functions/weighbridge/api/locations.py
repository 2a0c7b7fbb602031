"""Where a revision is, or what it holds, as requests say it: read and checked. Reference: 1.5 and 3.3."""

from collections.abc import Mapping
from typing import Any

from weighbridge.api.protocol import ApiError
from weighbridge.core.errors import InvalidDocument
from weighbridge.core.requests import Revision
from weighbridge.core.revisions import BUNDLE_TYPES, INLINE, identified


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
