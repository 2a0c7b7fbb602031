"""The version in an S3 event.

AWS: the `Object Created` event of a versioned bucket says which version was created (`detail.object.version-id`).
Emulator: leaves it out.
Here: added.
"""

import json
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.services import eventbridge, s3

from local.gaps.patching import wrap

_version: ContextVar[str | None] = ContextVar("object_version", default=None)


def install() -> None:
    wrap(s3, "_fire_s3_event", _remembering_version)
    wrap(eventbridge, "_dispatch_event", _with_version)


def _remembering_version(original: Callable[..., None]) -> Callable[..., None]:
    def fire(*arguments: Any, version_id: str | None = None, **named: Any) -> None:
        token = _version.set(version_id)
        try:
            original(*arguments, version_id=version_id, **named)
        finally:
            _version.reset(token)

    return fire


def _with_version(original: Callable[..., Any]) -> Callable[..., Any]:
    def dispatch(event: dict[str, Any], *arguments: Any, **named: Any) -> Any:
        version = _version.get()
        if version is not None and event["Source"] == "aws.s3":
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version
            event = event | {"Detail": json.dumps(detail)}
        return original(event, *arguments, **named)

    return dispatch
