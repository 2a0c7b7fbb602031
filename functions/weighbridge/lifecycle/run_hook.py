"""Invokes a hook function, and hands its answer to the gate, the wait that the state machine holds open for it.

The function is started with a task token, and nobody waits for its own end: the state machine invokes it asynchronously.
Whoever answers first ends the wait: what the hook returns, its report on the bus, an alarm or stop request, or this
function, where the hook cannot be run. That the hook runs once is kept in the record: tried again, only its answer is
awaited, by the wait of that try.
"""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from aws_lambda_powertools import Logger

from weighbridge.aws import lambda_hooks, stepfunctions
from weighbridge.core.deployment import (
    Change,
    hook_answered,
    hook_awaited,
    hook_called,
    hook_not_run,
    hook_silent,
    is_hook_on_timeline,
    is_running,
)
from weighbridge.core.errors import (
    HookFailed,
    HookNotRun,
    Interrupted,
    NotThePlan,
    Retryable,
    ServiceUnavailable,
    Throttled,
)
from weighbridge.core.gate import hook_result
from weighbridge.core.hooks import answer_of, event_of, payload
from weighbridge.core.plan import Plan, role_of
from weighbridge.core.record import Record
from weighbridge.core.sequence import check_hook, planned
from weighbridge.lifecycle import gate
from weighbridge.store import deployments

logger = Logger()


def run(deployment_id: str, sent: Plan, lifecycle_event: str, token: str) -> None:
    """Invokes the hook of a lifecycle event, unless an earlier try has; `sent` is the plan that the state machine sends.

    Raises Interrupted where the deployment is to end already, HookFailed, RolePermissions, and NotThePlan where the record
    foresees no such hook now.
    """
    record = _running_record(deployment_id)
    plan = planned(record, sent)
    check_hook(record, lifecycle_event)
    execution_id = secrets.token_urlsafe(32)
    if _begin(plan, lifecycle_event, execution_id, token, on_timeline=is_hook_on_timeline(record, lifecycle_event)):
        _run(plan, lifecycle_event, execution_id, token)


def _running_record(deployment_id: str) -> Record:
    """The record of a deployment that goes on."""
    record = deployments.get(deployment_id)
    if record is None or not is_running(record) or "interruption" in record:
        raise Interrupted("The deployment was interrupted before its hook was run.")
    return record


def _begin(plan: Plan, lifecycle_event: str, execution_id: str, token: str, *, on_timeline: bool) -> bool:
    """Puts on record that the hook is called with `execution_id`; whether it is this try that has to run it.

    The timeline has it once, however often it is tried: `on_timeline` says whether it does already.
    """
    deployment_id = plan["deploymentId"]
    call = hook_called(plan, lifecycle_event, execution_id, token, datetime.now(UTC))
    if on_timeline:
        call = Change(sets=call.sets)
    try:
        if deployments.update(deployment_id, call, unless=["interruption", f"hooks.{lifecycle_event}"]):
            return True
    except ServiceUnavailable:  # it may be on record all the same
        logger.exception("Nobody knows yet whether the call is on record")
    with _not_in_vain(plan, lifecycle_event):
        record = _running_record(deployment_id)
    if event_of(record["hooks"], execution_id):
        return True
    if lifecycle_event not in record["hooks"]:
        raise ServiceUnavailable("The call of the hook could not be put on record.")
    # An earlier try has called it. Only the wait is new, and so is its token: from now on it is the one to end, if it is
    # one of the machine's own. Whoever else sends one could keep interruptions from the execution.
    if not stepfunctions.is_waiting(token):
        raise NotThePlan("The task token is that of no wait; the hook was not run.")
    awaited = deployments.update(deployment_id, hook_awaited(call), unless=["interruption"])
    if awaited is None:
        raise Interrupted("The deployment was interrupted before its hook was run.")
    _hand_on(awaited)
    return False


@contextmanager
def _not_in_vain(plan: Plan, lifecycle_event: str) -> Iterator[None]:
    """What fails in the block fails the deployment: another try would take the hook for called, and wait for an hour."""
    try:
        yield
    except Retryable as error:
        function = plan["hooks"][lifecycle_event]
        raise HookFailed(f"The {lifecycle_event} hook {function} could not be run: {error}") from error


def _run(plan: Plan, lifecycle_event: str, execution_id: str, token: str) -> None:
    deployment_id, function = plan["deploymentId"], plan["hooks"][lifecycle_event]
    body = json.dumps(payload(plan, lifecycle_event, execution_id)).encode()
    try:
        outcome = lambda_hooks.invoke(function, lifecycle_event, body, deployment_id, role_of(plan))
    except (Throttled, HookNotRun):  # the hook has not run, so the next try is to run it
        with _not_in_vain(plan, lifecycle_event):
            deployments.update(deployment_id, hook_not_run(lifecycle_event))
        raise
    except ServiceUnavailable as error:  # nobody knows whether it runs, and to await its report could take an hour in vain
        raise HookFailed(f"The {lifecycle_event} hook {function} could not be invoked: {error}") from error
    answer = answer_of(outcome) if outcome else None
    now, answered = datetime.now(UTC), [f"hooks.{lifecycle_event}.answer"]
    if answer is None:
        returned = outcome.payload if outcome else None
        deployments.update(deployment_id, hook_silent(lifecycle_event, now, returned=returned), unless=answered)
        logger.info("The hook's report is awaited")
        return
    change = hook_answered(lifecycle_event, function, answer, now)
    try:
        record = deployments.update(deployment_id, change, unless=answered) or deployments.get(deployment_id)
    except Retryable:  # the hook does not run again, so its answer must not be lost with the record
        logger.exception("The hook's answer could not be recorded")
        stepfunctions.end_wait(token, hook_result(lifecycle_event, plan, answer))
        return
    if record:
        _hand_on(record)


def _hand_on(record: Record) -> None:
    """Ends the wait that is open with the answer that counts, if there is one: the first."""
    if gate.hand_on(record):
        logger.info("Hook answered")
