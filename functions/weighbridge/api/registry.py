"""All the operations that are served, by name. Those that exist for servers are answered here: Lambda has none."""

from collections.abc import Mapping
from typing import Any, NoReturn

from weighbridge.api import (
    applications,
    arguments,
    configs,
    deployments,
    drops,
    groups,
    hooks,
    pagination,
    protocol,
    refusals,
    revisions,
    tags,
    targets,
)
from weighbridge.api.operations import Operation, Request
from weighbridge.core.deployment import is_running


def continue_deployment(request: Request) -> NoReturn:
    """A Lambda deployment waits for nobody's approval, but which deployment is meant is checked first. Reference: 1.2."""
    record = arguments.deployment(request)
    if not is_running(record):
        message = f"Deployment {record['deploymentId']} has already completed"
        raise protocol.ApiError("DeploymentAlreadyCompletedException", message)
    raise protocol.unserved(request.operation)


def list_on_premises_instances(request: Request) -> Mapping[str, Any]:
    pagination.no_token(request)
    return {"instanceNames": []}


def list_github_account_token_names(request: Request) -> Mapping[str, Any]:
    pagination.no_token(request)
    return {"tokenNameList": []}


_AREAS = (applications, groups, configs, revisions, deployments, targets, tags, hooks, drops, refusals)
_FOR_SERVERS: Mapping[str, Operation] = {
    "ContinueDeployment": continue_deployment,
    "ListGitHubAccountTokenNames": list_github_account_token_names,
    "ListOnPremisesInstances": list_on_premises_instances,
    "SkipWaitTimeForInstanceTermination": continue_deployment,
}
OPERATIONS: Mapping[str, Operation] = {
    name: operation
    for operations in (*(area.OPERATIONS for area in _AREAS), _FOR_SERVERS)
    for name, operation in operations.items()
}
