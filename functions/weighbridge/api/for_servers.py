"""Operations that exist for servers and containers, as far as they are answered: Lambda has nothing of the kind."""

from collections.abc import Mapping
from typing import Any, NoReturn

from weighbridge.api import arguments, pagination, protocol
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


OPERATIONS: Mapping[str, Operation] = {
    "ContinueDeployment": continue_deployment,
    "ListGitHubAccountTokenNames": list_github_account_token_names,
    "ListOnPremisesInstances": list_on_premises_instances,
    "SkipWaitTimeForInstanceTermination": continue_deployment,
}
