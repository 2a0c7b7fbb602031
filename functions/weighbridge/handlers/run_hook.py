"""States "Run … hook": invokes a hook function and hands its answer to the wait that the state machine holds open.

The function is started with a task token. Whoever answers first ends the wait: what the hook returns, its report on the
bus, or an alarm or stop request. That the hook runs once is kept in the record: tried again, only its answer is awaited,
by the wait of that try.
"""

import json
import secrets
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import deployments, executions, hooks
from weighbridge.core.deployment import (
    Record,
    hook_answered,
    hook_awaited,
    hook_called,
    hook_not_run,
    hook_result,
    hook_silent,
)
from weighbridge.core.errors import HookFailed, Interrupted, ServiceUnavailable, Throttled
from weighbridge.core.hooks import answer_of, event_of, payload
from weighbridge.core.plan import Plan, role_of

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
    if not deployments.update(deployment_id, call, unless=["interruption", f"hooks.{lifecycle_event}"]):
        # Only the wait is new, and so is its token: from now on it is the one to end.
        record = deployments.update(deployment_id, hook_awaited(call), unless=["interruption"])
        if record is None:
            raise Interrupted("The deployment was interrupted before its hook was run.")
        if event_of(record["hooks"], execution_id) is None:  # else the call is this one, and only an answer was lost
            _hand_on(record, lifecycle_event)
            return
    _run(plan, lifecycle_event, execution_id)


def _run(plan: Plan, lifecycle_event: str, execution_id: str) -> None:
    deployment_id, function = plan["deploymentId"], plan["hooks"][lifecycle_event]
    body = json.dumps(payload(plan, lifecycle_event, execution_id)).encode()
    try:
        outcome = hooks.invoke(function, lifecycle_event, body, deployment_id, role_of(plan))
    except Throttled:  # the hook has not run, so the next try is to run it
        deployments.update(deployment_id, hook_not_run(lifecycle_event))
        raise
    except ServiceUnavailable as error:  # nobody knows whether it runs, and to await its report could take an hour in vain
        raise HookFailed(f"The {lifecycle_event} hook {function} could not be invoked: {error}") from error
    answer = answer_of(outcome) if outcome else None
    now, answered = datetime.now(UTC), [f"hooks.{lifecycle_event}.answer"]
    if answer is None:
        deployments.update(deployment_id, hook_silent(lifecycle_event, now, returned=outcome is not None), unless=answered)
        logger.info("The hook's report is awaited")
        return
    change = hook_answered(lifecycle_event, function, answer, now)
    record = deployments.update(deployment_id, change, unless=answered) or deployments.get(deployment_id)
    if record:
        _hand_on(record, lifecycle_event)


def _hand_on(record: Record, lifecycle_event: str) -> None:
    """Ends the wait that is open with the answer that counts, if there is one: the first."""
    answer, gate = record["hooks"][lifecycle_event].get("answer"), record.get("gate", {})
    if answer and gate.get("waitingFor") == lifecycle_event:
        executions.end_wait(gate["token"], hook_result(lifecycle_event, record["plan"], answer))
        logger.info("Hook answered", extra={"status": answer["status"]})
