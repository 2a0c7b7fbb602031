"""A deployment's record and everything that may happen to it. Reference: sections 5, 6 and 8.

A record is the JSON-like mapping that the table keeps: CodeDeploy's fields under CodeDeploy's names, and beyond them

    plan        what was decided at the start (core.plan)
    routing     where the alias was last left, and `revisionId`, the alias's revision then
    hooks       lifecycle event -> function, digest of its execution id, call time, answer
    interruption  the alarm or stop request that ends the deployment; the first one wins
    gate        the wait that is open, with its task token (a secret)
    timeline    what happened, in order: {time, event, …, reason}
    open        present until the deployment has ended, which is what the index of open deployments is made of

Whatever happens is a `Change`: values that the store writes in one conditional update. Times come in as aware datetimes
and are kept as ISO 8601 text in UTC with milliseconds. On the reaction path: standard library only.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from weighbridge.core import hooks
from weighbridge.core.errors import (
    AlarmActive,
    AliasMoved,
    HookFailed,
    Interrupted,
    StopRequested,
    WeighbridgeError,
    classify,
    clip,
    message_of,
)
from weighbridge.core.ids import rollback_id
from weighbridge.core.plan import Plan, every_routing, restored
from weighbridge.core.routing import Routing

Record = dict[str, Any]
Status = Literal["Created", "InProgress", "Succeeded", "Failed", "Stopped"]
RUNNING: tuple[Status, ...] = ("Created", "InProgress")
LIFECYCLE_EVENTS = (hooks.BEFORE, hooks.SHIFT, hooks.AFTER)
ROLLBACK_CREATOR = "codeDeployRollback"
ROLLBACK_CONFIG = "CodeDeployDefault.LambdaAllAtOnce"


@dataclass(frozen=True)
class Change:
    """Values to set and to remove by dotted path, and entries to append to the timeline."""

    sets: Mapping[str, Any] = field(default_factory=dict)
    removes: Sequence[str] = ()
    timeline: Sequence[Mapping[str, Any]] = ()


def stamp(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _entry(now: datetime, event: str, **details: Any) -> dict[str, Any]:
    return {"time": stamp(now), "event": event, **{key: value for key, value in details.items() if value is not None}}


def is_running(record: Record) -> bool:
    return record["status"] in RUNNING


def is_rollback(record: Record) -> bool:
    return bool(record["creator"] == ROLLBACK_CREATOR)


# ---------------------------------------------------------------------------------------------------- beginning


def created(  # noqa: PLR0913  # the members of one request
    deployment_id: str,
    identity: str,
    *,
    application: str,
    group: str,
    revision: Mapping[str, Any] | None,
    now: datetime,
    overrides: Mapping[str, Any] | None = None,
    refusal: WeighbridgeError | None = None,
) -> Record:
    """The record of a deployment that was asked for; `refusal` is what is already known to be wrong with it.

    `identity` names what asked for it. `overrides` are members of CreateDeployment: deploymentConfigName, description,
    autoRollbackConfiguration, overrideAlarmConfiguration.
    """
    record: Record = {
        "deploymentId": deployment_id,
        "identity": identity,
        "applicationName": application,
        "deploymentGroupName": group,
        "status": "Created",
        "open": "open",
        "createTime": stamp(now),
        "creator": "user",
        "computePlatform": "Lambda",
        "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
        "lifecycleEvents": {event: {"status": "Pending"} for event in LIFECYCLE_EVENTS},
        "hooks": {},
        "timeline": [_entry(now, "Created", requestedBy=identity)],
    }
    if revision is not None:
        record["revision"] = dict(revision)
    if refusal is not None:
        record["refusal"] = {"error": type(refusal).__name__, "message": str(refusal)}
    return record | dict(overrides or {})


def begun(config_name: str, *, group_id: str, alarms: Sequence[str], alias: str, now: datetime) -> Change:
    """The group and the alias (`function:alias`) are now this deployment's alone, and its alarms are listened for."""
    return Change(
        sets={
            "status": "InProgress",
            "startTime": stamp(now),
            "deploymentConfigName": config_name,
            "deploymentGroupId": group_id,
            "locks": {"alias": alias, "alarms": list(alarms)},
        },
        timeline=[_entry(now, "Started", reason="The deployment group and the alias are free.")],
    )


def planned(plan: Plan, now: datetime) -> Change:
    return Change(
        sets={
            "plan": dict(plan),
            "routing": plan["startRouting"],
            "revisionId": plan["revisionId"],
            "lambdaFunctionInfo": {
                "functionName": plan["functionName"],
                "functionAlias": plan["alias"],
                "currentVersion": plan["currentVersion"],
                "targetVersion": plan["targetVersion"],
                "targetVersionWeight": Routing.from_record(plan["startRouting"]).weight_of(plan["targetVersion"]),
            },
        },
        timeline=[
            _entry(
                now,
                "Validated",
                currentVersion=plan["currentVersion"],
                targetVersion=plan["targetVersion"],
                steps=len(plan["steps"]),
            )
        ],
    )


# ------------------------------------------------------------------------------------------------------ traffic


def shifted(plan: Plan, step: int, routing: Routing, revision_id: str, now: datetime) -> Change:
    """Step `step` (0 is the first) has taken effect: the alias routes as `routing` and has revision `revision_id`."""
    sets = _moved(plan, routing, revision_id)
    if step == 0:
        if hooks.BEFORE not in plan["hooks"]:
            sets[f"lifecycleEvents.{hooks.BEFORE}"] = _without_hook(now)
        sets[f"lifecycleEvents.{hooks.SHIFT}"] = {"status": "InProgress", "startTime": stamp(now)}
    if step == len(plan["steps"]) - 1:
        if step == 0:
            sets[f"lifecycleEvents.{hooks.SHIFT}"] |= {"status": "Succeeded", "endTime": stamp(now)}
        else:
            sets[f"lifecycleEvents.{hooks.SHIFT}.status"] = "Succeeded"
            sets[f"lifecycleEvents.{hooks.SHIFT}.endTime"] = stamp(now)
    reason = f"Step {step + 1} of {len(plan['steps'])}."
    return Change(sets=sets, timeline=[_shift_entry(plan, routing, revision_id, now, reason)])


def _moved(plan: Plan, routing: Routing, revision_id: str) -> dict[str, Any]:
    return {
        "routing": routing.record(),
        "revisionId": revision_id,
        "lambdaFunctionInfo.targetVersionWeight": routing.weight_of(plan["targetVersion"]),
    }


def _shift_entry(plan: Plan, routing: Routing, revision_id: str, now: datetime, reason: str) -> dict[str, Any]:
    weight = routing.weight_of(plan["targetVersion"])
    return _entry(
        now, "TrafficShifted", targetVersion=plan["targetVersion"], weight=weight, revisionId=revision_id, reason=reason
    )


def _without_hook(now: datetime) -> dict[str, str]:
    return {"status": "Succeeded", "startTime": stamp(now), "endTime": stamp(now)}


# -------------------------------------------------------------------------------------------------------- hooks


def hook_called(plan: Plan, event: str, execution_id: str, token: str, now: datetime) -> Change:
    """The hook of `event` is about to be invoked with `execution_id`, and the task token waits for its answer."""
    function = plan["hooks"][event]
    return Change(
        sets={
            f"hooks.{event}": {
                "function": function,
                "executionIdDigest": hooks.digest(execution_id),
                "calledAt": stamp(now),
            },
            f"lifecycleEvents.{event}": {"status": "InProgress", "startTime": stamp(now)},
            "gate": {"token": token, "waitingFor": event},
        },
        timeline=[_entry(now, "HookCalled", lifecycleEvent=event, function=function)],
    )


def hook_silent(event: str, now: datetime) -> Change:
    """The hook of `event` returned nothing that answers, so its report is awaited."""
    reason = "It returned without a status, so its report is awaited."
    return Change(timeline=[_entry(now, "HookReturned", lifecycleEvent=event, reason=reason)])


def hook_answered(event: str, function: str, answer: hooks.Answer, now: datetime) -> Change:
    sets: dict[str, Any] = {f"hooks.{event}.answer": dict(answer) | {"time": stamp(now)}}
    if answer["status"] == "Succeeded":
        sets[f"lifecycleEvents.{event}.status"] = "Succeeded"
        sets[f"lifecycleEvents.{event}.endTime"] = stamp(now)
    return Change(
        sets=sets,
        timeline=[
            _entry(
                now,
                "HookAnswered",
                lifecycleEvent=event,
                function=function,
                status=answer["status"],
                by=answer["by"],
                message=answer["message"] or None,
            )
        ],
    )


def hook_result(event: str, plan: Plan, answer: hooks.Answer) -> dict[str, Any]:
    """What the wait for a hook goes on with: {status}, and {failure: {error, cause}} where the hook said no."""
    if answer["status"] == "Succeeded":
        return {"status": "Succeeded"}
    failure = HookFailed(hooks.failure_detail(event, plan["hooks"][event], answer))
    return {"status": "Failed", "failure": {"error": type(failure).__name__, "cause": str(failure)}}


# ------------------------------------------------------------------------------------------------ interruptions


@dataclass(frozen=True)
class Interruption:
    """Why a running deployment has to end now, and whether its traffic is then restored."""

    error: WeighbridgeError
    roll_back: bool

    def record(self) -> dict[str, Any]:
        return {"error": type(self.error).__name__, "message": str(self.error), "rollBack": self.roll_back}


def alarm_interruption(record: Record, alarm: str, fired_at: datetime) -> Interruption | None:
    """What an alarm's change to ALARM at `fired_at` means; None for a deployment that has ended or began later."""
    if not is_running(record) or alarm not in record.get("locks", {}).get("alarms", []):
        return None
    # An event's time has whole seconds. One that fired in the second of the start is taken seriously.
    if fired_at < datetime.fromisoformat(record["startTime"]).replace(microsecond=0):
        return None
    rolls_back = record["plan"]["rollBackOn"]["alarm"] if "plan" in record else False
    return Interruption(AlarmActive([alarm]), rolls_back)


def stop_interruption(record: Record, auto_rollback: bool | None) -> Interruption | None:  # noqa: FBT001
    """What a stop request means (reference 6.4): `auto_rollback` None leaves it to the configuration."""
    if not is_running(record):
        return None
    configured = record["plan"]["rollBackOn"]["stop"] if "plan" in record else True
    rolls_back = configured if auto_rollback is None else auto_rollback
    what_then = "traffic is restored" if rolls_back else "the alias is left as it is"
    return Interruption(StopRequested(f"The deployment was stopped by request; {what_then}."), rolls_back)


def interrupted(interruption: Interruption, now: datetime) -> Change:
    details = interruption.record()
    return Change(
        sets={"interruption": details},
        timeline=[_entry(now, "Interrupted", by=details["error"], rollBack=details["rollBack"], reason=details["message"])],
    )


def alarms_read(reason: str, now: datetime) -> Change:
    return Change(timeline=[_entry(now, "AlarmsRead", reason=clip(reason))])


# -------------------------------------------------------------------------------------------------------- endings


@dataclass(frozen=True)
class Ending:
    """How a deployment ends: what goes into the record, and whether weights of ours may be left on the alias."""

    status: Status
    code: str | None
    message: str
    change: Change
    leaves_weights: bool = False


def succeeded(record: Record, now: datetime) -> Ending:
    sets: dict[str, Any] = {"status": "Succeeded", "completeTime": stamp(now)}
    if record["lifecycleEvents"][hooks.AFTER]["status"] == "Pending":
        sets[f"lifecycleEvents.{hooks.AFTER}"] = _without_hook(now)
    reason = (
        "Traffic is restored."
        if is_rollback(record)
        else f"All traffic is on version {record['lambdaFunctionInfo']['targetVersion']}."
    )
    change = Change(sets=sets, removes=["open", "gate"], timeline=[_entry(now, "Ended", status="Succeeded", reason=reason)])
    return Ending("Succeeded", None, reason, change)


def failed(record: Record, failure: Mapping[str, str], rollback: Mapping[str, str], now: datetime) -> Ending:
    """How a deployment ends that could not go on.

    `failure` is what Step Functions caught, {error, cause}; `rollback` is empty where none was made, else {status,
    cause} with the status of the rollback's execution.
    """
    kind, message = _failure(record, failure)
    status: Status = "Stopped" if kind.stops else "Failed"
    sets: dict[str, Any] = {
        "status": status,
        "completeTime": stamp(now),
        "errorInformation": {"code": kind.code, "message": message},
    }
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
    entry = _entry(now, "Ended", status=status, code=kind.code, reason=message, rollback=info.get("rollbackMessage"))
    change = Change(sets=sets, removes=["open", "gate"], timeline=[entry])
    return Ending(status, kind.code, message, change, leaves_weights)


def _failure(record: Record, failure: Mapping[str, str]) -> tuple[type[WeighbridgeError], str]:
    """The failure in our terms; an execution that only learned *that* it was interrupted finds *how* in the record."""
    kind, message = classify(failure["error"], failure["cause"])
    if kind is Interrupted:
        interruption = record["interruption"]
        return classify(interruption["error"], interruption["message"])
    return kind, message


def _rollback_info(
    record: Record, kind: type[WeighbridgeError], rollback: Mapping[str, str]
) -> tuple[dict[str, str], bool]:
    deployment = record["deploymentId"]
    if "plan" not in record:
        return {}, False  # it ended before it could touch the alias
    if rollback.get("status") == "SUCCEEDED":
        return {
            "rollbackDeploymentId": rollback_id(deployment),
            "rollbackMessage": f"Deployment {deployment} terminated. "
            f"Automatic rollback is triggered with a DeploymentId {rollback_id(deployment)}.",
        }, False
    if rollback:
        return {
            "rollbackDeploymentId": rollback_id(deployment),
            "rollbackMessage": clip(
                f"Deployment {rollback_id(deployment)} could not roll back deployment {deployment}: "
                f"{message_of(rollback['cause'])}"
            ),
        }, True
    if kind is AliasMoved:
        return {"rollbackMessage": "Not rolled back: somebody else moved the alias, which is left as it is."}, False
    left = Routing.from_record(record["routing"])
    return {
        "rollbackMessage": f"Not rolled back, because automatic rollback is off for this event: the alias was left with "
        f"{left}. The next deployment may start from there."
    }, True


# ------------------------------------------------------------------------------------------------------ rollbacks


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
    entry = _entry(
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
            f"lifecycleEvents.{hooks.BEFORE}": _without_hook(now),
            f"lifecycleEvents.{hooks.SHIFT}": _without_hook(now),
        },
        timeline=[entry],
    )


def may_start_from(found: Routing, left_by: Record | None) -> bool:
    """Whether a deployment may start from the routing `found` on its alias.

    Any single version will do. Weights will do only where the deployment that left them there (its record, if the alias
    has one) wrote them: everything else is somebody else's.
    """
    if not found.weighted:
        return True
    return left_by is not None and found in every_routing(left_by["plan"])
