"""States "Run … hook": invokes a hook function and hands its answer to the wait that the state machine holds open.

The function is started with a task token. Whoever answers first ends the wait: what the hook returns, its report on the
bus, or an alarm or stop request. That the hook runs once is kept in the record: tried again, only its report is awaited.
"""

import json
import secrets
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import deployments, executions, hooks
from weighbridge.core.deployment import hook_answered, hook_called, hook_result, hook_silent
from weighbridge.core.errors import Interrupted
from weighbridge.core.hooks import answer_of, payload
from weighbridge.core.plan import Plan

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    """{deploymentId, plan, lifecycleEvent, taskToken} in.

    Raises Interrupted where the deployment is to end already, HookFailed where there is no such function, and
    RolePermissions where it may not be invoked.
    """
    deployment_id, lifecycle_event, plan = event["deploymentId"], event["lifecycleEvent"], event["plan"]
    logger.append_keys(deploymentId=deployment_id, lifecycleEvent=lifecycle_event)
    execution_id = secrets.token_urlsafe(32)
    call = hook_called(plan, lifecycle_event, execution_id, event["taskToken"], datetime.now(UTC))
    if deployments.update(deployment_id, call, unless=["interruption", f"hooks.{lifecycle_event}"]):
        _run(plan, lifecycle_event, execution_id, event["taskToken"])
        return
    record = deployments.get(deployment_id)
    if record is None or "interruption" in record:
        raise Interrupted("The deployment was interrupted before its hook was run.")
    answered = record["hooks"][lifecycle_event].get("answer")
    if answered:
        executions.end_wait(event["taskToken"], hook_result(lifecycle_event, plan, answered))


def _run(plan: Plan, lifecycle_event: str, execution_id: str, token: str) -> None:
    deployment_id, function = plan["deploymentId"], plan["hooks"][lifecycle_event]
    body = json.dumps(payload(plan, lifecycle_event, execution_id)).encode()
    outcome = hooks.invoke(function, lifecycle_event, body, deployment_id, plan.get("serviceRoleArn"))
    answer = answer_of(outcome) if outcome else None
    now, answered = datetime.now(UTC), [f"hooks.{lifecycle_event}.answer"]
    if answer is None:
        deployments.update(deployment_id, hook_silent(lifecycle_event, now), unless=answered)
        logger.info("Hook returned no status, its report is awaited")
    elif deployments.update(deployment_id, hook_answered(lifecycle_event, function, answer, now), unless=answered):
        executions.end_wait(token, hook_result(lifecycle_event, plan, answer))
        logger.info("Hook answered", extra={"status": answer["status"]})
