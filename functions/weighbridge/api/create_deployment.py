"""Starts a deployment. Reference: 1.2, 1.5 and 6.4."""

import uuid
from collections.abc import Mapping
from typing import Any

from weighbridge.api import arguments, locations
from weighbridge.api.configs import no_config
from weighbridge.api.operations import Operation, Request
from weighbridge.api.protocol import ApiError
from weighbridge.core.deployment import BY_API
from weighbridge.core.documents import Document
from weighbridge.core.errors import DeploymentLimitExceeded, InvalidDocument
from weighbridge.core.groups import MOST_ALARMS, AlarmConfiguration, AutoRollbackConfiguration, arn_among
from weighbridge.core.names import ALL_AT_ONCE
from weighbridge.lifecycle import start
from weighbridge.store import revisions, settings


def create_deployment(request: Request) -> Mapping[str, Any]:
    """Checks what CodeDeploy checks before it answers; the AppSpec file is judged by the deployment itself."""
    if "deploymentGroupName" not in request.arguments:
        raise ApiError("DeploymentGroupNameRequiredException", "Deployment Group name is missing")
    group, application = arguments.group(request), request.arguments["applicationName"]
    refuse_what_servers_have(request)
    revision = revision_of(request, application)
    config = _config_name(request, group)
    overrides = overrides_of(request) | {"deploymentConfigName": config}
    try:
        record = start.deploy_alone(
            f"{BY_API} {uuid.uuid4()}",
            request.now,
            application=application,
            group=request.arguments["deploymentGroupName"],
            group_id=group["deploymentGroupId"],
            revision=revision,
            overrides=overrides,
            caller=request.caller,
        )
    except DeploymentLimitExceeded as error:
        raise ApiError("DeploymentLimitExceededException", str(error)) from error
    return {"deploymentId": record["deploymentId"]}


def refuse_what_servers_have(request: Request) -> None:
    members = request.arguments
    if "fileExistsBehavior" in members:
        raise ApiError(
            "InvalidFileExistsBehaviorException", "For Lambda and ECS deployment, fileExistsBehavior can not be specified"
        )
    for member in ("ignoreApplicationStopFailures", "updateOutdatedInstancesOnly"):
        if members.get(member):
            name = f"Invalid{member[0].upper()}{member[1:]}ValueException"
            raise ApiError(name, f"For Lambda deployment, {member} must be false; leave it out.")
    if any(members.get("targetInstances", {}).values()):
        raise ApiError(
            "InvalidTargetInstancesException", "For Lambda deployment, targetInstances can not be specified; leave it out."
        )
    if members.get("deploymentMode", "STANDARD") != "STANDARD":
        raise ApiError("InvalidInputException", "For Lambda deployment, deploymentMode must be STANDARD; leave it out.")


def revision_of(request: Request, application: str) -> dict[str, Any]:
    location = request.arguments.get("revision")
    if not location:
        raise ApiError("RevisionRequiredException", "RevisionLocation must be specified")
    if not locations.is_reference(location):
        return locations.revision(location)
    registered = revisions.find(application, locations.place(location))
    if registered is None:
        raise ApiError(
            "RevisionDoesNotExistException",
            f"The application {application} has no revision with this sha256; send the content, or register it first.",
        )
    return dict(registered["revision"])


def _config_name(request: Request, group: Mapping[str, Any]) -> str:
    if "deploymentConfigName" in request.arguments:
        name = arguments.name(request, "deploymentConfigName")
    else:
        name = str(group["settings"].get("deploymentConfigName", ALL_AT_ONCE))
    if settings.config(name) is None:
        raise no_config(name)
    return name


def overrides_of(request: Request) -> dict[str, Any]:
    overrides = {"description": arguments.description(request)} | {
        member: request.arguments.get(member) for member in ("autoRollbackConfiguration", "overrideAlarmConfiguration")
    }
    rollback, alarms = overrides["autoRollbackConfiguration"], overrides["overrideAlarmConfiguration"]
    if rollback is not None:
        # A drop may leave the events to us; the service wants them named.
        if rollback.get("enabled") and not rollback.get("events"):
            raise ApiError(
                "InvalidAutoRollbackConfigException",
                "Deployment Groups need to have at least one event specified when auto rollback is enabled",
            )
        overrides["autoRollbackConfiguration"] = _read(
            AutoRollbackConfiguration, rollback, "InvalidAutoRollbackConfigException"
        )
    if alarms is not None:
        if len(alarms.get("alarms", [])) > MOST_ALARMS:
            raise ApiError("AlarmsLimitExceededException", f"A deployment can watch at most {MOST_ALARMS} alarms.")
        overrides["overrideAlarmConfiguration"] = _read(AlarmConfiguration, alarms, "InvalidAlarmConfigException")
        if fault := arn_among(AlarmConfiguration.read(alarms)):
            raise ApiError("InvalidAlarmConfigException", fault)
    return {member: value for member, value in overrides.items() if value is not None}


def _read(model: type[Document], value: Mapping[str, Any], exception: str) -> dict[str, Any]:
    """What is kept of a member; raises ApiError with `exception` for one that is wrong."""
    try:
        return model.read(value).model_dump(by_alias=True, exclude_none=True)
    except InvalidDocument as error:
        raise ApiError(exception, str(error)) from error


OPERATIONS: Mapping[str, Operation] = {"CreateDeployment": create_deployment}
