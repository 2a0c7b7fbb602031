"""CodeDeploy's API behind a function URL: the stock clients drive Weighbridge by it. Reference: sections 1 and 2."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.api import protocol
from weighbridge.api.endpoint import respond
from weighbridge.api.registry import OPERATIONS

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return respond(event, context.aws_request_id, OPERATIONS, protocol.unserved, logger)
