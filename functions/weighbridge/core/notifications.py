"""What others are notified of, from two states of a deployment's record. Reference: section 7.1, and the design's table.

CodeDeploy's own notification says START, SUCCESS, FAILURE and STOP; five detail-types of ours say what it never tells, and
two what was refused without becoming a deployment.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from weighbridge.core.deployment import is_rollback
from weighbridge.core.record import Record

SOURCE = "weighbridge"
STATE_CHANGE = "CodeDeploy Deployment State-change Notification"
TRAFFIC_SHIFTED = "Deployment Traffic Shifted"
HOOK_REPORTED = "Deployment Hook Reported"
ROLLED_BACK = "Deployment Rolled Back"
ROLLBACK_HELD_UP = "Deployment Rollback Held Up"
ROLLBACK_FAILED = "Deployment Rollback Failed"
DROP_REFUSED = "Drop Refused"
EVENT_REFUSED = "Event Refused"

_STATES = {"InProgress": "START", "Succeeded": "SUCCESS", "Failed": "FAILURE", "Stopped": "STOP"}
_TOLD = {
    "TrafficShifted": TRAFFIC_SHIFTED,
    "HookAnswered": HOOK_REPORTED,
    "RollbackHeldUp": ROLLBACK_HELD_UP,
    "RollbackFailed": ROLLBACK_FAILED,
}


_GITHUB = re.compile(r"(?<![\w-])github-deployment:([0-9]{1,20})(?!\w)", re.ASCII)
"""How a description names the deployment of GitHub's whose status is to follow: digits, since they end up in a path."""


@dataclass(frozen=True)
class Notification:
    detail_type: str
    detail: Mapping[str, Any]


def notifications(old: Record | None, new: Record, region: str) -> list[Notification]:
    """What became true between two states of a record, in the order in which it happened; `old` is None at its start."""
    about = {
        "region": region,
        "application": new["applicationName"],
        "deploymentGroup": new["deploymentGroupName"],
        "deploymentId": new["deploymentId"],
        "instanceGroupId": new.get("deploymentGroupId", ""),
    }
    return [Notification(detail_type, about | detail) for detail_type, detail in _news(old, new)]


def _news(old: Record | None, new: Record) -> Iterator[tuple[str, dict[str, Any]]]:
    before = old["status"] if old else None
    changed = new["status"] != before
    if changed and new["status"] == "InProgress":
        yield STATE_CHANGE, {"state": "START"} | _on_github(new)
    for entry in new["timeline"][len(old["timeline"]) if old else 0 :]:
        detail_type = _TOLD.get(entry["event"])
        if detail_type:
            yield detail_type, {key: value for key, value in entry.items() if key != "event"}
    if changed and new["status"] in _STATES and new["status"] != "InProgress":
        error = {"errorInformation": new["errorInformation"]} if "errorInformation" in new else {}
        yield STATE_CHANGE, {"state": _STATES[new["status"]]} | error | _on_github(new)
        if is_rollback(new) and new["status"] == "Succeeded":
            rolled_back = new["rollbackInfo"]["rollbackTriggeringDeploymentId"]
            yield ROLLED_BACK, {"rolledBackDeploymentId": rolled_back, "version": new["plan"]["currentVersion"]}


def _on_github(record: Record) -> dict[str, str]:
    named = _GITHUB.search(record.get("description", ""))
    return {"gitHubDeploymentId": named[1]} if named else {}


def refused(refusal: Mapping[str, Any], region: str) -> Notification:
    """The notification of a refusal (core.refusals), from the item that was kept of it."""
    detail = {name: value for name, value in refusal.items() if name not in {"expires", "listing", "listingKey"}}
    return Notification(DROP_REFUSED if "key" in refusal else EVENT_REFUSED, {"region": region} | detail)
