"""What the command prints as JSON: schemas/output.json describes each document. Pure."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from weighbridge_cli.exits import FAILED, REACHED, STILL_RUNNING, WAITS_FOR_PERSON
from weighbridge_cli.progress import Progress, weight
from weighbridge_cli.text import iso

RESULTS = {REACHED: "Reached", FAILED: "Failed", STILL_RUNNING: "StillRunning", WAITS_FOR_PERSON: "WaitsForPerson"}


def plain(value: Any) -> Any:
    """As JSON has it: times as ISO 8601 in UTC."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Mapping):
        return {name: plain(member) for name, member in value.items() if name != "ResponseMetadata"}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def text(document: Any, *, indent: int | None = 2) -> str:
    """ASCII, so that nothing in it is an instruction to a terminal."""
    return json.dumps(plain(document), indent=indent)


def record(  # noqa: PLR0913 - the members of the document
    result: str,
    code: int,
    message: str,
    *,
    progress: Progress | None = None,
    function: str | None = None,
    alias: str | None = None,
    target: str | None = None,
    live: str | None = None,
) -> dict[str, Any]:
    """The final record of what was asked for."""
    seen = progress or {}
    return {
        "result": result,
        "exitCode": code,
        "message": message,
        "functionName": seen.get("functionName", function),
        "alias": seen.get("alias", alias),
        "targetVersion": seen.get("targetVersion", target),
        "liveVersion": live if live is not None else live_version(seen),
        "deployment": plain(progress) if progress else None,
    }


def live_version(progress: Progress) -> str | None:
    """The version that has all traffic after the end, as far as the deployment says; None where it does not."""
    if progress.get("status") == "Succeeded":
        return progress.get("targetVersion")
    if progress.get("status") in {"Failed", "Stopped"} and weight(progress) == 0:
        return progress.get("currentVersion")
    return None
