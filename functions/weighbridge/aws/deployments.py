"""Records of deployments in the table, and the locks they hold. On the reaction path: no pydantic."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

from weighbridge.aws import registry, table
from weighbridge.aws.table import Expression, Key
from weighbridge.core.deployment import RUNNING, Change, Record, is_drop, is_rollback
from weighbridge.core.endings import Ending
from weighbridge.core.errors import DeploymentLimitExceeded, Interrupted, Outdated, RecordFull, Throttled, WeighbridgeError
from weighbridge.core.record_size import is_nearly_full, shortened
from weighbridge.core.revisions import shown

_TRIES = 3
T = TypeVar("T")


def _key(deployment_id: str) -> Key:
    return table.key("DEPLOYMENT", deployment_id)


def _alarm_key(alarm: str, deployment_id: str) -> Key:
    return table.key("ALARM", alarm, f"DEPLOYMENT#{deployment_id}")


def _drop_key(record: Record) -> Key:
    location = record["revision"]["s3Location"]
    return table.key("DROP", f"{location['bucket']}/{location['key']}")


def _group_key(record: Record) -> Key:
    return table.key("GROUP", f"{record['applicationName']}/{record['deploymentGroupName']}")


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
    return table.create(_key(record["deploymentId"]), record)


def claim(record: Record) -> bool:
    """Keeps a new deployment that has its group from the start; False where there is one of that id already.

    Raises DeploymentLimitExceeded, in CodeDeploy's words, where another deployment has the group.
    """
    deployment_id = record["deploymentId"]
    # It has no alias yet, and no alarms: what it holds is set free with these locks, too.
    item = {**_key(deployment_id), **{name: table.attribute(value) for name, value in record.items()}}
    item["locks"] = table.attribute({"alarms": []})
    keep = {"TableName": table.name(), "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}
    for _ in range(_TRIES):
        refused = table.transact([{"Put": keep}, {"Update": _hold(_group_key(record), deployment_id, record)}])
        if refused != 1:
            return refused is None
        holder = (table.get(_group_key(record)) or {}).get("activeDeployment")
        if holder:
            group = record["deploymentGroupName"]
            raise DeploymentLimitExceeded(f"The Deployment Group '{group}' already has an active Deployment '{holder}'")
    raise Throttled("The deployment group keeps changing while it is claimed.")


def get(deployment_id: str) -> Record | None:
    return table.get(_key(deployment_id))


def get_all(deployment_ids: Sequence[str]) -> dict[str, Record]:
    """Those of the deployments that are there, by id."""
    found = table.get_all([_key(deployment_id) for deployment_id in dict.fromkeys(deployment_ids)])
    return {record["deploymentId"]: record for _, record in found}


def target_of(record: Record) -> dict[str, Any] | None:
    """The revision of the last success in a deployment's group, as it is shown."""
    target = (table.get(_group_key(record)) or {}).get("targetRevision")
    return shown(target) if target else None


def update(deployment_id: str, change: Change, *, unless: Iterable[str] = ()) -> Record | None:
    """Applies a change to a running deployment and returns its record; None where it has ended or is not there.

    It is not applied, either, where one of the paths in `unless` is set already.
    """
    expression = _expression(change)
    conditions = [expression.equals("status", *RUNNING), *(expression.absent(path) for path in unless)]
    request = expression.update(_key(deployment_id), " AND ".join(conditions))
    record = _with_room(deployment_id, lambda: table.update(request))
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
        if table.update(expression.update(_key(deployment_id), unchanged)):
            return


def begin(record: Record, change: Change) -> None:
    """Makes the group and the alias the deployment's own and applies `change`, all or nothing; twice does no harm.

    Raises DeploymentLimitExceeded where another deployment has the group or the alias, Interrupted where this one was to
    end before it began.
    """
    deployment_id, locks = record["deploymentId"], change.sets["locks"]
    expression = _expression(change)
    condition = f"{expression.equals('status', *RUNNING)} AND {expression.absent('interruption')}"
    holders = [_group_key(record), table.key("ALIAS", locks["alias"])]
    actions = [
        {"Update": expression.update(_key(deployment_id), condition)},
        {"Update": _hold(holders[0], deployment_id, record | {"status": "InProgress"})},
        {"Update": _hold(holders[1], deployment_id)},
        *({"Put": {"TableName": table.name(), "Item": _alarm_key(alarm, deployment_id)}} for alarm in locks["alarms"]),
    ]
    refused = _with_room(deployment_id, lambda: table.transact(actions))
    if refused is None:
        return
    if refused == 0:
        raise Interrupted("The deployment was interrupted before it began.")
    holder = (table.get(holders[refused - 1]) or {}).get("activeDeployment", "")
    what = f"Deployment Group '{record['deploymentGroupName']}'" if refused == 1 else f"alias '{locks['alias']}'"
    raise DeploymentLimitExceeded(
        f"The {what} already has an active Deployment '{holder}'. "
        "Wait until it has ended, or stop it, and drop the file again."
    )


def _hold(holder: Key, deployment_id: str, attempted: Record | None = None) -> dict[str, Any]:
    expression = Expression()
    expression.set("activeDeployment", deployment_id)
    if attempted:
        members = ("deploymentId", "status", "createTime")
        expression.set("lastAttemptedDeployment", {name: attempted[name] for name in members})
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
    actions: list[dict[str, Any]] = [{"Update": expression.update(_key(deployment_id), condition)}]
    if locks:
        actions += _freed(record, ending)
    elif is_rollback(record):
        actions += [
            {"Update": _rolled_back(record, ending)},
            {"Update": registry.used(record, datetime.fromisoformat(record["createTime"]))},
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
    deployment_id, locks, delete = record["deploymentId"], record["locks"], {"TableName": table.name()}
    actions: list[dict[str, Any]] = [{"Update": _release_group(record, ending)}]
    if "alias" in locks:
        actions.append({"Update": _release_alias(locks["alias"], record, ending)})
    actions += [{"Delete": delete | {"Key": _alarm_key(alarm, deployment_id)}} for alarm in locks["alarms"]]
    if ending.status == "Succeeded" and "contentSha256" in record:
        actions.append({"Update": _delivered(record)})
    return actions


def _ended(record: Record, actions: list[dict[str, Any]]) -> int | None:
    """Writes an ending, as table.transact does."""
    try:
        return _with_room(record["deploymentId"], lambda: table.transact(actions))
    except RecordFull:
        if not is_rollback(record):
            raise
    # The record has room by now, so the registered revision has not: its list of groups is no reason not to end.
    return table.transact(actions[:-1])


def _release_group(record: Record, ending: Ending) -> dict[str, Any]:
    expression = Expression()
    expression.remove("activeDeployment")
    # Where there was a rollback, that was the last attempt, and the group says so already.
    if "rollbackDeploymentId" not in ending.change.sets.get("rollbackInfo", {}):
        _set_last_deployment(expression, record, ending)
    return expression.update(_group_key(record), expression.equals("activeDeployment", record["deploymentId"]))


def _rolled_back(record: Record, ending: Ending) -> dict[str, Any]:
    """The group still belongs to the deployment that is rolled back."""
    expression = Expression()
    _set_last_deployment(expression, record, ending)
    holder = record["rollbackInfo"]["rollbackTriggeringDeploymentId"]
    return expression.update(_group_key(record), expression.equals("activeDeployment", holder))


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
    return expression.update(table.key("ALIAS", alias), expression.equals("activeDeployment", deployment_id))


def _delivered(record: Record) -> dict[str, Any]:
    expression = Expression()
    expression.set("sha256", record["contentSha256"])
    expression.set("deploymentId", record["deploymentId"])
    return expression.update(_drop_key(record))


def succeeded_by(record: Record, sha256: str, alias: str) -> dict[str, str] | None:
    """What was deployed to an alias, {deploymentId, version}, after this dropped file had succeeded; None where nothing.

    Only the last success of the object's key counts, and only where the file was then what it is now.
    """
    delivered = table.get(_drop_key(record)) if is_drop(record) else None
    if delivered is None or delivered["sha256"] != sha256:
        return None
    last: dict[str, str] | None = (table.get(table.key("ALIAS", alias)) or {}).get("lastDeployed")
    return last if last and last["deploymentId"] != delivered["deploymentId"] else None


def watched_by(alarm: str) -> list[str]:
    """The ids of the running deployments that an alarm may end."""
    found = table.query(
        KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": f"ALARM#{alarm}"}}, ConsistentRead=True
    )
    return [item["sk"].removeprefix("DEPLOYMENT#") for item in found]


def unfinished() -> list[str]:
    """The ids of all deployments that have not ended, oldest first."""
    found = table.query(
        IndexName="open",
        KeyConditionExpression="#open = :open",
        ExpressionAttributeNames={"#open": "open"},
        ExpressionAttributeValues={":open": {"S": "open"}},
    )
    return [item["pk"].removeprefix("DEPLOYMENT#") for item in found]


def left_by(alias: str) -> Record | None:
    """The record of the deployment that left weights on an alias (core.service_role.alias_lock), where one did."""
    item = table.get(table.key("ALIAS", alias))
    return get(item["leftBy"]) if item and "leftBy" in item else None
