"""Revisions as places where AppSpec files are: what tells two apart, and what is shown of one. Reference: 1.5 and 3.3.

On the reaction path: standard library only.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

INLINE = {"String": "string", "AppSpecContent": "appSpecContent"}
"""The types of revisions that hold their file themselves, and the member that holds it."""
BUNDLE_TYPES = ("YAML", "JSON", "zip")


def member_of(revision_type: str) -> str:
    """The member of a revision that says where its file is, or holds it."""
    return INLINE.get(revision_type, "s3Location")


def own(revision: Mapping[str, Any]) -> dict[str, Any]:
    """The revision without members of other types, which would only be mistaken for it and fill the record."""
    kind = revision["revisionType"]
    return {"revisionType": kind, member_of(kind): revision[member_of(kind)]}


def sha256_of(content: str | bytes) -> str:
    """What identifies the content of a file or an inline revision (reference 3.3)."""
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()


def identified(revision: Mapping[str, Any]) -> dict[str, Any]:
    """The revision, an inline one with the sha256 of its content."""
    member = INLINE.get(revision["revisionType"])
    if member is None or "content" not in revision[member]:
        return dict(revision)
    return {**revision, member: {**revision[member], "sha256": sha256_of(revision[member]["content"])}}


def shown(revision: Mapping[str, Any]) -> dict[str, Any]:
    """The revision as deployments and groups show it: of an inline one the sha256 alone (reference 1.5)."""
    kind = revision["revisionType"]
    member = INLINE.get(kind)
    if member is None:
        return own(revision)
    return {"revisionType": kind, member: {"sha256": identified(revision)[member]["sha256"]}}


def digest(revision: Mapping[str, Any]) -> str:
    """The key under which an application's revision is kept: the same for the same place, however it is spelled.

    An S3 object with a version or an eTag is another place than the object's newest version.
    """
    kind = revision["revisionType"]
    if kind in INLINE:
        place = [identified(revision)[INLINE[kind]]["sha256"].lower()]
    else:
        location = revision["s3Location"]
        place = [
            location["bucket"],
            location["key"],
            (location.get("bundleType") or "YAML").upper(),
            location.get("version") or "",
            (location.get("eTag") or "").strip('"'),
        ]
    return hashlib.sha256(json.dumps([kind, *place]).encode()).hexdigest()
