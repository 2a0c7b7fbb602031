"""CodeDeploy's API behind a function URL: the stock clients drive Weighbridge by it. Reference: sections 1 and 2."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import LambdaFunctionUrlEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.api import (
    absent,
    applications,
    configs,
    deployments,
    groups,
    hooks,
    revisions,
    tags,
    targets,
    wire,
)
from weighbridge.api.operations import Operation, Request
from weighbridge.core.errors import Retryable
from weighbridge.telemetry import count

logger = Logger()
OPERATIONS: Mapping[str, Operation] = {
    name: operation
    for module in (applications, groups, configs, revisions, deployments, targets, tags, hooks, absent)
    for name, operation in module.OPERATIONS.items()
}


@logger.inject_lambda_context(clear_state=True)
@event_source(data_class=LambdaFunctionUrlEvent)
def handler(event: LambdaFunctionUrlEvent, context: LambdaContext) -> dict[str, Any]:
    try:
        body = _answer(event)
        status = 200
    except wire.ApiError as error:
        logger.info("Refused", extra={"error": error.name, "reason": str(error)})
        count("ApiRequestsRefused")
        body, status = wire.failure(error), 400
    headers = {"Content-Type": wire.CONTENT_TYPE, "x-amzn-RequestId": context.aws_request_id}
    return {"statusCode": status, "headers": headers, "body": body}


def _answer(event: LambdaFunctionUrlEvent) -> str:
    raw = event.raw_event
    headers = {name.lower(): value for name, value in (raw.get("headers") or {}).items()}
    http = raw.get("requestContext", {}).get("http", {})
    call = wire.parse(http.get("method", ""), headers, raw.get("body"), is_base64=bool(raw.get("isBase64Encoded")))
    logger.append_keys(operation=call.operation)
    if deployment_id := call.arguments.get("deploymentId"):
        logger.append_keys(deploymentId=deployment_id)
    operation = OPERATIONS.get(call.operation, absent.refuse)
    try:
        result = operation(Request(call.operation, call.arguments, _caller(raw), datetime.now(UTC)))
    except Retryable as error:  # the clients try again by themselves
        raise wire.ApiError("ThrottlingException", "Rate exceeded") from error
    return wire.answer(call.operation, result)


def _caller(raw: Mapping[str, Any]) -> str:
    """Who signed the request, as the function URL's IAM authorization found out."""
    iam = raw.get("requestContext", {}).get("authorizer", {}).get("iam") or {}
    return str(iam.get("userArn") or "")
