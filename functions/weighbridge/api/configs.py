"""Deployment configurations. Reference: 1.2, 1.5 and section 4."""

from collections.abc import Mapping
from typing import Any

from weighbridge.api import arguments, pagination, protocol
from weighbridge.api.operations import Operation, Request
from weighbridge.core import configs
from weighbridge.core.configs import OTHER_PLATFORMS, PREDEFINED, RESERVED, DeploymentConfig
from weighbridge.core.deployment import stamp
from weighbridge.core.errors import InvalidDocument
from weighbridge.store import settings


def create_deployment_config(request: Request) -> Mapping[str, Any]:
    name = arguments.name(request, "deploymentConfigName")
    arguments.compute_platform(request)
    try:
        config = configs.parse(name, request.arguments)
    except InvalidDocument as fault:
        raise protocol.invalid(request.operation, fault.member or "trafficRoutingConfig", fault.rule) from fault
    created = settings.create_config(config, stamp(request.now))
    if created is None:
        raise protocol.ApiError(
            "DeploymentConfigAlreadyExistsException",
            f"There is a deployment configuration named {name} already, and configurations do not change.",
        )
    return {"deploymentConfigId": created}


def get_deployment_config(request: Request) -> Mapping[str, Any]:
    name = arguments.name(request, "deploymentConfigName")
    if name in PREDEFINED:
        return {"deploymentConfigInfo": _info(PREDEFINED[name], _predefined_id(name))}
    if name in OTHER_PLATFORMS:
        about = {"deploymentConfigId": _predefined_id(name), "deploymentConfigName": name}
        return {"deploymentConfigInfo": about | {"computePlatform": OTHER_PLATFORMS[name]}}
    item = settings.config_item(name)
    if item is None:
        raise no_config(name)
    config = DeploymentConfig(name, item["type"], item["percentage"], item["minutes"])
    return {"deploymentConfigInfo": {**_info(config, item["deploymentConfigId"]), "createTime": item["createTime"]}}


def list_deployment_configs(request: Request) -> Mapping[str, Any]:
    names, token = pagination.names(request, settings.CONFIGS, (*PREDEFINED, *OTHER_PLATFORMS))
    return {"deploymentConfigsList": names, "nextToken": token}


def delete_deployment_config(request: Request) -> Mapping[str, Any]:
    name = arguments.name(request, "deploymentConfigName")
    if name.startswith(RESERVED):
        raise protocol.ApiError(
            "InvalidOperationException", f"The prefix {RESERVED} is that of predefined configurations: none can be deleted."
        )
    if settings.config_item(name) is None:
        return {}
    group = settings.group_with_config(name)
    if group:
        raise protocol.ApiError(
            "DeploymentConfigInUseException",
            f"The deployment configuration {name} is used by the deployment group {group}: change the group first.",
        )
    settings.delete_config(name)
    return {}


def no_config(name: str) -> protocol.ApiError:
    return protocol.ApiError("DeploymentConfigDoesNotExistException", configs.missing(name))


def _predefined_id(name: str) -> str:
    return f"00000000-0000-0000-0000-{[*PREDEFINED, *OTHER_PLATFORMS].index(name) + 1:012}"


def _info(config: DeploymentConfig, config_id: str) -> dict[str, Any]:
    routing: dict[str, Any] = {"type": config.type}
    if config.type == "TimeBasedCanary":
        routing["timeBasedCanary"] = {"canaryPercentage": config.percentage, "canaryInterval": config.minutes}
    if config.type == "TimeBasedLinear":
        routing["timeBasedLinear"] = {"linearPercentage": config.percentage, "linearInterval": config.minutes}
    return {
        "deploymentConfigId": config_id,
        "deploymentConfigName": config.name,
        "computePlatform": "Lambda",
        "trafficRoutingConfig": routing,
    }


OPERATIONS: Mapping[str, Operation] = {
    "CreateDeploymentConfig": create_deployment_config,
    "GetDeploymentConfig": get_deployment_config,
    "ListDeploymentConfigs": list_deployment_configs,
    "DeleteDeploymentConfig": delete_deployment_config,
}
