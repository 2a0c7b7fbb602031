"""Applications, deployment groups and custom configurations in the table.

What files that are dropped and what the API sets is kept in the same items. Times are ISO 8601.
"""

import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from weighbridge.aws import dynamodb
from weighbridge.aws.dynamodb import Expression, Key
from weighbridge.store import keys

if TYPE_CHECKING:  # the models take longer to load than all the rest; what only looks things up does without them
    from weighbridge.core.configs import DeploymentConfig
    from weighbridge.core.groups import DeploymentGroup

APPLICATIONS, CONFIGS = "APPLICATIONS", "CONFIGS"
# What a group is. Beside it, the item holds the lock of a running deployment, which outlives the group.
_OF_THE_GROUP = (
    "settings",
    "deploymentGroupId",
    "createTime",
    "updateTime",
    "listing",
    "listingKey",
    "lastAttemptedDeployment",
    "lastSuccessfulDeployment",
    "targetRevision",
)


def groups_of(application: str) -> str:
    """The listing of an application's groups."""
    return f"GROUPS#{application}"


def revisions_of(application: str) -> str:
    """The listing of an application's revisions."""
    return f"REVISIONS#{application}"


# ------------------------------------------------------------------------------------------------- applications


def has_application(application: str) -> bool:
    return dynamodb.get(keys.application(application)) is not None


def application(name: str) -> dict[str, Any] | None:
    return dynamodb.get(keys.application(name))


def applications(names: Iterable[str]) -> list[dict[str, Any]]:
    """Those of the applications that are there."""
    return [item for _, item in dynamodb.get_all([keys.application(name) for name in names])]


def create_application(name: str, tags: list[dict[str, str]], now: str) -> str | None:
    """The new application's id; None where there is one of that name already."""
    values: dict[str, Any] = {
        "applicationName": name,
        "applicationId": str(uuid.uuid4()),
        "computePlatform": "Lambda",
        "createTime": now,
        "tags": tags,
        "listing": APPLICATIONS,
        "listingKey": name,
    }
    return str(values["applicationId"]) if dynamodb.create(keys.application(name), values) else None


def delete_application(name: str) -> None:
    """Deletes an application and then all that is in it, so that nothing is added meanwhile.

    What an earlier attempt has left over is deleted, too. Records of deployments stay: they are the history.
    """
    dynamodb.delete(keys.application(name))
    for key in dynamodb.listed_keys(groups_of(name)):
        _delete_group(key)
    actions = [{"Delete": {"TableName": dynamodb.name(), "Key": key}} for key in dynamodb.listed_keys(revisions_of(name))]
    for start in range(0, len(actions), dynamodb.MOST_ACTIONS):
        dynamodb.transact(actions[start : start + dynamodb.MOST_ACTIONS])


# ------------------------------------------------------------------------------------------------------- groups


class Group(NamedTuple):
    """`updated` is when the settings were written (ISO 8601)."""

    group_id: str
    settings: "DeploymentGroup"
    updated: str


def group(application: str, name: str) -> Group | None:
    from weighbridge.core.groups import DeploymentGroup  # noqa: PLC0415

    item = group_item(application, name)
    if item is None:
        return None
    return Group(item["deploymentGroupId"], DeploymentGroup.read(item["settings"]), item["updateTime"])


def group_item(application: str, name: str) -> dict[str, Any] | None:
    """All that is kept of a group: `settings`, `deploymentGroupId`, times, its last deployments, its lock."""
    item = dynamodb.get(keys.group(application, name))
    return item if item and "settings" in item else None


def group_items(application: str, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Those of an application's groups that are there, by name."""
    items = dynamodb.get_all([keys.group(application, name) for name in names])
    return {key.partition("/")[2]: item for key, item in items if "settings" in item}


def put_group(application: str, name: str, settings: "DeploymentGroup", now: str) -> None:
    """Creates or updates a group, and its application; what the settings leave out is cleared."""
    expression = Expression()
    expression.set("applicationName", application)
    expression.set("computePlatform", "Lambda")
    expression.set("listing", APPLICATIONS)
    expression.set("listingKey", application)
    expression.set_once("applicationId", str(uuid.uuid4()))
    expression.set_once("createTime", now)
    dynamodb.update(expression.update(keys.application(application)))
    dynamodb.update(_group_set(application, name, settings, now).update(keys.group(application, name)))


def _group_set(application: str, name: str, settings: "DeploymentGroup", now: str) -> Expression:
    expression = Expression()
    expression.set("settings", plain(settings))
    expression.set("updateTime", now)
    expression.set("listing", groups_of(application))
    expression.set("listingKey", name)
    expression.set_once("deploymentGroupId", str(uuid.uuid4()))
    expression.set_once("createTime", now)
    return expression


def plain(settings: "DeploymentGroup") -> dict[str, Any]:
    """Settings as they are kept: without the names, which the key has and which may change."""
    names = {"application_name", "deployment_group_name"}
    return settings.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=names)


def create_group(application: str, name: str, settings: "DeploymentGroup", now: str) -> str | None:
    """The new group's id; None where there is one of that name already."""
    expression = _group_set(application, name, settings, now)
    created = dynamodb.update(expression.update(keys.group(application, name), expression.absent("settings")))
    return str(created["deploymentGroupId"]) if created else None


def change_group(application: str, name: str, seen: Mapping[str, Any], settings: "DeploymentGroup", now: str) -> bool:
    """Changes a group's settings from those `seen`; False where they are others by now."""
    expression = _group_set(application, name, settings, now)
    unchanged = expression.equals("settings", seen)
    return dynamodb.update(expression.update(keys.group(application, name), unchanged)) is not None


def delete_group(application: str, name: str) -> None:
    """Deletes all but the lock of a running deployment, which ends as usual."""
    _delete_group(keys.group(application, name))


def _delete_group(key: Key) -> None:
    expression = Expression()
    for attribute in _OF_THE_GROUP:
        expression.remove(attribute)
    dynamodb.update(expression.update(key, expression.present("settings")))


# ---------------------------------------------------------------------------------------------- configurations


def config(name: str) -> "DeploymentConfig | None":
    """A predefined or custom configuration."""
    from weighbridge.core.configs import PREDEFINED, DeploymentConfig  # noqa: PLC0415

    if name in PREDEFINED:
        return PREDEFINED[name]
    item = config_item(name)
    return DeploymentConfig(name, item["type"], item["percentage"], item["minutes"]) if item else None


def config_item(name: str) -> dict[str, Any] | None:
    """All that is kept of a custom configuration."""
    return dynamodb.get(keys.config(name))


def create_config(config: "DeploymentConfig", now: str) -> str | None:
    """The new configuration's id; None where there is one of that name already."""
    values: dict[str, Any] = {
        "type": config.type,
        "percentage": config.percentage,
        "minutes": config.minutes,
        "createTime": now,
        "deploymentConfigId": str(uuid.uuid4()),
        "listing": CONFIGS,
        "listingKey": config.name,
    }
    return str(values["deploymentConfigId"]) if dynamodb.create(keys.config(config.name), values) else None


def delete_config(name: str) -> None:
    dynamodb.delete(keys.config(name))


def group_with_config(name: str) -> str | None:
    """Some group (`application/group`) that names a configuration.

    It reads all groups: deletions are rare, and so no other write has to keep count.
    """
    for key in dynamodb.listed_keys(APPLICATIONS):
        application_name = keys.identifier(key)
        for group, item in dynamodb.get_all(dynamodb.listed_keys(groups_of(application_name))):
            if item.get("settings", {}).get("deploymentConfigName") == name:
                return group.partition("#")[2]
    return None
