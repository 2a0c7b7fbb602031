"""The one target of a deployment to Lambda, by its present and by its deprecated operations. Reference: 1.2 and 1.5."""

import re
from collections.abc import Mapping
from typing import Any

from weighbridge.api import arguments, pagination
from weighbridge.api.operations import Operation, Request
from weighbridge.api.protocol import ApiError
from weighbridge.aws.stepfunctions import function_arn
from weighbridge.core.overview import lifecycle_events, target_status
from weighbridge.core.record import Record

_TARGET_ID = re.compile(r"[A-Za-z0-9_:$./-]{1,256}", re.ASCII)
_STATUSES = {"Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Unknown", "Ready"}


def _target_id(record: Record) -> str | None:
    """The function's name; None before the AppSpec file has been read."""
    function = record.get("lambdaFunctionInfo")
    return str(function["functionName"]) if function else None


def _started(record: Record) -> str:
    target_id = _target_id(record)
    if target_id is None:
        raise ApiError(
            "DeploymentNotStartedException",
            f"Deployment {record['deploymentId']} has not started: its AppSpec file has not been read.",
        )
    return target_id


# ----------------------------------------------------------------------------------------------------- targets


def list_deployment_targets(request: Request) -> Mapping[str, Any]:
    record = arguments.deployment(request)
    pagination.no_token(request)
    wanted = _wanted_statuses(request)
    target_id = _started(record)
    return {"targetIds": [target_id] if wanted is None or target_status(record) in wanted else []}


def _wanted_statuses(request: Request) -> set[str] | None:
    filters = request.arguments.get("targetFilters", {})
    if "ServerInstanceLabel" in filters:
        raise ApiError(
            "InvalidDeploymentInstanceTypeException",
            "ServerInstanceLabel filters the instances of blue/green deployments to servers; leave it out.",
        )
    if "TargetStatus" not in filters:
        return None
    wanted = set(filters["TargetStatus"])
    if not wanted <= _STATUSES:
        raise ApiError("InvalidInstanceStatusException", f"TargetStatus must be one of {', '.join(sorted(_STATUSES))}.")
    return wanted


def get_deployment_target(request: Request) -> Mapping[str, Any]:
    return {"deploymentTarget": _target(arguments.deployment(request), request.arguments["targetId"])}


def batch_get_deployment_targets(request: Request) -> Mapping[str, Any]:
    wanted = request.arguments["targetIds"]
    if len(wanted) > 1:
        raise ApiError(
            "DeploymentTargetListSizeExceededException", "A deployment to Lambda has one target; ask for that one alone."
        )
    return {"deploymentTargets": [_target(arguments.deployment(request), wanted[0])]}


def _target(record: Record, wanted: str) -> dict[str, Any]:
    if not wanted:
        raise ApiError("DeploymentTargetIdRequiredException", "The target ID is empty; give the deployment's target ID.")
    if not _TARGET_ID.fullmatch(wanted):
        raise ApiError("InvalidDeploymentTargetIdException", "The target ID is malformed; ListDeploymentTargets tells it.")
    target_id = _started(record)
    if wanted != target_id:
        raise ApiError(
            "DeploymentTargetDoesNotExistException",
            f"Deployment {record['deploymentId']} has no target '{wanted}'; its target is '{target_id}'.",
        )
    target = _summary(record) | {
        "targetId": target_id,
        "targetArn": function_arn(target_id),
        "lambdaFunctionInfo": record["lambdaFunctionInfo"],
    }
    return {"deploymentTargetType": "LambdaTarget", "lambdaTarget": target}


def _summary(record: Record) -> dict[str, Any]:
    return {
        "deploymentId": record["deploymentId"],
        "status": target_status(record),
        "lastUpdatedAt": record["timeline"][-1]["time"],
        "lifecycleEvents": lifecycle_events(record),
    }


# --------------------------------------------------------------------------------- the same, by deprecated names


def list_deployment_instances(request: Request) -> Mapping[str, Any]:
    record = arguments.deployment(request)
    pagination.no_token(request)
    if request.arguments.get("instanceTypeFilter"):
        raise ApiError(
            "InvalidDeploymentInstanceTypeException",
            "instanceTypeFilter is for blue/green deployments to servers; leave it out.",
        )
    wanted = request.arguments.get("instanceStatusFilter")
    target_id = _started(record)
    return {"instancesList": [target_id] if not wanted or target_status(record) in wanted else []}


def get_deployment_instance(request: Request) -> Mapping[str, Any]:
    record, wanted = arguments.deployment(request), _instance_id(request.arguments["instanceId"])
    if wanted != _target_id(record):
        raise ApiError(
            "InstanceDoesNotExistException", f"Deployment {record['deploymentId']} has no instance '{wanted}' (yet)."
        )
    return {"instanceSummary": _summary(record) | {"instanceId": wanted}}


def batch_get_deployment_instances(request: Request) -> Mapping[str, Any]:
    wanted = [_instance_id(one) for one in arguments.batch(request, "instanceIds")]
    record = arguments.deployment(request)
    target_id = _target_id(record)
    missing = [one for one in wanted if one != target_id]
    found = [_summary(record) | {"instanceId": target_id}] if target_id in wanted else []
    problem = f"The deployment has no instance named {', '.join(missing)}." if missing else None
    return {"instancesSummary": found, "errorMessage": problem}


def _instance_id(value: str) -> str:
    if not value:
        raise ApiError("InstanceIdRequiredException", "The instance ID is empty; give the deployment's target ID.")
    if not _TARGET_ID.fullmatch(value):
        raise ApiError("InvalidInstanceNameException", "The instance ID is malformed; ListDeploymentInstances tells it.")
    return value


OPERATIONS: Mapping[str, Operation] = {
    "ListDeploymentTargets": list_deployment_targets,
    "GetDeploymentTarget": get_deployment_target,
    "BatchGetDeploymentTargets": batch_get_deployment_targets,
    "ListDeploymentInstances": list_deployment_instances,
    "GetDeploymentInstance": get_deployment_instance,
    "BatchGetDeploymentInstances": batch_get_deployment_instances,
}
