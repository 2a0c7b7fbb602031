"""The macro Weighbridge: CloudFormation sends a template, and gets it with the aliases that Weighbridge shifts."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.core import stack_template
from weighbridge.core.errors import InvalidDocument, clip
from weighbridge.environment import environment

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """{requestId, fragment, …} in; {requestId, status, fragment} out, or {requestId, status, errorMessage}.

    Nothing is looked up and nothing is changed anywhere: what comes out is a function of the template and of two settings.
    """
    answer = {"requestId": event["requestId"]}
    try:
        converted = stack_template.convert(event["fragment"], environment.provider, environment.hook_url)
    except InvalidDocument as why:
        logger.info("Refused a template", extra={"reason": str(why)})
        return {**answer, "status": "failure", "errorMessage": clip(str(why))}
    logger.info("Converted a template", extra={"aliases": dict(converted.renamed)})
    return {**answer, "status": "success", "fragment": converted.template}
