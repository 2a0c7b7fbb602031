"""Brings deployments to their end whose executions cannot: stopped in the console, timed out, failed, or never started.

Each is judged from its record and from what Step Functions says of its executions, so that any number of
reconciliations, at any time, come to the same end.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from aws_lambda_powertools import Logger

from weighbridge.aws import sqs, stepfunctions
from weighbridge.core.awaited import is_awaited
from weighbridge.core.deployment import is_rollback, is_running
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.errors import Outdated, Retryable, Throttled, WeighbridgeError, described
from weighbridge.core.execution import Execution
from weighbridge.core.ids import DEPLOYMENT_ID
from weighbridge.core.interruptions import given_up
from weighbridge.core.plan import Plan
from weighbridge.core.reconciliation import (
    Action,
    Close,
    HandOn,
    Nothing,
    RestoreTraffic,
    Rollback,
    Start,
    StartRollback,
    action_for,
    why,
)
from weighbridge.core.record import Record
from weighbridge.core.rollbacks import FINAL
from weighbridge.core.rotation import rotated
from weighbridge.lifecycle import awaited, gate, rollback, schedule
from weighbridge.store import deployments, wanted
from weighbridge.telemetry import count

logger = Logger()
_TIME_TO_END = 25_000
"""Milliseconds that are left to the last deployment that is looked at."""


def after_execution(name: str) -> None:
    """Reconciles the deployment whose execution, of that name, has ended; raises Retryable where Lambda is to try again."""
    try:
        _reconcile(name)
    except Retryable:
        raise  # Lambda tries again in a minute, which is sooner than the next scheduled reconciliation
    except WeighbridgeError:
        logger.exception("Not reconciled yet")


def reconcile_all(remaining_ms: Callable[[], int], now: datetime) -> None:
    """The scheduled reconciliation: of all deployments that are open, as far as the function's time goes.

    Raises an ExceptionGroup of what was not foreseen, once everything has been looked at.
    """
    try:
        unfinished = deployments.unfinished()
    except WeighbridgeError:  # the next one is sooner than the end of Lambda's retries
        logger.exception("Not reconciled: the open deployments could not be listed")
        return
    is_somebody_waiting = True
    try:
        _reconcile_each(rotated(unfinished, now), remaining_ms)
        is_somebody_waiting = awaited.notify_all(lambda: remaining_ms() > _TIME_TO_END, now)
    finally:
        # Where this fails there may be no next one, but Lambda tries this one again.
        needed = bool(unfinished) or is_somebody_waiting or bool(wanted.open_aliases()) or sqs.are_left()
        schedule.review(now, needed=needed)


def _reconcile_each(deployment_ids: Iterable[str], remaining_ms: Callable[[], int]) -> None:
    unforeseen: list[Exception] = []
    for deployment_id in deployment_ids:
        if remaining_ms() < _TIME_TO_END:
            logger.warning("The reconciliation ends before it has been round")
            break
        try:
            execution = stepfunctions.describe(deployment_id)
        except Throttled:  # and so would the next ones be, each of them tried for seconds
            logger.warning("The reconciliation ends early: Step Functions is throttled")
            break
        except WeighbridgeError:
            logger.exception("Not reconciled yet", extra={"deploymentId": deployment_id})
            continue
        try:
            _reconcile(deployment_id, execution)
        except WeighbridgeError:
            logger.exception("Not reconciled yet", extra={"deploymentId": deployment_id})
        except Exception as error:  # one unexpected record must not keep all the others open
            logger.exception("Cannot be reconciled", extra={"deploymentId": deployment_id})
            unforeseen.append(error)
    if unforeseen:
        raise ExceptionGroup("Some deployments cannot be reconciled.", unforeseen)


def _reconcile(deployment_id: str, execution: Execution | None = None) -> None:
    """`execution` is how the deployment's execution stands, where that has just been asked for."""
    if not DEPLOYMENT_ID.fullmatch(deployment_id):
        return  # an execution that somebody started by hand
    logger.append_keys(deploymentId=deployment_id)
    try:
        record = _finish(deployment_id, execution)
    except Outdated:  # a function that outlived the execution has just written; it does so once
        record = _finish(deployment_id)
    if record and is_awaited(record):
        awaited.notify(record["identity"], datetime.now(UTC))
    if record and is_rollback(record):
        _reconcile(record["rollbackInfo"]["rollbackTriggeringDeploymentId"])


def _finish(deployment_id: str, execution: Execution | None = None) -> Record | None:
    """Does what is left to do; returns the record by which that was decided, None where there is none."""
    # In this order: an execution that has ended meanwhile has closed its record before, and has to be seen to have.
    execution = execution or stepfunctions.describe(deployment_id)
    record = deployments.get(deployment_id)
    if record and is_running(record):
        _reconcile_open(record, execution)
    return record


def _reconcile_open(record: Record, execution: Execution) -> None:
    state = Rollback()
    if "plan" in record and not execution.lives:
        rollback_id = record["plan"]["rollbackDeploymentId"]
        state = Rollback(stepfunctions.describe(rollback_id), deployments.get(rollback_id))
    action = action_for(record, execution, state)
    if isinstance(action, Nothing):
        return
    if isinstance(action, StartRollback | RestoreTraffic) and not _given_up(record, execution):
        return
    _carry_out(action, record, execution)
    logger.warning("Deployment reconciled", extra={"execution": execution.status, "by": type(action).__name__})


def _carry_out(action: Action, record: Record, execution: Execution) -> None:
    match action:
        case HandOn():
            gate.hand_on(record)
        case Start():
            stepfunctions.start(record["deploymentId"])
        case StartRollback():
            stepfunctions.start_rollback(record["plan"])
        case Close(failure, rolled_back):
            deployments.end(record, failed(record, failure, rolled_back, datetime.now(UTC)))
        case RestoreTraffic():
            rolled_back = _restore(record["plan"])
            if not is_rollback(record):
                deployments.end(record, failed(record, why(record, execution), rolled_back, datetime.now(UTC)))


def _given_up(record: Record, execution: Execution) -> bool:
    """Keeps a function that outlived its execution from shifting or completing after this; False where it has completed."""
    if is_rollback(record):
        return True
    change = given_up(why(record, execution), datetime.now(UTC))
    try:
        if deployments.update(record["deploymentId"], change, unless=["interruption"]):
            return True
    except Retryable:
        raise
    except WeighbridgeError:  # traffic comes first, whether that can be recorded or not
        logger.exception("Not recorded")
        return True
    current = deployments.get(record["deploymentId"])
    return current is not None and is_running(current)


def _restore(plan: Plan) -> dict[str, str]:
    """Does what a rollback's execution would have done, and closes its record; returns what core.endings.failed takes."""
    now = datetime.now(UTC)
    deployment_id = plan["rollbackDeploymentId"]
    try:
        rollback.restore(plan, tried_again_soon=False)
    except FINAL as error:
        rollback.keep(plan, now)
        record = deployments.get(deployment_id)
        if record:
            ending = failed(record, described(error), {}, now)
            if deployments.end(record, ending) and ending.unrestored:
                count("RollbacksHeldUp")
        return {"status": "FAILED", "code": error.code, "cause": str(error)}
    record = deployments.get(deployment_id)
    if record:
        deployments.end(record, succeeded(record, now))
    return {"status": "SUCCEEDED"}
