"""A second function URL, without IAM, for hook functions that were written for CodeDeploy: one operation, nothing else.

Stock clients sign for `codedeploy`, which IAM refuses at a function URL. What protects it instead is the execution id: 256
random bits that only the hook was given, good for one answer within the hour. Off unless the context asks for it.
"""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import LambdaFunctionUrlEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.api import hooks
from weighbridge.api.door import respond
from weighbridge.api.wire import ApiError

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
@event_source(data_class=LambdaFunctionUrlEvent)
def handler(event: LambdaFunctionUrlEvent, context: LambdaContext) -> dict[str, Any]:
    return respond(event.raw_event, context.aws_request_id, hooks.OPERATIONS, _unserved, logger)


def _unserved(operation: str) -> ApiError:
    return ApiError("UnsupportedActionForDeploymentTypeException", f"{operation} is not served here.")
