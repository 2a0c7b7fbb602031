"""The deployment that takes another one back, and what may be started from afterwards. Reference: section 6.3.

On the reaction path: standard library only.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import cast

from weighbridge.core import hooks
from weighbridge.core.deployment import (
    ROLLBACK_CREATOR,
    Change,
    created,
    entry,
    group_status,
    is_rollback,
    is_running,
    stamp,
    without_hook,
)
from weighbridge.core.errors import AliasMoved, DeploymentEnded, InvalidLambdaFunction, NotThePlan, Released, classify
from weighbridge.core.names import ALL_AT_ONCE
from weighbridge.core.plan import Plan, every_routing, restored
from weighbridge.core.record import Record
from weighbridge.core.revisions import sha256_of
from weighbridge.core.rollback_rule import restores
from weighbridge.core.routing import Routing


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
            "appSpecContent": {"content": content, "sha256": sha256_of(content)},
        },
        now=now,
        group_id=plan["deploymentGroupId"],
    )
    rollback = {
        "status": "InProgress",
        "groupStatus": group_status(plan["deploymentGroupId"], "InProgress"),
        "startTime": stamp(now),
        "creator": ROLLBACK_CREATOR,
        "deploymentConfigName": ALL_AT_ONCE,
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
    return cast("Record", record | rollback)


def traffic_restored(plan: Plan, revision_id: str, now: datetime, *, moved: bool) -> Change:
    """The rollback has taken effect: all traffic is on the version that `plan` started from.

    `moved` is whether any had been elsewhere.
    """
    routing = restored(plan)
    shift = entry(
        now,
        "TrafficShifted" if moved else "TrafficKept",
        targetVersion=plan["currentVersion"],
        weight=1.0,
        revisionId=revision_id,
        reason=f"Deployment {plan['deploymentId']} is rolled back{'' if moved else ' before it moved any traffic'}.",
    )
    return Change(
        sets={
            "routing": routing.record(),
            "revisionId": revision_id,
            "lambdaFunctionInfo.targetVersionWeight": 1.0,
            f"lifecycleEvents.{hooks.BEFORE}": without_hook(now),
            f"lifecycleEvents.{hooks.SHIFT}": without_hook(now),
        },
        removes=["heldUp"],
        timeline=[shift],
    )


FINAL = (AliasMoved, InvalidLambdaFunction, Released, DeploymentEnded, NotThePlan)
"""What no further try of a rollback changes: the alias is somebody else's or gone, or the rollback is not wanted."""


def goes_on(record: Record, failure: Mapping[str, str], made: Mapping[str, str], rollback: Record | None) -> bool:
    """Whether traffic is still to be restored, so that a deployment that has failed, or a rollback, has not ended yet.

    `made` says how the execution of the deployment's rollback ended, empty where there was none, and `rollback` is its
    record, None where there is none yet. Neither that nor the failure is believed: a deployment that may have moved traffic
    has ended where its rollback has, by its record, or where its record says why there is none.
    """
    if is_rollback(record):
        return classify(failure["error"], "")[0] not in FINAL
    if "plan" not in record:
        return False
    if made:
        return rollback is None or is_running(rollback)
    return "interruption" not in record or restores(record)


def has_restored(rollback: Record) -> bool:
    """Whether a rollback has taken effect, as far as its record knows."""
    return bool(rollback["lifecycleEvents"][hooks.SHIFT]["status"] == "Succeeded")


def held_up(failure: Mapping[str, str], now: datetime) -> Change:
    """Traffic could not be restored so far, and trying again alone may not help: somebody has to know.

    `failure` is {error, cause}, as deployments end with it.
    """
    kind, message = classify(failure["error"], failure.get("cause", ""))
    return Change(
        sets={"heldUp": {"code": kind.code, "message": message}},
        timeline=[
            entry(
                now, "RollbackHeldUp", code=kind.code, reason=f"Traffic is not restored yet; it is tried again. {message}"
            )
        ],
    )


def may_start_from(routing: Routing, left_by: Record | None) -> bool:
    """Whether a deployment may start from the `routing` of its alias.

    Any single version will do. Weights will do only where the deployment that left them there (its record, if the alias
    has one) wrote them: everything else is somebody else's.
    """
    if not routing.weighted:
        return True
    return left_by is not None and routing in every_routing(left_by["plan"])
