"""State "Record failure": the record says what went wrong and what was done, the group and the alias are free.

Not while traffic is still to be restored: then the deployment has not ended, and the reconciliation goes on with it.
"""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.lifecycle import close

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str | None]:  # noqa: ARG001
    """{deploymentId, plan, failure: {error, cause}, rollback: {} or {status, cause}} in; {status, code, message} out.

    `plan` is empty where validation did not get that far. The status is still a running one where traffic is not restored.
    """
    logger.append_keys(deploymentId=event["deploymentId"])
    return close.fail(event["deploymentId"], event["plan"] or None, event["failure"], event["rollback"])
