"""Applications, deployment groups and custom configurations in the table."""

import uuid
from typing import Any

from weighbridge.aws import table
from weighbridge.aws.table import Expression
from weighbridge.core.configs import PREDEFINED, DeploymentConfig
from weighbridge.core.groups import DeploymentGroup


def has_application(application: str) -> bool:
    return table.get(table.key("APPLICATION", application)) is not None


def group(application: str, name: str) -> tuple[str, DeploymentGroup] | None:
    """A group's id and settings."""
    found = group_item(application, name)
    return (found["deploymentGroupId"], DeploymentGroup.read(found["settings"])) if found else None


def group_item(application: str, name: str) -> dict[str, Any] | None:
    """All that is kept of a group: `settings`, `deploymentGroupId`, times, its last deployments, its lock."""
    found = table.get(table.key("GROUP", f"{application}/{name}"))
    return found if found and "settings" in found else None


def put_group(application: str, name: str, settings: DeploymentGroup, now: str) -> None:
    """Creates or updates a group, and its application; what the settings leave out is cleared. `now` is ISO 8601."""
    expression = Expression()
    expression.set("applicationName", application)
    expression.set("computePlatform", "Lambda")
    expression.set_once("applicationId", str(uuid.uuid4()))
    expression.set_once("createTime", now)
    table.update(expression.update(table.key("APPLICATION", application)))
    expression = Expression()
    expression.set("settings", settings.model_dump(mode="json", by_alias=True, exclude_none=True))
    expression.set("updateTime", now)
    expression.set_once("deploymentGroupId", str(uuid.uuid4()))
    expression.set_once("createTime", now)
    table.update(expression.update(table.key("GROUP", f"{application}/{name}")))


def config(name: str) -> DeploymentConfig | None:
    """A predefined or custom configuration."""
    if name in PREDEFINED:
        return PREDEFINED[name]
    found = table.get(table.key("CONFIG", name))
    return DeploymentConfig(name, found["type"], found["percentage"], found["minutes"]) if found else None


def create_config(config: DeploymentConfig, now: str) -> bool:
    """Keeps a new configuration; False where there is one of that name already. `now` is ISO 8601."""
    values: dict[str, Any] = {
        "type": config.type,
        "percentage": config.percentage,
        "minutes": config.minutes,
        "createTime": now,
        "deploymentConfigId": str(uuid.uuid4()),
    }
    return table.create(table.key("CONFIG", config.name), values)
