"""A deployment in words: what it is, how it went, why, and what to do. Pure."""

from collections.abc import Iterator
from datetime import datetime

from weighbridge_cli.progress import (
    Progress,
    awaited_report,
    has_ended,
    is_restored,
    outcome,
    reason,
    state,
    subject,
    versions,
    weight,
)
from weighbridge_cli.text import clean, duration, local_time, percent

ALL = 100
"""Percent."""


def headline(progress: Progress) -> str:
    """One sentence: which deployment, of what, from which version to which."""
    moves = f" from version {progress['currentVersion']}" if progress.get("currentVersion") else ""
    moves += f" to version {progress['targetVersion']}" if progress.get("targetVersion") else ""
    kind = "Rollback" if progress.get("rollbackOf") else "Deployment"
    of = f" of {progress['rollbackOf']}" if progress.get("rollbackOf") else ""
    return clean(f"{kind} {progress['deploymentId']}{of}: {subject(progress)}{moves}")


def conclusion(progress: Progress, now: datetime) -> str:
    """One sentence: how it ended, or how far it is, and why."""
    if not has_ended(progress):
        why = f" {reason(progress)}" if "interruption" in progress else ""
        return clean(f"{progress['deploymentId']} is {progress['status']}: {state(progress, now)}.{why}")
    why = f": {reason(progress)}" if reason(progress) else "."
    return clean(f"{progress['deploymentId']} {outcome(progress)}{why}")


def where_traffic_is(progress: Progress) -> str:
    """A sentence or two; empty where no traffic was to be moved yet."""
    share, target, current = weight(progress), progress.get("targetVersion"), progress.get("currentVersion")
    if is_restored(progress):
        return f"All traffic is back on version {current}."
    if progress.get("rollbackMessage") and not progress.get("rollbackOf"):
        return clean(progress["rollbackMessage"])
    if share == ALL:
        return f"All traffic is on version {target}."
    if share:
        return f"{percent(share)} of the traffic is on version {target}, the rest on version {current}."
    failed = has_ended(progress) and progress["status"] != "Succeeded"
    still = f" It is on version {current}." if current else ""
    return f"No traffic has moved.{still}" if failed or share == 0 else ""


def advice(progress: Progress, watch: str, retry: str) -> Iterator[str]:
    """What to do next, a sentence each; `watch` and `retry` are commands."""
    if hook := awaited_report(progress):
        called = clean(hook["functionName"])
        yield f"The hook {called} waits for a report: PutLifecycleEventHookExecutionStatus, or an event on the bus."
    if progress.get("advice"):
        yield clean(progress["advice"])
    if held := progress.get("rollbackHeldUp"):
        yield f"Traffic could not be put back so far ({clean(held['code'])}): {clean(held['message'])}"
    if not has_ended(progress):
        yield f"It goes on; to follow it: {watch}"
    elif progress["status"] != "Succeeded" and not progress.get("rollbackOf"):
        yield f"To try the same again: {retry}"


def explanation(progress: Progress, now: datetime, watch: str, retry: str) -> list[str]:
    """The whole story, a line an entry."""
    lines = [headline(progress), f"  {conclusion(progress, now)}"]
    lines += [f"  {sentence}" for sentence in [where_traffic_is(progress)] if sentence]
    lines += ["", *_facts(progress, now)]
    timeline = progress.get("timeline", [])
    if timeline:
        lines += ["", "What happened"]
        begun = timeline[0]["time"]
        for entry in timeline:
            after = duration((entry["time"] - begun).total_seconds())
            text = f": {entry['text']}" if entry.get("text") else ""
            lines.append(clean(f"  {local_time(entry['time'], now)}  +{after:<12} {entry['event']}{text}"))
    sentences = list(advice(progress, watch, retry))
    return [*lines, *(["", "What to do", *(f"  {sentence}" for sentence in sentences)] if sentences else [])]


def _facts(progress: Progress, now: datetime) -> Iterator[str]:
    group = f"{progress['applicationName']}/{progress['deploymentGroupName']}"
    rows = [
        ("group", group),
        ("configuration", progress.get("deploymentConfigName", "")),
        ("description", progress.get("description", "")),
        ("asked for by", progress.get("requestedBy") or progress["creator"]),
        ("created", local_time(progress["createTime"], now)),
        ("versions", versions(progress)),
        ("rolled back by", progress.get("rollbackDeploymentId", "")),
        *(("alarm", f"{alarm['name']}  {alarm.get('state', '')}") for alarm in progress.get("alarms", [])),
        *(
            (
                hook["lifecycleEventName"],
                f"{hook['functionName']}  {hook['status']}" + (f": {hook['message']}" if hook.get("message") else ""),
            )
            for hook in progress.get("hooks", [])
        ),
    ]
    for name, value in rows:
        if value:
            yield clean(f"  {name:<19} {value}")
