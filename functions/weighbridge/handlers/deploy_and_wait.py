"""State "Deploy and wait" of the second machine: starts the deployment whose end its execution waits for."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.lifecycle import deploy_and_wait

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    """{execution, request, taskToken} in; nothing out, for the token is answered once the deployment has ended."""
    deploy_and_wait.deploy(event["execution"], event["request"], event["taskToken"], datetime.now(UTC))
