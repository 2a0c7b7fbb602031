"""State "Validate deployment": everything is looked at before anything is touched."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.core.plan import Plan
from weighbridge.lifecycle import validate

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Plan:  # noqa: ARG001
    """{deploymentId, retries} in, the plan out; what is wrong is raised as one of core.errors.

    A deployment is planned once: called again, it gives the plan that is on record.
    """
    logger.append_keys(deploymentId=event["deploymentId"])
    return validate.plan(event["deploymentId"], event.get("retries"))
