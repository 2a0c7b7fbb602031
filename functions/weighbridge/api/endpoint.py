"""From a function URL's event to its answer: the same for every URL that serves operations."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger

from weighbridge.api import protocol
from weighbridge.api.operations import Operation, Request
from weighbridge.core.errors import Retryable
from weighbridge.core.ids import deployment_id_in
from weighbridge.core.refusals import Refused
from weighbridge.telemetry import count

Refusal = Callable[[str], protocol.ApiError]
"""The answer to a call of an operation that is not served, of which nothing but its name is looked at."""


def respond(
    event: Mapping[str, Any], request_id: str, operations: Mapping[str, Operation], unserved: Refusal, logger: Logger
) -> dict[str, Any]:
    """The HTTP answer to a function URL's event, by one of `operations` or, where the call is none of them, `unserved`."""
    try:
        body, status = _answer(event, operations, unserved, logger), 200
    except protocol.ApiError as error:
        logger.info("Refused", extra={"error": error.name, "reason": str(error)})
        count("ApiRequestsRefused")
        body, status = protocol.failure(error), 400
    headers = {"Content-Type": protocol.CONTENT_TYPE, "x-amzn-RequestId": request_id}
    return {"statusCode": status, "headers": headers, "body": body}


def _answer(event: Mapping[str, Any], operations: Mapping[str, Operation], unserved: Refusal, logger: Logger) -> str:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    context = event.get("requestContext", {})
    name = protocol.operation_of(context.get("http", {}).get("method", ""), headers)
    logger.append_keys(operation=name)
    operation = operations.get(name)
    if operation is None:
        raise unserved(name)
    arguments = protocol.arguments_of(name, event.get("body"), is_base64=bool(event.get("isBase64Encoded")))
    if deployment_id := deployment_id_in(arguments):  # nothing else of a request belongs on every line: it is untrusted
        logger.append_keys(deploymentId=deployment_id)
    # Who signed the request, as the URL's IAM authorization found out.
    caller = str((context.get("authorizer", {}).get("iam") or {}).get("userArn") or "")
    try:
        result = operation(Request(name, arguments, caller, datetime.now(UTC)))
    except Refused as error:
        raise protocol.ApiError(error.code, str(error)) from error
    except Retryable as error:  # the clients try again by themselves
        raise protocol.ApiError("ThrottlingException", "Rate exceeded") from error
    return protocol.answer(name, result)
