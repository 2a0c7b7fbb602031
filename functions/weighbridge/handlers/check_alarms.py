"""States "Check alarms …": the safety net for alarms whose events were lost."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.core.errors import described
from weighbridge.lifecycle import check_alarms

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """{deploymentId} in; {} out where the deployment may go on, else {failure: {error, cause}}.

    Raises DeploymentEnded where there is no running deployment with a plan, whatever else comes in.
    """
    logger.append_keys(deploymentId=event["deploymentId"])
    failure = check_alarms.failure_by_alarms(event["deploymentId"])
    return {"failure": described(failure)} if failure else {}
