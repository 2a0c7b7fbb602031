"""Starts a deployment whose end an execution of the machine `<service>-deploy` waits for; `awaited` tells it."""

from datetime import datetime
from typing import Any

from aws_lambda_powertools import Logger

from weighbridge.core.awaited import identity
from weighbridge.core.errors import Retryable
from weighbridge.lifecycle import schedule, start
from weighbridge.store import awaited, deployments

logger = Logger()
_OF_THE_CALLER = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
"""What a calling state machine adds to the input, by which the console shows which execution has called which."""


def deploy(execution: str, request: Any, token: str, now: datetime) -> None:
    """Starts the deployment that an execution asks for; again, it is the same one, whose end the newest token is told.

    `request` is the input of CreateDeployment. What is wrong with it is told as any deployment's failure. Raises what is to
    be tried again where there is no deployment yet; one that only has no execution is started by the reconciliation.
    """
    asked_by = identity(execution)
    if isinstance(request, dict):
        request = {name: value for name, value in request.items() if name != _OF_THE_CALLER}
    schedule.keep_on(now)
    # Before it begins: whoever sees it end finds the token.
    awaited.keep(asked_by, token, now)
    try:
        start.deploy_requested(asked_by, request, now)
    except Retryable as error:
        if deployments.find(asked_by) is None:
            raise
        logger.warning("Deployment not started yet", extra={"reason": str(error)})
