"""The provider of `Custom::WeighbridgeAlias`, by which stacks own aliases: CloudFormation calls it, and it answers."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.core.alias_resource import Request
from weighbridge.core.errors import InvalidDocument
from weighbridge.lifecycle import manage_alias
from weighbridge.telemetry import count

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: Any, context: LambdaContext) -> None:  # noqa: ARG001
    """A request of CloudFormation's for a custom resource in; the URL in it is a secret, so the event is never logged."""
    try:
        request = Request.read(event)
    except InvalidDocument as why:
        logger.warning("Refused what is no request of CloudFormation's", extra={"reason": str(why)})
        count("StackRequestsRefused")
        return
    logger.append_keys(stackId=request.stack_id, logicalId=request.logical_id, request=request.kind)
    manage_alias.manage(request, datetime.now(UTC))
