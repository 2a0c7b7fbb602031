"""The deployment that takes another one back, and what may be started from afterwards. Reference: section 6.3.

On the reaction path: standard library only.
"""

import hashlib
import json
from datetime import datetime

from weighbridge.core import hooks
from weighbridge.core.deployment import ROLLBACK_CREATOR, Change, Record, created, entry, stamp, without_hook
from weighbridge.core.plan import Plan, every_routing, restored
from weighbridge.core.routing import Routing

ROLLBACK_CONFIG = "CodeDeployDefault.LambdaAllAtOnce"


def rollback_record(plan: Plan, now: datetime) -> Record:
    """The record of the deployment that restores what `plan` changed: the same alias, the versions swapped."""
    deployment, rolled_back = plan["rollbackDeploymentId"], plan["deploymentId"]
    appspec = {
        "version": "0.0",
        "Resources": [
            {
                plan["functionName"]: {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {
                        "Name": plan["functionName"],
                        "Alias": plan["alias"],
                        "CurrentVersion": plan["targetVersion"],
                        "TargetVersion": plan["currentVersion"],
                    },
                }
            }
        ],
    }
    content = json.dumps(appspec)
    record = created(
        deployment,
        f"rollback of {rolled_back}",
        application=plan["applicationName"],
        group=plan["deploymentGroupName"],
        revision={
            "revisionType": "AppSpecContent",
            "appSpecContent": {"content": content, "sha256": hashlib.sha256(content.encode()).hexdigest()},
        },
        now=now,
    )
    return record | {
        "status": "InProgress",
        "startTime": stamp(now),
        "creator": ROLLBACK_CREATOR,
        "deploymentConfigName": ROLLBACK_CONFIG,
        "plan": dict(plan),
        "lambdaFunctionInfo": {
            "functionName": plan["functionName"],
            "functionAlias": plan["alias"],
            "currentVersion": plan["targetVersion"],
            "targetVersion": plan["currentVersion"],
        },
        "rollbackInfo": {
            "rollbackTriggeringDeploymentId": rolled_back,
            "rollbackMessage": f"Deployment {deployment} is triggered to roll back deployment {rolled_back}.",
        },
    }


def traffic_restored(plan: Plan, revision_id: str, now: datetime) -> Change:
    """The rollback has taken effect: all traffic is on the version that `plan` started from."""
    routing = restored(plan)
    shift = entry(
        now,
        "TrafficShifted",
        targetVersion=plan["currentVersion"],
        weight=1.0,
        revisionId=revision_id,
        reason=f"Deployment {plan['deploymentId']} is rolled back.",
    )
    return Change(
        sets={
            "routing": routing.record(),
            "revisionId": revision_id,
            "lambdaFunctionInfo.targetVersionWeight": 1.0,
            f"lifecycleEvents.{hooks.BEFORE}": without_hook(now),
            f"lifecycleEvents.{hooks.SHIFT}": without_hook(now),
        },
        timeline=[shift],
    )


def may_start_from(found: Routing, left_by: Record | None) -> bool:
    """Whether a deployment may start from the routing `found` on its alias.

    Any single version will do. Weights will do only where the deployment that left them there (its record, if the alias
    has one) wrote them: everything else is somebody else's.
    """
    if not found.weighted:
        return True
    return left_by is not None and found in every_routing(left_by["plan"])
