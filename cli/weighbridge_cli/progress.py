"""What a deployment's progress (DeploymentProgress of the API, times as datetimes) says. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from weighbridge_cli.exits import FAILED, REACHED, WAITS_FOR_PERSON
from weighbridge_cli.text import duration, percent

Progress = Mapping[str, Any]
"""Weights are percent. Members are absent until they are known."""

ENDED = ("Succeeded", "Failed", "Stopped")
_WAITS = {
    "Start": ("about to begin", False),
    "Group": ("waiting for its deployment group", True),
    "Version": ("waiting until the version is ready", True),
    "Shift": ("shifting traffic", False),
    "Bake": ("baking", True),
    "Completion": ("about to end", False),
    "Rollback": ("putting traffic back", False),
}
"""What is waited for, in words, and whether the time left is told."""


def has_ended(progress: Progress) -> bool:
    return progress["status"] in ENDED


def subject(progress: Progress) -> str:
    """`checkout:live`, or the group as long as the function is not known."""
    if "functionName" in progress:
        return f"{progress['functionName']}:{progress.get('alias', '?')}"
    return f"{progress['applicationName']}/{progress['deploymentGroupName']}"


def versions(progress: Progress) -> str:
    """`6 → 7`, or what is known of it."""
    known = [progress[member] for member in ("currentVersion", "targetVersion") if progress.get(member)]
    return " → ".join(known)


def shifted(progress: Progress) -> list[Mapping[str, Any]]:
    """The steps whose traffic has moved."""
    return [step for step in progress.get("steps", []) if step["status"] in {"InProgress", "Succeeded"}]


def is_turning_back(progress: Progress) -> bool:
    """Whether something ends it early that puts traffic back."""
    return not has_ended(progress) and bool(progress.get("interruption", {}).get("rollback"))


def is_restored(progress: Progress) -> bool:
    """Whether it has ended and its rollback has put all traffic back."""
    return bool(progress.get("rolledBack"))


def weight(progress: Progress) -> float | None:
    """Percent of the traffic on the target version; None where none was to be moved yet."""
    return progress.get("weight")


def awaited_report(progress: Progress) -> Mapping[str, Any] | None:
    """The hook that has returned nothing and whose report, a person's as a rule, is awaited. It takes the timeline."""
    if has_ended(progress) or progress.get("waitingFor") != "Hook" or "interruption" in progress:
        return None
    for hook in progress.get("hooks", []):
        if hook["status"] == "InProgress":
            name = hook["lifecycleEventName"]
            events = [entry["event"] for entry in progress.get("timeline", []) if entry.get("text", "").startswith(name)]
            return hook if "HookReturned" in events else None
    return None


def reached(progress: Progress, until: str) -> int | None:
    """The exit code with which a wait for `until` is over; None while it is not."""
    if has_ended(progress):
        return REACHED if progress["status"] == "Succeeded" else FAILED
    if until == "paused" and awaited_report(progress):
        return WAITS_FOR_PERSON
    if until in {"started", "shifted"} and "interruption" in progress:
        return None  # it ends soon, and says how
    if until == "started" and progress["status"] == "InProgress":
        return REACHED
    if until == "shifted" and shifted(progress):
        return REACHED
    return None


def seconds_left(progress: Progress, now: datetime) -> float | None:
    """Until what is waited for is over; None where that is not known, or past."""
    until = progress.get("waitsUntil")
    left = (until - now).total_seconds() if until else 0
    return left if left > 0 else None


def waiting(progress: Progress, now: datetime) -> str:
    """What it waits for, in words, with the time left."""
    left = seconds_left(progress, now)
    time_left = f", {duration(left)} left" if left is not None else ""
    if held := progress.get("rollbackHeldUp"):
        return f"rollback held up: {held['message']}"
    if is_turning_back(progress):
        back = f" by {progress['rollbackDeploymentId']}" if progress.get("rollbackDeploymentId") else ""
        return f"rolling back{f' to version {v}' if (v := progress.get('currentVersion')) else ''}{back}"
    if progress.get("waitingFor") == "Hook":
        return _waiting_for_hook(progress) + time_left
    words, is_timed = _WAITS.get(progress.get("waitingFor", ""), _WAITS["Start"])
    return words + (time_left if is_timed else "")


def _waiting_for_hook(progress: Progress) -> str:
    if hook := awaited_report(progress):
        return f"waiting for the report of {hook['functionName']}"
    running = [each for each in progress.get("hooks", []) if each["status"] == "InProgress"]
    return f"{running[0]['lifecycleEventName']} hook {running[0]['functionName']}" if running else "hook"


def outcome(progress: Progress) -> str:
    """Status, with the error's code where there is one."""
    code = progress.get("errorInformation", {}).get("code")
    return f"{progress['status']} {code}" if code else str(progress["status"])


def state(progress: Progress, now: datetime) -> str:
    """In a few words how far it is."""
    if has_ended(progress):
        return outcome(progress)
    share = weight(progress)
    traffic = f"{percent(share)} on version {progress['targetVersion']}, " if share is not None else ""
    return traffic + waiting(progress, now)


def reason(progress: Progress) -> str:
    """Why it failed or was stopped, or is about to be; empty where it is not."""
    error = progress.get("errorInformation") or progress.get("interruption") or {}
    return str(error.get("message", ""))


def with_states(progress: Progress, before: Progress | None) -> Progress:
    """With the alarms' states of an earlier look where this one has not asked for them."""
    if before is None or any("state" in alarm for alarm in progress.get("alarms", [])):
        return progress
    states = {alarm["name"]: alarm["state"] for alarm in before.get("alarms", []) if "state" in alarm}
    alarms = [
        {**alarm, "state": states[alarm["name"]]} if alarm["name"] in states else alarm
        for alarm in progress.get("alarms", [])
    ]
    return {**progress, "alarms": alarms}
