"""States "Run … hook": invokes a hook function. The state machine waits for its task token, not for this function."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.core.errors import WeighbridgeError
from weighbridge.lifecycle import gate, run_hook

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    """{deploymentId, plan, lifecycleEvent, taskToken} in.

    The wait is failed with Interrupted where the deployment is to end already, HookFailed where there is no such function,
    RolePermissions where it may not be invoked, and NotThePlan where the record foresees no such hook now. What could not
    be told to any wait is raised, and then told by handlers.run_hook_failed.
    """
    logger.append_keys(deploymentId=event["deploymentId"], lifecycleEvent=event["lifecycleEvent"])
    try:
        run_hook.run(event["deploymentId"], event["plan"], event["lifecycleEvent"], event["taskToken"])
    except WeighbridgeError as error:
        if not gate.fail(event["taskToken"], error):
            raise
