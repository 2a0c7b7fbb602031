"""The messages that a deployment group's triggers send to SNS topics, in CodeDeploy's real form. Reference: section 7.2."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from weighbridge.core.deployment import Record, is_rollback

_FINAL = {
    "Succeeded": ("DeploymentSuccess", "SUCCEEDED"),
    "Failed": ("DeploymentFailure", "FAILED"),
    "Stopped": ("DeploymentStop", "ABORTED"),
}
_SUBJECT_LIMIT = 100
"""SNS takes no longer subjects."""


@dataclass(frozen=True)
class Message:
    """One message for one topic."""

    topic_arn: str
    subject: str
    body: str


def messages(
    old: Record | None, new: Record, triggers: Sequence[Mapping[str, Any]], *, region: str, account: str
) -> list[Message]:
    """What `triggers` (as TriggerConfig) send after a change of a record; `old` is None at its start."""
    return [
        _message(new, trigger, status, region=region, account=account)
        for event, status in _events(old, new)
        for trigger in triggers
        if event in trigger["triggerEvents"]
    ]


def _events(old: Record | None, new: Record) -> list[tuple[str, str]]:
    """The trigger events of a change, each with the status that its message tells."""
    before, now = old["status"] if old else None, new["status"]
    if now == before:
        return []
    if now == "InProgress":
        started = [("DeploymentStart", "CREATED")]
        return [*started, ("DeploymentRollback", "CREATED")] if is_rollback(new) else started
    return [_FINAL[now]] if now in _FINAL else []


def _message(record: Record, trigger: Mapping[str, Any], status: str, *, region: str, account: str) -> Message:
    body: dict[str, Any] = {
        "region": region,
        "accountId": account,
        "eventTriggerName": trigger["triggerName"],
        "applicationName": record["applicationName"],
        "deploymentId": record["deploymentId"],
        "deploymentGroupName": record["deploymentGroupName"],
        "createTime": _clock(record["createTime"]),
        "completeTime": _clock(record["completeTime"]) if "completeTime" in record else None,
        "status": status,
    }
    if "completeTime" in record:
        counts = dict.fromkeys(("Succeeded", "Failed", "Skipped", "InProgress", "Pending"), 0)
        counts["Succeeded" if status == "SUCCEEDED" else "Failed"] = 1
        body["deploymentOverview"] = json.dumps(counts)
    if "errorInformation" in record:
        error = record["errorInformation"]
        body["errorInformation"] = json.dumps({"ErrorCode": error["code"], "ErrorMessage": error["message"]})
    info = record.get("rollbackInfo", {})
    names = {
        "RollbackDeploymentId": "rollbackDeploymentId",
        "RollbackTriggeringDeploymentId": "rollbackTriggeringDeploymentId",
        "RollbackMessage": "rollbackMessage",
    }
    body["rollbackInformation"] = json.dumps({told: info[kept] for told, kept in names.items() if kept in info})
    subject = f"{status}: AWS CodeDeploy {record['deploymentId']} in {region} to {record['applicationName']}"
    return Message(trigger["triggerTargetArn"], subject[:_SUBJECT_LIMIT], json.dumps(body))


def _clock(time: str) -> str:
    return datetime.fromisoformat(time).strftime("%a %b %d %H:%M:%S UTC %Y")
