"""Operations that exist for servers and for nothing that runs here. Reference: 1.2."""

from collections.abc import Mapping
from typing import Any, NoReturn

from weighbridge.api import pages, wire
from weighbridge.api.operations import Operation, Request
from weighbridge.aws import deployments
from weighbridge.core.deployment import is_running
from weighbridge.core.ids import DEPLOYMENT_ID


def go_on(request: Request) -> NoReturn:
    """A Lambda deployment waits for nobody's leave to go on, but which deployment is meant is looked at first."""
    deployment_id = request.arguments.get("deploymentId")
    if not deployment_id:
        raise wire.missing(request.operation, "deploymentId")
    if not DEPLOYMENT_ID.fullmatch(deployment_id):
        raise wire.invalid(request.operation, "deploymentId", f"'{deployment_id[:100]}' is no deployment's id.")
    record = deployments.get(deployment_id)
    if record is None:
        raise wire.ApiError("DeploymentDoesNotExistException", f"The deployment {deployment_id} could not be found")
    if not is_running(record):
        raise wire.ApiError("DeploymentAlreadyCompletedException", f"Deployment {deployment_id} has already completed")
    raise wire.unserved(request.operation)


def list_on_premises_instances(request: Request) -> Mapping[str, Any]:
    pages.no_token(request)
    return {"instanceNames": []}


def list_github_account_token_names(request: Request) -> Mapping[str, Any]:
    pages.no_token(request)
    return {"tokenNameList": []}


OPERATIONS: Mapping[str, Operation] = {
    "ContinueDeployment": go_on,
    "ListGitHubAccountTokenNames": list_github_account_token_names,
    "ListOnPremisesInstances": list_on_premises_instances,
    "SkipWaitTimeForInstanceTermination": go_on,
}
