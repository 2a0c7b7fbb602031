"""How far a deployment is and what it waits for, from its record: what people watch. Percent and ISO 8601 at this edge.

It says nothing that is a secret: no token, no execution id of a hook. On the path of calls that only read: standard
library only.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from weighbridge.core import advice, hooks
from weighbridge.core.deployment import is_rollback, is_running, stamp
from weighbridge.core.endings import has_been_rolled_back
from weighbridge.core.errors import classes
from weighbridge.core.record import Record, TimelineEntry
from weighbridge.core.rollback_rule import restores
from weighbridge.core.rollbacks import has_restored
from weighbridge.core.routing import Routing
from weighbridge.core.timeline import sentence

_AS_THEY_ARE = (
    "deploymentId",
    "status",
    "applicationName",
    "deploymentGroupName",
    "deploymentConfigName",
    "description",
    "creator",
    "requestedBy",
    "errorInformation",
    "createTime",
    "startTime",
    "completeTime",
)
_AWAITED = {"GroupAwaited": "Group", "VersionAwaited": "Version"}
_ROUNDING = 1e-6


def progress(
    record: Record,
    *,
    rollback: Record | None = None,
    alarms: Mapping[str, str] | None = None,
    with_timeline: bool = False,
) -> dict[str, Any]:
    """A DeploymentProgress, as api.additions describes it; what is not known yet is None.

    `rollback` is the record of the deployment's rollback, where there is one by now; `alarms` are the states of its alarms,
    None where nobody asked for them.
    """
    info = record.get("lambdaFunctionInfo", {})
    waiting_for, until = _waiting(record, rollback)
    return {member: record.get(member) for member in _AS_THEY_ARE} | {
        "functionName": info.get("functionName"),
        "alias": info.get("functionAlias"),
        "currentVersion": info.get("currentVersion"),
        "targetVersion": info.get("targetVersion"),
        "weight": _weight(record),
        "steps": list(_steps(record)),
        "waitingFor": waiting_for,
        "waitsUntil": stamp(until) if until else None,
        "hooks": list(_hooks(record)),
        "alarms": list(_alarms(record, alarms)),
        "interruption": _interruption(record),
        "rollbackHeldUp": record.get("heldUp") or (rollback.get("heldUp") if rollback else None),
        "rollbackDeploymentId": rollback["deploymentId"] if rollback else _rollback_info(record, "rollbackDeploymentId"),
        "rollbackOf": _rollback_info(record, "rollbackTriggeringDeploymentId"),
        "rollbackMessage": _rollback_info(record, "rollbackMessage"),
        "rolledBack": has_been_rolled_back(record) or None,
        "advice": advice.advice(record),
        "timeline": [_told(entry) for entry in record["timeline"]] if with_timeline else None,
    }


def _weight(record: Record) -> float | None:
    """The target version's; a deployment that was rolled back keeps that of its own last shift on record."""
    info = record.get("lambdaFunctionInfo", {})
    if "targetVersionWeight" not in info:
        return None
    return 0.0 if has_been_rolled_back(record) else _percent(info["targetVersionWeight"])


def _percent(weight: float) -> float:
    return round(100 * weight, 4)


def _rollback_info(record: Record, member: str) -> Any:
    return record.get("rollbackInfo", {}).get(member)


def _told(entry: TimelineEntry) -> dict[str, str]:
    return {"time": entry["time"], "event": entry["event"], "text": sentence(entry)}


def _steps(record: Record) -> Iterator[dict[str, Any]]:
    """The shifts in order; of a rollback there is one."""
    if "plan" not in record:
        return
    if is_rollback(record):
        status = "Succeeded" if has_restored(record) else "InProgress" if is_running(record) else "Skipped"
        yield {"weight": 100.0, "bakeSeconds": 0, "status": status, "startTime": _shift_times(record).get(1.0)}
        return
    steps, done, times = record["plan"]["steps"], _done(record), _shift_times(record)
    for number, step in enumerate(steps, start=1):
        if number > done:
            status = "Pending" if is_running(record) else "Skipped"
        else:
            baking = number == done and step["bakeSeconds"] > 0 and is_running(record)
            status = "InProgress" if baking else "Succeeded"
        weight = round(step["weight"], 6)
        taken = times.get(weight) if number <= done else None
        yield {"weight": _percent(weight), "bakeSeconds": step["bakeSeconds"], "status": status, "startTime": taken}


def _shift_times(record: Record) -> dict[float, str]:
    """When each weight was reached. Weights rise from step to step, and a timeline that was shortened lacks some."""
    return {
        round(entry["weight"], 6): entry["time"]
        for entry in record["timeline"]
        if entry["event"] in {"TrafficShifted", "TrafficKept"}
    }


def _done(record: Record) -> int:
    """How many steps of the plan have taken effect."""
    plan = record["plan"]
    if record["lifecycleEvents"][hooks.SHIFT]["status"] in {"Pending", "Skipped"}:
        return 0
    weight = Routing.from_record(record["routing"]).weight_of(plan["targetVersion"])
    return sum(1 for step in plan["steps"] if step["weight"] <= weight + _ROUNDING)


def _waiting(record: Record, rollback: Record | None) -> tuple[str | None, datetime | None]:
    """What the deployment waits for, and until when, where that is known."""
    if not is_running(record):
        return None, None
    if is_rollback(record) or rollback:
        return "Rollback", None
    if "interruption" in record:
        return ("Rollback" if restores(record) else "Completion"), None
    if "plan" not in record:
        return _AWAITED.get(record["timeline"][-1]["event"], "Start"), None
    for event in (hooks.BEFORE, hooks.AFTER):
        call = record["hooks"].get(event)
        if call and "answer" not in call:
            return "Hook", datetime.fromisoformat(call["calledAt"]) + hooks.PATIENCE
    steps, done = record["plan"]["steps"], _done(record)
    if done == len(steps):
        return "Completion", None
    bake = steps[done - 1]["bakeSeconds"] if done else 0
    began = _shift_times(record).get(round(steps[done - 1]["weight"], 6)) if bake else None
    return ("Bake", datetime.fromisoformat(began) + timedelta(seconds=bake)) if began else ("Shift", None)


def _hooks(record: Record) -> Iterator[dict[str, Any]]:
    for event, function in record.get("plan", {"hooks": {}})["hooks"].items():
        lifecycle = record["lifecycleEvents"][event]
        call = record["hooks"].get(event)
        answer = call.get("answer") if call else None
        yield {
            "lifecycleEventName": event,
            "functionName": function,
            "status": lifecycle["status"],
            "message": answer["message"] if answer and answer["message"] else None,
            "startTime": lifecycle.get("startTime"),
            "endTime": lifecycle.get("endTime"),
        }


def _alarms(record: Record, states: Mapping[str, str] | None) -> Iterator[dict[str, Any]]:
    names = record["plan"]["alarms"]["names"] if "plan" in record and not is_rollback(record) else []
    for name in names:
        yield {"name": name, "state": states.get(name, "Missing") if states is not None else None}


def _interruption(record: Record) -> dict[str, Any] | None:
    """What ends the deployment early, with the error's code as CodeDeploy has it."""
    if "interruption" not in record:
        return None
    interruption = record["interruption"]
    kind = classes().get(interruption["error"])
    return {
        "code": kind.code if kind else "INTERNAL_ERROR",
        "message": interruption["message"],
        "rollback": restores(record),
    }
