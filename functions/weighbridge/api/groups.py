"""Deployment groups. Reference: 1.2 and 1.5."""

from collections.abc import Mapping
from typing import Any

from weighbridge.api import arguments, pagination, protocol, tags
from weighbridge.api.configs import no_config
from weighbridge.api.operations import Operation, Request
from weighbridge.core.configs import OTHER_PLATFORMS, missing
from weighbridge.core.deployment import STYLE, stamp
from weighbridge.core.errors import InvalidDocument, ServiceUnavailable
from weighbridge.core.groups import (
    FOR_OTHERS,
    AlarmConfiguration,
    AutoRollbackConfiguration,
    DeploymentGroup,
    arn_among,
)
from weighbridge.core.names import ALL_AT_ONCE
from weighbridge.core.rollback_rule import ROLLBACK_EVENTS, RollbackEvent
from weighbridge.core.service_role import foreign
from weighbridge.environment import environment
from weighbridge.store import renames, settings

_TOO_MANY = {
    "alarmConfiguration": "AlarmsLimitExceededException",
    "triggerConfigurations": "TriggerTargetsLimitExceededException",
}
_SETTINGS = (
    "deploymentConfigName",
    "serviceRoleArn",
    "alarmConfiguration",
    "autoRollbackConfiguration",
    "triggerConfigurations",
)


def create_deployment_group(request: Request) -> Mapping[str, Any]:
    name = arguments.name(request, "deploymentGroupName")
    application = arguments.application(request)["applicationName"]
    if "deploymentStyle" not in request.arguments:
        raise _bad_style()
    kept_tags = {"tags": tags.given(request, "tags")}
    created = settings.create_group(application, name, _changed(request, kept_tags), stamp(request.now))
    if created is None:
        raise _taken(name)
    return {"deploymentGroupId": created}


def get_deployment_group(request: Request) -> Mapping[str, Any]:
    group = arguments.group(request)
    return {"deploymentGroupInfo": _info(request.arguments["applicationName"], group)}


def batch_get_deployment_groups(request: Request) -> Mapping[str, Any]:
    names = arguments.names(request, "deploymentGroupNames")
    application = arguments.application(request)["applicationName"]
    items = settings.group_items(application, names)
    unknown = [name for name in names if name not in items]
    answer = protocol.fitting(_info(application, items[name]) for name in names if name in items)
    left_out = len(items) - len(answer)
    problems = [f"No Deployment Group found for name: {', '.join(unknown)}"] if unknown else []
    problems += [f"{left_out} of the groups did not fit into one answer; ask for fewer at once."] if left_out else []
    return {"deploymentGroupsInfo": answer, "errorMessage": " ".join(problems) or None}


def list_deployment_groups(request: Request) -> Mapping[str, Any]:
    application = arguments.application(request)["applicationName"]
    names, token = pagination.names(request, settings.groups_of(application))
    return {"applicationName": application, "deploymentGroups": names, "nextToken": token}


def update_deployment_group(request: Request) -> Mapping[str, Any]:
    """What is left out stays as it is; what is given replaces all of its member."""
    name = arguments.name(request, "currentDeploymentGroupName")
    new_name = arguments.name(request, "newDeploymentGroupName") if "newDeploymentGroupName" in request.arguments else name
    group = arguments.group(request, "currentDeploymentGroupName")
    application = request.arguments["applicationName"]
    changed = _changed(request, group["settings"])
    if new_name != name:
        _rename(request, group, new_name, changed)
    elif not settings.change_group(application, name, group["settings"], changed, stamp(request.now)):
        raise ServiceUnavailable(f"The deployment group {name} is being changed by others; try again.")
    return {"hooksNotCleanedUp": []}


def _rename(request: Request, group: dict[str, Any], new_name: str, changed: DeploymentGroup) -> None:
    application, name = request.arguments["applicationName"], group["listingKey"]
    values = {"settings": settings.plain(changed), "updateTime": stamp(request.now)}
    match renames.rename_group(application, name, new_name, group["settings"], values):
        case "taken":
            raise _taken(new_name)
        case "busy":
            raise protocol.ApiError(
                "InvalidInputException",
                f"The deployment group {name} cannot be renamed while it is being deployed or changed: "
                "try again afterwards.",
            )


def delete_deployment_group(request: Request) -> Mapping[str, Any]:
    name = arguments.name(request, "deploymentGroupName")
    settings.delete_group(arguments.name(request, "applicationName"), name)
    return {"hooksNotCleanedUp": []}


def _changed(request: Request, settings_before: Mapping[str, Any]) -> DeploymentGroup:
    """The settings that come of a request upon those that are kept; raises ApiError for what is not allowed."""
    members = request.arguments
    for member, nothing in FOR_OTHERS.items():
        if members.get(member, nothing) != nothing:
            message = f"For Lambda deployment group, {member} can not be specified"
            raise protocol.invalid(request.operation, member, message)
    if members.get("deploymentStyle", STYLE) != STYLE:
        raise _bad_style()
    changes = {member: members[member] for member in _SETTINGS if member in members}
    rollback = changes.get("autoRollbackConfiguration", {})
    if rollback.get("enabled") and not rollback.get("events"):  # a file may leave the events out and means all of them
        message = "Deployment Groups need to have at least one event specified when auto rollback is enabled"
        raise protocol.invalid(request.operation, "autoRollbackConfiguration", message)
    try:
        changed = DeploymentGroup.read({**settings_before, **changes})
    except InvalidDocument as fault:
        if fault.too_many:
            raise protocol.ApiError(_TOO_MANY[fault.member], fault.rule) from fault
        raise protocol.invalid(request.operation, fault.member, fault.rule) from fault
    if "alarmConfiguration" in changes and (problem := arn_among(changed.alarm_configuration)):
        raise protocol.invalid(request.operation, "alarmConfiguration", problem)
    if "serviceRoleArn" in changes and (problem := foreign(changed.service_role_arn, environment.service_role_accounts)):
        raise protocol.invalid(request.operation, "serviceRoleArn", problem)
    if changed.deployment_config_name and "deploymentConfigName" in changes:
        _check_config(request, changed.deployment_config_name)
    return changed


def _check_config(request: Request, name: str) -> None:
    if name in OTHER_PLATFORMS:
        raise protocol.invalid(request.operation, "deploymentConfigName", missing(name))
    if settings.config(name) is None:
        raise no_config(name)


def _bad_style() -> protocol.ApiError:
    return protocol.ApiError(
        "InvalidDeploymentStyleException",
        "For LAMBDA deployment, the deployment type must be BLUE_GREEN, "
        "and deployment option must be WITH_TRAFFIC_CONTROL.",
    )


def _taken(name: str) -> protocol.ApiError:
    return protocol.ApiError("DeploymentGroupAlreadyExistsException", f"There is a deployment group named {name} already.")


def _info(application: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    """A group as it acts: what was left unsaid is said, except an automatic rollback that nobody has configured.

    CodeDeploy shows none either, and a tool that compares what it configured with what is there would never be done.
    """
    group = DeploymentGroup.read(item["settings"])
    alarms = group.alarm_configuration or AlarmConfiguration(enabled=False)
    rollback = group.auto_rollback_configuration
    return {
        **FOR_OTHERS,
        **{member: None for member, nothing in FOR_OTHERS.items() if nothing == {}},
        **item["settings"],
        "applicationName": application,
        "deploymentGroupName": item["listingKey"],
        "deploymentGroupId": item["deploymentGroupId"],
        "deploymentConfigName": group.deployment_config_name or ALL_AT_ONCE,
        "alarmConfiguration": alarms.model_dump(mode="json", by_alias=True) | {"alarms": _names(alarms)},
        "autoRollbackConfiguration": rollback and {"enabled": rollback.enabled, "events": _events(rollback)},
        "deploymentStyle": STYLE,
        "computePlatform": "Lambda",
        "targetRevision": item.get("targetRevision"),
        "lastSuccessfulDeployment": item.get("lastSuccessfulDeployment"),
        "lastAttemptedDeployment": item.get("lastAttemptedDeployment"),
    }


def _names(alarms: AlarmConfiguration) -> list[dict[str, str]]:
    return [{"name": alarm.name} for alarm in alarms.alarms or []]


def _events(rollback: AutoRollbackConfiguration) -> list[RollbackEvent]:
    """Those after which traffic is restored; while that is switched off, those that would be."""
    on = rollback.rolls_back_on() if rollback.enabled else rollback.events or ()
    return [event for event in ROLLBACK_EVENTS if event in on]


OPERATIONS: Mapping[str, Operation] = {
    "CreateDeploymentGroup": create_deployment_group,
    "GetDeploymentGroup": get_deployment_group,
    "BatchGetDeploymentGroups": batch_get_deployment_groups,
    "ListDeploymentGroups": list_deployment_groups,
    "UpdateDeploymentGroup": update_deployment_group,
    "DeleteDeploymentGroup": delete_deployment_group,
}
