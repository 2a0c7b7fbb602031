"""States "Complete deployment" and "Complete rollback": the record is closed, the group and the alias are free."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.lifecycle import close

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    """{deploymentId} in. Raises Interrupted where an alarm or a stop request came before the end.

    Raises NotThePlan where the deployment has not come to its end, whoever says so.
    """
    logger.append_keys(deploymentId=event["deploymentId"])
    close.complete(event["deploymentId"])
