"""How a deployment ends, and what its record then says. Reference: sections 5.1, 5.2, 6.3 and 8."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from weighbridge.core import hooks
from weighbridge.core.deployment import (
    LIFECYCLE_EVENTS,
    Change,
    entry,
    group_status,
    is_rollback,
    is_running,
    stamp,
    without_hook,
)
from weighbridge.core.errors import (
    AliasMoved,
    HookTimedOut,
    Interrupted,
    InvalidLambdaFunction,
    WeighbridgeError,
    classify,
    clip,
    message_of,
)
from weighbridge.core.ids import rollback_id
from weighbridge.core.record import Record, RollbackInfo, Status
from weighbridge.core.routing import Routing


@dataclass(frozen=True)
class Ending:
    """How a deployment ends: what goes into the record, and whether weights of ours may be left on the alias.

    `unrestored` is a rollback's that will never restore traffic although nobody wants it where it is: somebody has to know.
    """

    status: Status
    code: str | None
    message: str
    change: Change
    leaves_weights: bool = False
    unrestored: bool = False


def succeeded(record: Record, now: datetime) -> Ending:
    sets = _closed(record, "Succeeded", now)
    if record["lifecycleEvents"][hooks.AFTER]["status"] == "Pending":
        sets[f"lifecycleEvents.{hooks.AFTER}"] = without_hook(now)
    reason = (
        "Traffic is restored."
        if is_rollback(record)
        else f"All traffic is on version {record['lambdaFunctionInfo']['targetVersion']}."
    )
    change = Change(sets=sets, removes=["open", "gate"], timeline=[entry(now, "Ended", status="Succeeded", reason=reason)])
    return Ending("Succeeded", None, reason, change)


def _closed(record: Record, status: Status, now: datetime) -> dict[str, Any]:
    sets: dict[str, Any] = {"status": status, "completeTime": stamp(now)}
    if "groupStatus" in record:
        sets["groupStatus"] = group_status(record["groupStatus"].rpartition("#")[0], status)
    return sets


def failed(record: Record, failure: Mapping[str, str], rollback: Mapping[str, str], now: datetime) -> Ending:
    """How a deployment ends that could not go on.

    `failure` is what Step Functions caught, {error, cause}, of which it may leave the cause out; `rollback` is empty where
    none was made, else what `outcome_of` says of it.
    """
    kind, message = _failure(record, failure)
    if rollback.get("status") == "FAILED":
        message = clip(f"{message} {_not_restored(record, rollback)}")
    status: Status = "Stopped" if kind.stops else "Failed"
    sets = _closed(record, status, now) | {"errorInformation": {"code": kind.code, "message": message}}
    for event in LIFECYCLE_EVENTS:
        before = record["lifecycleEvents"][event]["status"]
        if before == "InProgress":
            sets[f"lifecycleEvents.{event}.status"] = "Failed"
            sets[f"lifecycleEvents.{event}.endTime"] = stamp(now)
        elif before == "Pending":
            sets[f"lifecycleEvents.{event}"] = {"status": "Skipped"}
    if is_rollback(record):
        info, leaves_weights = record["rollbackInfo"], True
    else:
        info, leaves_weights = _rollback_info(record, kind, rollback)
    if info:
        sets["rollbackInfo"] = info
    last = entry(now, "Ended", status=status, code=kind.code, reason=message, rollback=info.get("rollbackMessage"))
    unrestored = is_rollback(record) and kind is InvalidLambdaFunction
    entries = [entry(now, "RollbackFailed", code=kind.code, reason=message), last] if unrestored else [last]
    change = Change(sets=sets, removes=["open", "gate"], timeline=entries)
    return Ending(status, kind.code, message, change, leaves_weights, unrestored)


def outcome_of(rollback: Record) -> dict[str, str]:
    """How a rollback ended, by its own record, as `failed` takes it; empty where it has not ended."""
    if is_running(rollback):
        return {}
    if rollback["status"] == "Succeeded":
        return {"status": "SUCCEEDED"}
    error = rollback["errorInformation"]
    return {"status": "FAILED", "code": str(error["code"]), "cause": str(error["message"])}


def _not_restored(record: Record, rollback: Mapping[str, str]) -> str:
    """The sentence after the reason of a deployment whose rollback has failed for good: where its traffic is, and why."""
    said = f"Traffic was not put back: {message_of(rollback.get('cause', ''))}"
    if rollback.get("code") != InvalidLambdaFunction.code or "plan" not in record:
        return said
    plan, left = record["plan"], Routing.from_record(record["routing"])
    return (
        f"{said} This deployment had left the alias {plan['alias']} of {plan['functionName']} with {left}; "
        "route it to a version that is there, or deploy one."
    )


def _failure(record: Record, failure: Mapping[str, str]) -> tuple[type[WeighbridgeError], str]:
    """The failure in our terms; an execution that only learned *that* it was interrupted finds *how* in the record."""
    kind, message = classify(failure["error"], failure.get("cause", ""))
    if kind is Interrupted and "interruption" in record:
        interruption = record["interruption"]
        kind, message = classify(interruption["error"], interruption["message"])
    if kind is HookTimedOut:
        message = clip(f"{message} {hooks.unanswered(record['hooks'])}".rstrip())
    return kind, message


def _triggered(deployment_id: str) -> str:
    return (
        f"Deployment {deployment_id} terminated. "
        f"Automatic rollback is triggered with a DeploymentId {rollback_id(deployment_id)}."
    )


def has_been_rolled_back(record: Record) -> bool:
    """Whether the deployment has ended with all its traffic back where it came from."""
    return record.get("rollbackInfo", {}).get("rollbackMessage") == _triggered(record["deploymentId"])


def _rollback_info(record: Record, kind: type[WeighbridgeError], rollback: Mapping[str, str]) -> tuple[RollbackInfo, bool]:
    deployment = record["deploymentId"]
    if "plan" not in record:
        return {}, False  # it ended before it could touch the alias
    if rollback.get("status") == "SUCCEEDED":
        return {
            "rollbackDeploymentId": rollback_id(deployment),
            "rollbackMessage": _triggered(deployment),
        }, False
    if rollback:
        return {
            "rollbackDeploymentId": rollback_id(deployment),
            "rollbackMessage": clip(
                f"Deployment {rollback_id(deployment)} could not roll back deployment {deployment}: "
                f"{message_of(rollback.get('cause', ''))}"
            ),
        }, True
    if record["lifecycleEvents"][hooks.SHIFT]["status"] == "Pending":
        return {}, True  # as far as the record knows no traffic had moved; if it did, the next one may start from there
    if kind is AliasMoved:
        return {"rollbackMessage": "Not rolled back: somebody else moved the alias, which is left as it is."}, False
    why = (
        "a stop request gave it up"
        if record.get("interruption", {}).get("released")
        else "automatic rollback is off for this event"
    )
    left = Routing.from_record(record["routing"])
    return {
        "rollbackMessage": f"Not rolled back, because {why}: the alias was left with {left}. "
        "The next deployment may start from there."
    }, True
