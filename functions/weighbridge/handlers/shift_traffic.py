"""States "Shift traffic", "Shift all traffic" and "Shift traffic back": one function, warm when it matters."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.lifecycle import rollback, shift

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001
    """{deploymentId, plan} and, forward, {step, revisionId} in; the alias's new {revisionId} out. Harmless twice.

    Raises AliasMoved where somebody else has routed the alias, Interrupted, DeploymentEnded or Released where the shift is
    not wanted any more, and NotThePlan where the record foresees another.
    """
    logger.append_keys(deploymentId=event["deploymentId"])
    if "step" in event:
        alias = shift.shift(event["deploymentId"], event["plan"], event["step"], event["revisionId"])
    else:
        alias = rollback.restore(event["plan"], tried_again_soon=True)
    logger.info("Traffic shifted", extra={"routing": str(alias.routing), "revisionId": alias.revision_id})
    return {"revisionId": alias.revision_id}
