"""Deployments as CodeDeploy's API shows them, from their records. Reference: 1.3, 1.5 and 5.2."""

from collections.abc import Mapping
from typing import Any

from weighbridge.core.deployment import LIFECYCLE_EVENTS, is_running
from weighbridge.core.record import Record
from weighbridge.core.revisions import shown
from weighbridge.core.rollback_rule import events
from weighbridge.core.timeline import line

_COUNTED = ("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready")
_AS_THEY_ARE = (
    "applicationName",
    "deploymentGroupName",
    "deploymentConfigName",
    "deploymentId",
    "previousRevision",
    "status",
    "errorInformation",
    "createTime",
    "startTime",
    "completeTime",
    "description",
    "creator",
    "rollbackInfo",
    "deploymentStyle",
    "computePlatform",
    "overrideAlarmConfiguration",
)


def deployment_info(record: Record) -> dict[str, Any]:
    """A DeploymentInfo; of an inline revision it holds the sha256 and not the content."""
    info = {member: record.get(member) for member in _AS_THEY_ARE}
    return info | {
        "revision": shown(record["revision"]) if "revision" in record else None,
        "autoRollbackConfiguration": _rollback_configuration(record),
        "deploymentOverview": dict.fromkeys(_COUNTED, 0) | {target_status(record): 1},
        "deploymentStatusMessages": [line(entry) for entry in record["timeline"]],
        "ignoreApplicationStopFailures": False,
        "updateOutdatedInstancesOnly": False,
        "instanceTerminationWaitTimeStarted": False,
    }


def _rollback_configuration(record: Record) -> Mapping[str, Any] | None:
    """What the request asked for, else what the group said when the deployment was planned."""
    configuration: Mapping[str, Any] | None = record.get("autoRollbackConfiguration")
    if configuration or "plan" not in record:
        return configuration
    restores_on = events(record["plan"]["rollBackOn"])
    return {"enabled": bool(restores_on), "events": restores_on}


def target_status(record: Record) -> str:
    """The status of the one target; Skipped where the deployment ended before any of its events began."""
    if record["status"] == "Created":
        return "Pending"
    if is_running(record) or record["status"] == "Succeeded":
        return str(record["status"])
    events = record["lifecycleEvents"].values()
    return "Skipped" if all(event["status"] == "Skipped" for event in events) else "Failed"


def lifecycle_events(record: Record) -> list[dict[str, Any]]:
    """The three events in order, with times, and with what is known of how they ended."""
    return [
        {"lifecycleEventName": event, **record["lifecycleEvents"][event], "diagnostics": _diagnostics(record, event)}
        for event in LIFECYCLE_EVENTS
    ]


def _diagnostics(record: Record, event: str) -> dict[str, str] | None:
    status, hook = record["lifecycleEvents"][event]["status"], record["hooks"].get(event)
    answer = hook.get("answer", {}) if hook else {}
    base = {"scriptName": hook["function"] if hook else "", "logTail": answer.get("message", "")}
    if status == "Succeeded":
        return base | {"errorCode": "Success", "message": "Succeeded"}
    if status != "Failed":
        return None
    error = record["errorInformation"]
    code = {"HOOK_EXECUTION_FAILURE": "ScriptFailed", "TIMEOUT": "ScriptTimedOut"}.get(error["code"]) if hook else None
    return base | {"errorCode": code or "UnknownError", "message": error["message"]}
