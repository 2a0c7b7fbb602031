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
    statuses = _wanted_statuses(request)
    target_id = _started(record)
    return {"targetIds": [target_id] if statuses is None or target_status(record) in statuses else []}


def _wanted_statuses(request: Request) -> set[str] | None:
    filters = request.arguments.get("targetFilters", {})
    if "ServerInstanceLabel" in filters:
        raise ApiError(
            "InvalidDeploymentInstanceTypeException",
            "ServerInstanceLabel filters the instances of blue/green deployments to servers; leave it out.",
        )
    if "TargetStatus" not in filters:
        return None
    statuses = set(filters["TargetStatus"])
    if not statuses <= _STATUSES:
        raise ApiError("InvalidInstanceStatusException", f"TargetStatus must be one of {', '.join(sorted(_STATUSES))}.")
    return statuses


def get_deployment_target(request: Request) -> Mapping[str, Any]:
    return {"deploymentTarget": _target(arguments.deployment(request), request.arguments["targetId"])}


def batch_get_deployment_targets(request: Request) -> Mapping[str, Any]:
    target_ids = request.arguments["targetIds"]
    if len(target_ids) > 1:
        raise ApiError(
            "DeploymentTargetListSizeExceededException", "A deployment to Lambda has one target; ask for that one alone."
        )
    return {"deploymentTargets": [_target(arguments.deployment(request), target_ids[0])]}


def _target(record: Record, asked_for: str) -> dict[str, Any]:
    if not asked_for:
        raise ApiError("DeploymentTargetIdRequiredException", "The target ID is empty; give the deployment's target ID.")
    if not _TARGET_ID.fullmatch(asked_for):
        raise ApiError("InvalidDeploymentTargetIdException", "The target ID is malformed; ListDeploymentTargets tells it.")
    target_id = _started(record)
    if asked_for != target_id:
        raise ApiError(
            "DeploymentTargetDoesNotExistException",
            f"Deployment {record['deploymentId']} has no target '{asked_for}'; its target is '{target_id}'.",
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
    statuses = request.arguments.get("instanceStatusFilter")
    target_id = _started(record)
    return {"instancesList": [target_id] if not statuses or target_status(record) in statuses else []}


def get_deployment_instance(request: Request) -> Mapping[str, Any]:
    record, instance_id = arguments.deployment(request), _instance_id(request.arguments["instanceId"])
    if instance_id != _target_id(record):
        raise ApiError(
            "InstanceDoesNotExistException", f"Deployment {record['deploymentId']} has no instance '{instance_id}' (yet)."
        )
    return {"instanceSummary": _summary(record) | {"instanceId": instance_id}}


def batch_get_deployment_instances(request: Request) -> Mapping[str, Any]:
    instance_ids = [_instance_id(instance_id) for instance_id in arguments.batch(request, "instanceIds")]
    record = arguments.deployment(request)
    target_id = _target_id(record)
    missing = [instance_id for instance_id in instance_ids if instance_id != target_id]
    summaries = [_summary(record) | {"instanceId": target_id}] if target_id in instance_ids else []
    problem = f"The deployment has no instance named {', '.join(missing)}." if missing else None
    return {"instancesSummary": summaries, "errorMessage": problem}


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
