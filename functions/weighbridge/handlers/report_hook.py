"""A second function URL, without IAM, for hook functions that were written for CodeDeploy: one operation, nothing else.

Stock clients sign for `codedeploy`, which IAM refuses at a function URL. What protects it instead is the execution id: 256
random bits that only the hook was given, good for one answer within the hour. Off unless the context asks for it.

Hooks that look up their deployment are told what replaces that: a request to read one holds no more than the deployment's
id, which is no secret.
"""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.api import hooks
from weighbridge.api.endpoint import respond
from weighbridge.api.protocol import ApiError

logger = Logger()

_LOOKED_UP = {
    "BatchGetApplicationRevisions",
    "BatchGetDeploymentTargets",
    "BatchGetDeployments",
    "GetApplicationRevision",
    "GetDeployment",
    "GetDeploymentTarget",
}
"""By which hooks find out what is being deployed: the revision's AppSpec file has the function, its alias and versions."""


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return respond(event, context.aws_request_id, hooks.OPERATIONS, _unserved, logger)


def _unserved(operation: str) -> ApiError:
    message = f"{operation} is not served here."
    if operation in _LOOKED_UP:
        message += (
            " What a hook looks up by it is in the event that the hook was invoked with: FunctionName, Alias,"
            " CurrentVersion, TargetVersion and LifecycleEvent, beside DeploymentId. For anything else call it at ApiUrl."
        )
    return ApiError("UnsupportedActionForDeploymentTypeException", message)
