"""A deployment's record, and what happens to it on its way. Reference: section 5.

Whatever happens is a `Change`: values that the store writes in one conditional update. Times come in as aware datetimes
and are kept as ISO 8601 text in UTC with milliseconds. How it ends is in endings.py, what ends it early in
interruptions.py, how it is taken back in rollbacks.py. On the reaction path: standard library only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, cast

from weighbridge.core import hooks
from weighbridge.core.errors import WeighbridgeError, clip
from weighbridge.core.plan import Plan
from weighbridge.core.record import LifecycleEvent, Record, Status, TimelineEntry, TimelineEvent
from weighbridge.core.routing import Routing

RUNNING: tuple[Status, ...] = ("Created", "InProgress")
LIFECYCLE_EVENTS = (hooks.BEFORE, hooks.SHIFT, hooks.AFTER)
ROLLBACK_CREATOR = "codeDeployRollback"
BY_API = "CreateDeployment"
"""What the identities of deployments begin with that a call of the API asked for."""
STYLE: Mapping[str, str] = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
"""The one style that CodeDeploy has for Lambda."""
READING_LIMIT = 500
_NOTHING_TO_SHIFT = "The alias is on this version already: there is nothing to shift."
_UNWATCHED = "No alarm and no hook watches this deployment: whatever the version does, it succeeds."


@dataclass(frozen=True)
class Change:
    """Values to set and to remove by dotted path, and entries to append to the timeline."""

    sets: Mapping[str, Any] = field(default_factory=dict)
    removes: Sequence[str] = ()
    timeline: Sequence[TimelineEntry] = ()


def stamp(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def entry(now: datetime, event: TimelineEvent, **details: Any) -> TimelineEntry:
    known = {name: value for name, value in details.items() if value is not None}
    return cast("TimelineEntry", {"time": stamp(now), "event": event, **known})


def group_status(group: str, status: Status) -> str:
    """The key under which the deployments of a group, by its id or by `group_names`, are listed that have one status."""
    return f"{group}#{status}"


def group_names(application: str, group: str) -> str:
    """What stands for the id of a group that is not there."""
    return f"{application}/{group}"


def is_running(record: Record) -> bool:
    return record["status"] in RUNNING


def is_rollback(record: Record) -> bool:
    return bool(record["creator"] == ROLLBACK_CREATOR)


def is_drop(record: Record) -> bool:
    """Whether what asked for the deployment is a file that was dropped into the bucket."""
    return str(record["identity"]).startswith("s3://")


def is_api_call(record: Record) -> bool:
    """Whether a call of CreateDeployment asked for the deployment, whose caller expects what CodeDeploy answers."""
    return str(record["identity"]).startswith(f"{BY_API} ")


def created(  # noqa: PLR0913  # the members of one request
    deployment_id: str,
    identity: str,
    *,
    application: str,
    group: str,
    revision: Mapping[str, Any] | None = None,
    now: datetime,
    group_id: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    refusal: WeighbridgeError | None = None,
    caller: str = "",
) -> Record:
    """The record of a deployment that was asked for; `refusal` is what is already known to be wrong with it.

    `identity` names what asked for it; `group_id` is None where there is no such group. `overrides` are members of
    CreateDeployment: deploymentConfigName, description, autoRollbackConfiguration, overrideAlarmConfiguration.
    `caller` is the ARN of who asked, where it is known.
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
        "deploymentStyle": dict(STYLE),
        "lifecycleEvents": {event: {"status": "Pending"} for event in LIFECYCLE_EVENTS},
        "hooks": {},
        "timeline": [entry(now, "Created", requestedBy=caller or identity)],
    }
    if caller:
        record["requestedBy"] = caller
    if group_id is not None:
        record["deploymentGroupId"] = group_id
        record["groupStatus"] = group_status(group_id, "Created")
    elif application and group:
        record["groupStatus"] = group_status(group_names(application, group), "Created")
    if revision is not None:
        record["revision"] = dict(revision)
    if refusal is not None:
        record["refusal"] = {"error": type(refusal).__name__, "message": str(refusal)}
    return cast("Record", record | dict(overrides or {}))


def begun(  # noqa: PLR0913  # what is known when a deployment begins
    config_name: str,
    *,
    group_id: str,
    alarms: Sequence[str],
    alias: str,
    now: datetime,
    function: Mapping[str, str] | None = None,
    previous: Mapping[str, Any] | None = None,
    sha256: str | None = None,
) -> Change:
    """The group and the alias are now this deployment's alone, and its alarms are listened for.

    `alias` is what the alias is held by (core.service_role.alias_lock). `function` is what the AppSpec file says of it, as
    lambdaFunctionInfo; `previous` is the revision of the group's last success, where there was one; `sha256` is that of a
    dropped file.
    """
    known = {"lambdaFunctionInfo": function, "previousRevision": previous, "contentSha256": sha256}
    return Change(
        sets={
            **{name: value for name, value in known.items() if value is not None},
            "status": "InProgress",
            "startTime": stamp(now),
            "deploymentConfigName": config_name,
            "deploymentGroupId": group_id,
            "groupStatus": group_status(group_id, "InProgress"),
            "locks": {"alias": alias, "alarms": list(alarms)},
        },
        timeline=[entry(now, "Started", reason="The deployment group and the alias are free.")],
    )


def unchecked(why: str, now: datetime) -> TimelineEntry:
    """The entry of a target version that could not be looked at."""
    reason = f"Whether the target version is there and Active was not checked: {why}"
    return entry(now, "VersionNotChecked", reason=clip(reason, READING_LIMIT))


def awaited(event: Literal["VersionAwaited", "GroupAwaited"], reason: str, now: datetime) -> Change:
    """The deployment cannot begin yet, for the `reason` that the timeline gives."""
    return Change(timeline=[entry(now, event, reason=reason)])


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
            entry(
                now,
                "Validated",
                currentVersion=plan["currentVersion"],
                targetVersion=plan["targetVersion"],
                steps=len(plan["steps"]),
                reason=remark(plan),
            )
        ],
    )


def remark(plan: Plan) -> str | None:
    """What is worth knowing of a plan although nothing is wrong with it."""
    if plan["currentVersion"] == plan["targetVersion"]:
        return _NOTHING_TO_SHIFT
    return None if plan["alarms"]["names"] or plan["hooks"] else _UNWATCHED


def shifted(plan: Plan, step: int, routing: Routing, revision_id: str, now: datetime) -> Change:
    """Step `step` (0 is the first) has taken effect: the alias routes as `routing` and has revision `revision_id`."""
    sets = _moved(plan, routing, revision_id)
    if step == 0:
        if hooks.BEFORE not in plan["hooks"]:
            sets[f"lifecycleEvents.{hooks.BEFORE}"] = without_hook(now)
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


def _shift_entry(plan: Plan, routing: Routing, revision_id: str, now: datetime, reason: str) -> TimelineEntry:
    weight = routing.weight_of(plan["targetVersion"])
    return entry(
        now, "TrafficShifted", targetVersion=plan["targetVersion"], weight=weight, revisionId=revision_id, reason=reason
    )


def without_hook(now: datetime) -> LifecycleEvent:
    return {"status": "Succeeded", "startTime": stamp(now), "endTime": stamp(now)}


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
        timeline=[entry(now, "HookCalled", lifecycleEvent=event, function=function, deadline=stamp(now + hooks.PATIENCE))],
    )


def is_hook_on_timeline(record: Record, event: str) -> bool:
    """Whether the timeline tells that the hook of `event` is called."""
    return any(entry["event"] == "HookCalled" and entry["lifecycleEvent"] == event for entry in record["timeline"])


def hook_silent(event: str, now: datetime, *, returned: str | None) -> Change:
    """The hook of `event` returned `returned`, which is not an answer, or, None, still runs after a quarter of an hour."""
    if returned is None:
        reason = "It is still running, so its report is awaited."
        return Change(timeline=[entry(now, "HookRunning", lifecycleEvent=event, reason=reason)])
    said = clip(returned, hooks.RETURNED_LIMIT)
    reason = f"It returned {said}, which says neither Succeeded nor Failed, so its report is awaited."
    return Change(
        sets={f"hooks.{event}.returned": said}, timeline=[entry(now, "HookReturned", lifecycleEvent=event, reason=reason)]
    )


def report_refused(event: str, status: str, now: datetime) -> Change:
    """A hook's report on the bus came with a status that means nothing."""
    said = clip(status, hooks.RETURNED_LIMIT)
    reason = f"The status {said!r} is neither Succeeded nor Failed, so the report does not count."
    return Change(timeline=[entry(now, "ReportRefused", lifecycleEvent=event, reason=reason)])


def hook_awaited(call: Change) -> Change:
    """The wait for a hook that was called before has a new token: that of `call`, which was not made."""
    return Change(sets={"gate": call.sets["gate"]})


def hook_not_run(event: str) -> Change:
    """The call of a hook was throttled, so the next try makes it."""
    return Change(removes=[f"hooks.{event}"])


def hook_answered(event: str, function: str, answer: hooks.Answer, now: datetime) -> Change:
    sets: dict[str, Any] = {f"hooks.{event}.answer": dict(answer) | {"time": stamp(now)}}
    if answer["status"] == "Succeeded":
        sets[f"lifecycleEvents.{event}.status"] = "Succeeded"
        sets[f"lifecycleEvents.{event}.endTime"] = stamp(now)
    return Change(
        sets=sets,
        timeline=[
            entry(
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


def alarms_noted(definitions: Sequence[str]) -> Change:
    """What the watched alarms are at the start (core.alarms)."""
    return Change(sets={"alarmDefinitions": list(definitions)})


def alarms_read(reason: str, now: datetime) -> Change:
    return Change(timeline=[entry(now, "AlarmsRead", reason=reading_kept(reason))])


def reading_kept(reason: str) -> str:
    """What the timeline keeps of a reading; what ends the deployment is kept whole as its interruption."""
    return clip(reason, READING_LIMIT)
