"""The messages that a deployment group's triggers send to SNS topics, in CodeDeploy's real form. Reference: section 7.2."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from weighbridge.core.deployment import is_rollback
from weighbridge.core.record import Record

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
    before, now = old["status"] if old else None, new["status"]
    if now == before:
        return []
    events, status = _events(new)
    return [
        _message(new, trigger, status, region=region, account=account)
        for trigger in triggers
        if events & set(trigger["triggerEvents"])
    ]


def _events(record: Record) -> tuple[set[str], str]:
    """The trigger events of a record's new status, and how their one message calls it.

    The start of a rollback is two events: a trigger that has both sends what would be the same message once.
    """
    if record["status"] == "InProgress":
        return {"DeploymentStart"} | ({"DeploymentRollback"} if is_rollback(record) else set()), "CREATED"
    event, status = _FINAL.get(record["status"], ("", ""))
    return {event}, status


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
    # The members of a message begin with a capital letter.
    body["rollbackInformation"] = json.dumps({f"{name[0].upper()}{name[1:]}": value for name, value in info.items()})
    subject = f"{status}: Weighbridge {record['deploymentId']} in {region} to {record['applicationName']}"
    return Message(trigger["triggerTargetArn"], subject[:_SUBJECT_LIMIT], json.dumps(body))


def _clock(time: str) -> str:
    return datetime.fromisoformat(time).strftime("%a %b %d %H:%M:%S UTC %Y")
