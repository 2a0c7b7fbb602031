"""How far a deployment is, in the time of a cloud whose waits are shorter, and what its record says of its end. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

Record = Mapping[str, Any]
"""A deployment's record as the table has it, in plain values."""

_RUNNING = ("Created", "InProgress")


def is_running(record: Record) -> bool:
    return record["status"] in _RUNNING


def outcome(record: Record) -> str:
    """The status, and the error code where there is one."""
    return " ".join([record["status"], *([record["errorInformation"]["code"]] if "errorInformation" in record else [])])


def time_of(entry: Mapping[str, Any]) -> datetime:
    """When an entry of a timeline was made."""
    return datetime.fromisoformat(entry["time"]).astimezone(UTC)


def scaled(progress: Mapping[str, Any], time_scale: float) -> Mapping[str, Any]:
    """A DeploymentProgress whose bakes take as long as they do here, where a second of AWS takes `time_scale` seconds."""
    steps = [{**step, "bakeSeconds": step["bakeSeconds"] * time_scale} for step in progress["steps"]]
    until = [
        step["startTime"] + timedelta(seconds=step["bakeSeconds"])
        for step in steps
        if step["status"] == "InProgress" and "startTime" in step
    ]
    return {**progress, "steps": steps, **({"waitsUntil": until[-1]} if until and "waitsUntil" in progress else {})}
