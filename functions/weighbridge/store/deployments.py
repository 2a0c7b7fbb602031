"""Records of deployments in the table, and the locks they hold. On the reaction path: no pydantic."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar, cast

from weighbridge.aws import dynamodb
from weighbridge.aws.dynamodb import Expression, Key
from weighbridge.core import ids
from weighbridge.core.deployment import RUNNING, Change, is_drop, is_rollback
from weighbridge.core.endings import Ending
from weighbridge.core.errors import (
    DeploymentLimitExceeded,
    DeploymentMissing,
    Interrupted,
    Outdated,
    RecordFull,
    Throttled,
    WeighbridgeError,
)
from weighbridge.core.record import Record
from weighbridge.core.record_size import is_nearly_full, shortened
from weighbridge.core.revisions import shown
from weighbridge.store import keys, revisions

_TRIES = 3
T = TypeVar("T")


def _expression(change: Change) -> Expression:
    expression = Expression()
    for path, value in change.sets.items():
        expression.set(path, value)
    if change.timeline:
        expression.append("timeline", change.timeline)
    for path in change.removes:
        expression.remove(path)
    return expression


def create(record: Record) -> bool:
    """Keeps a new deployment; False where there is one of that id already."""
    return dynamodb.create(keys.deployment(record["deploymentId"]), record)


def claim(record: Record) -> bool:
    """Keeps a new deployment that has its group from the start; False where there is one of that id already.

    Raises DeploymentLimitExceeded, in CodeDeploy's words, where another deployment has the group.
    """
    deployment_id = record["deploymentId"]
    # It has no alias yet, and no alarms: what it holds is set free with these locks, too.
    item = {**keys.deployment(deployment_id), **{name: dynamodb.attribute(value) for name, value in record.items()}}
    item["locks"] = dynamodb.attribute({"alarms": []})
    keep = {"TableName": dynamodb.name(), "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}
    for _ in range(_TRIES):
        refused = dynamodb.transact([{"Put": keep}, {"Update": _hold(keys.group_of(record), deployment_id, record)}])
        if refused != 1:
            return refused is None
        holder = (dynamodb.get(keys.group_of(record)) or {}).get("activeDeployment")
        if holder:
            group = record["deploymentGroupName"]
            raise DeploymentLimitExceeded(f"The Deployment Group '{group}' already has an active Deployment '{holder}'")
    raise Throttled("The deployment group keeps changing while it is claimed.")


def get(deployment_id: str) -> Record | None:
    return cast("Record | None", dynamodb.get(keys.deployment(deployment_id)))


def find(identity: str) -> Record | None:
    """The record of the deployment that `identity` asked for; None where there is none (yet)."""
    for attempt in itertools.count():
        record = get(ids.deployment_id(identity, attempt))
        if record is None or record["identity"] == identity:
            break
    return record


def existing(deployment_id: str) -> Record:
    """The record of a deployment; raises DeploymentMissing where there is none."""
    record = get(deployment_id)
    if record is None:
        raise DeploymentMissing(deployment_id)
    return record


def get_all(deployment_ids: Sequence[str]) -> dict[str, Record]:
    """Those of the deployments that are there, by id."""
    items = dynamodb.get_all([keys.deployment(deployment_id) for deployment_id in dict.fromkeys(deployment_ids)])
    return {record["deploymentId"]: cast("Record", record) for _, record in items}


def target_of(record: Record) -> dict[str, Any] | None:
    """The revision of the last success in a deployment's group, as it is shown."""
    target = (dynamodb.get(keys.group_of(record)) or {}).get("targetRevision")
    return shown(target) if target else None


def update(deployment_id: str, change: Change, *, unless: Iterable[str] = ()) -> Record | None:
    """Applies a change to a running deployment and returns its record; None where it has ended or is not there.

    It is not applied, either, where one of the paths in `unless` is set already.
    """
    expression = _expression(change)
    conditions = [expression.equals("status", *RUNNING), *(expression.absent(path) for path in unless)]
    request = expression.update(keys.deployment(deployment_id), " AND ".join(conditions))
    record = cast("Record | None", _with_room(deployment_id, lambda: dynamodb.update(request)))
    if record and is_nearly_full(record):
        with suppress(WeighbridgeError):  # what was asked for is kept, and the next write tries it again
            _make_room(deployment_id)
    return record


def _with_room(deployment_id: str, write: Callable[[], T]) -> T:
    """What a write of a deployment's record gives; where the record is too full for it, it is shortened first."""
    try:
        return write()
    except RecordFull:
        _make_room(deployment_id)
        return write()


def _make_room(deployment_id: str) -> None:
    """Leaves out of a record what can be left out."""
    for _ in range(_TRIES):
        record = get(deployment_id)
        change = shortened(record) if record else None
        if record is None or change is None:
            return
        expression = _expression(change)
        unchanged = expression.has_length("timeline", len(record["timeline"]))
        if dynamodb.update(expression.update(keys.deployment(deployment_id), unchanged)):
            return


def begin(record: Record, change: Change) -> None:
    """Makes the group and the alias the deployment's own and applies `change`, all or nothing; twice does no harm.

    Raises DeploymentLimitExceeded where another deployment has the group or the alias, Interrupted where this one was to
    end before it began.
    """
    deployment_id, locks = record["deploymentId"], change.sets["locks"]
    expression = _expression(change)
    condition = f"{expression.equals('status', *RUNNING)} AND {expression.absent('interruption')}"
    holders = [keys.group_of(record), keys.alias(locks["alias"])]
    actions = [
        {"Update": expression.update(keys.deployment(deployment_id), condition)},
        {"Update": _hold(holders[0], deployment_id, record | {"status": "InProgress"})},
        {"Update": _hold_alias(locks["alias"], record, change)},
        *({"Put": {"TableName": dynamodb.name(), "Item": keys.alarm(alarm, deployment_id)}} for alarm in locks["alarms"]),
    ]
    refused = _with_room(deployment_id, lambda: dynamodb.transact(actions))
    if refused is None:
        return
    if refused == 0:
        raise Interrupted("The deployment was interrupted before it began.")
    holder = (dynamodb.get(holders[refused - 1]) or {}).get("activeDeployment", "")
    raise _held(record, None if refused == 1 else locks["alias"], holder)


def check_free(record: Record, alias: str) -> None:
    """Raises DeploymentLimitExceeded where another deployment has the group or the alias (its lock), as `begin` would."""
    for key, held in ((keys.group_of(record), None), (keys.alias(alias), alias)):
        holder = (dynamodb.get(key) or {}).get("activeDeployment", record["deploymentId"])
        if holder != record["deploymentId"]:
            raise _held(record, held, holder)


def _held(record: Record, alias: str | None, holder: str) -> DeploymentLimitExceeded:
    what = f"alias '{alias}'" if alias else f"Deployment Group '{record['deploymentGroupName']}'"
    return DeploymentLimitExceeded(
        f"The {what} already has an active Deployment '{holder}'. "
        "Wait until it has ended, or stop it, and drop the file again."
    )


def _hold_alias(alias: str, record: Record, change: Change) -> dict[str, Any]:
    """Listed with its last deployment, so that all aliases can be told."""
    expression = Expression()
    expression.set("listing", keys.ALIASES)
    expression.set("listingKey", alias)
    last = {name: record[name] for name in ("deploymentId", "applicationName", "deploymentGroupName")}
    version = change.sets.get("lambdaFunctionInfo", {}).get("targetVersion")
    expression.set("lastDeployment", last | ({"targetVersion": version} if version else {}))
    return _held_by(expression, keys.alias(alias), record["deploymentId"])


def _hold(holder: Key, deployment_id: str, attempted: Record | None = None) -> dict[str, Any]:
    expression = Expression()
    if attempted:
        last = {name: value for name, value in attempted.items() if name in {"deploymentId", "status", "createTime"}}
        expression.set("lastAttemptedDeployment", last)
    return _held_by(expression, holder, deployment_id)


def _held_by(expression: Expression, holder: Key, deployment_id: str) -> dict[str, Any]:
    """The update that makes `holder` the deployment's own, unless another one has it."""
    expression.set("activeDeployment", deployment_id)
    mine = expression.equals("activeDeployment", deployment_id)
    return expression.update(holder, f"{expression.absent('activeDeployment')} OR {mine}")


def end(record: Record, ending: Ending) -> bool:
    """Applies an ending and frees what the deployment held, all or nothing; False where it has ended already.

    A success is refused, with Interrupted, where an interruption has been recorded, and any ending with Outdated, where the
    deployment has taken locks since `record` was read: they would never be freed.
    """
    deployment_id, locks = record["deploymentId"], record.get("locks")
    expression = _expression(ending.change)
    condition = expression.equals("status", *RUNNING)
    if ending.status == "Succeeded":
        condition += f" AND {expression.absent('interruption')}"
    if not locks:
        condition += f" AND {expression.absent('locks')}"
    actions: list[dict[str, Any]] = [{"Update": expression.update(keys.deployment(deployment_id), condition)}]
    if locks:
        actions += _freed(record, ending)
    elif is_rollback(record):
        actions += [
            {"Update": _rolled_back(record, ending)},
            {"Update": revisions.used(record, datetime.fromisoformat(record["createTime"]))},
        ]
    while refused := _ended(record, actions):
        del actions[refused]  # a lock that is not the deployment's any more must not keep it from ending
    if refused is None:
        return True
    now = get(deployment_id)
    if now is None or now["status"] not in RUNNING:
        return False
    if ending.status == "Succeeded" and "interruption" in now:
        raise Interrupted("The deployment was interrupted before it was completed.")
    raise Outdated("The deployment has changed while it was closed.")


def _freed(record: Record, ending: Ending) -> list[dict[str, Any]]:
    """The actions that free the group, the alias and the alarms of a deployment, and keep what they say of its success."""
    deployment_id, locks, delete = record["deploymentId"], record["locks"], {"TableName": dynamodb.name()}
    actions: list[dict[str, Any]] = [{"Update": _release_group(record, ending)}]
    if "alias" in locks:
        actions.append({"Update": _release_alias(locks["alias"], record, ending)})
    actions += [{"Delete": delete | {"Key": keys.alarm(alarm, deployment_id)}} for alarm in locks["alarms"]]
    if ending.status == "Succeeded" and "contentSha256" in record:
        actions.append({"Update": _delivered(record)})
    return actions


def _ended(record: Record, actions: list[dict[str, Any]]) -> int | None:
    """Writes an ending, as table.transact does."""
    try:
        return _with_room(record["deploymentId"], lambda: dynamodb.transact(actions))
    except RecordFull:
        if not is_rollback(record):
            raise
    # The record has room by now, so the registered revision has not: its list of groups is no reason not to end.
    return dynamodb.transact(actions[:-1])


def _release_group(record: Record, ending: Ending) -> dict[str, Any]:
    expression = Expression()
    expression.remove("activeDeployment")
    # Where there was a rollback, that was the last attempt, and the group says so already.
    if "rollbackDeploymentId" not in ending.change.sets.get("rollbackInfo", {}):
        _set_last_deployment(expression, record, ending)
    return expression.update(keys.group_of(record), expression.equals("activeDeployment", record["deploymentId"]))


def _rolled_back(record: Record, ending: Ending) -> dict[str, Any]:
    """The group still belongs to the deployment that is rolled back."""
    expression = Expression()
    _set_last_deployment(expression, record, ending)
    holder = record["rollbackInfo"]["rollbackTriggeringDeploymentId"]
    return expression.update(keys.group_of(record), expression.equals("activeDeployment", holder))


def _set_last_deployment(expression: Expression, record: Record, ending: Ending) -> None:
    last = {name: record[name] for name in ("deploymentId", "createTime")} | {
        "status": ending.status,
        "endTime": ending.change.sets["completeTime"],
    }
    expression.set("lastAttemptedDeployment", last)
    if ending.status == "Succeeded":
        expression.set("lastSuccessfulDeployment", last)
        expression.set("targetRevision", shown(record["revision"]))


def _release_alias(alias: str, record: Record, ending: Ending) -> dict[str, Any]:
    deployment_id = record["deploymentId"]
    expression = Expression()
    expression.remove("activeDeployment")
    if ending.leaves_weights:
        expression.set("leftBy", deployment_id)
    elif ending.status == "Succeeded":
        expression.remove("leftBy")
        version = record["lambdaFunctionInfo"]["targetVersion"]
        expression.set("lastDeployed", {"deploymentId": deployment_id, "version": version})
    return expression.update(keys.alias(alias), expression.equals("activeDeployment", deployment_id))


def _delivered(record: Record) -> dict[str, Any]:
    expression = Expression()
    expression.set("sha256", record["contentSha256"])
    expression.set("deploymentId", record["deploymentId"])
    return expression.update(keys.drop(record["revision"]["s3Location"]))


def succeeded_by(record: Record, sha256: str, alias: str) -> dict[str, str] | None:
    """What was deployed to an alias, {deploymentId, version}, after this dropped file had succeeded; None where nothing.

    Only the last success of the object's key counts, and only where the file was then what it is now.
    """
    delivered = dynamodb.get(keys.drop(record["revision"]["s3Location"])) if is_drop(record) else None
    if delivered is None or delivered["sha256"] != sha256:
        return None
    last: dict[str, str] | None = (dynamodb.get(keys.alias(alias)) or {}).get("lastDeployed")
    return last if last and last["deploymentId"] != delivered["deploymentId"] else None


def watched_by(alarm: str) -> list[str]:
    """The ids of the running deployments that an alarm may end."""
    return [keys.watching(key) for key in dynamodb.query(**keys.alarms(alarm), ConsistentRead=True)]


def unfinished() -> list[str]:
    """The ids of all deployments that have not ended, oldest first."""
    return [keys.deployment_in(key) for key in dynamodb.open_keys("open")]


def left_by(alias: str) -> Record | None:
    """The record of the deployment that left weights on an alias (core.service_role.alias_lock), where one did."""
    item = dynamodb.get(keys.alias(alias))
    return get(item["leftBy"]) if item and "leftBy" in item else None
