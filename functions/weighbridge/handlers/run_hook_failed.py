"""Ends the wait for a hook when the function that runs the hook has itself come to no end: it crashed, or its time was up.

Called by Lambda, as that function's destination on failure. The wait would else last for the hour that a hook has.
"""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.lifecycle import gate

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    """Lambda's record of the invocation in, with the event of handlers.run_hook as `requestPayload`."""
    asked = event["requestPayload"]
    logger.append_keys(deploymentId=asked["deploymentId"], lifecycleEvent=asked["lifecycleEvent"])
    failed = event.get("responsePayload") or {}  # none where it was not even begun
    error = failed.get("errorType") or event["requestContext"]["condition"]
    reason = failed.get("errorMessage") or "The function that runs hooks did not come to its end."
    gate.give_up_hook(asked["deploymentId"], asked["taskToken"], str(error), str(reason))
