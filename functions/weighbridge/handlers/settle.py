"""Finishes what an execution could not: one that was stopped in the console, timed out, failed, or was never started.

Called whenever an execution of the machine ends, and every few minutes for all deployments that are open, until none is
and no event is left to be delivered again.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import EventBridgeEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import deployments, executions, letters, rollbacks, schedule, waits
from weighbridge.aws.aliases import Lambda
from weighbridge.core.deployment import Record, is_rollback, is_running
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.errors import Outdated, Retryable, Throttled, WeighbridgeError, described
from weighbridge.core.event_text import text_at
from weighbridge.core.ids import DEPLOYMENT_ID
from weighbridge.core.interruptions import given_up
from weighbridge.core.plan import Plan, role_of
from weighbridge.core.rollbacks import FINAL, traffic_restored
from weighbridge.core.settlement import (
    Close,
    Execution,
    HandOn,
    Nothing,
    RestoreTraffic,
    Rollback,
    Settlement,
    Start,
    StartRollback,
    settlement,
    sweep_order,
    why,
)
from weighbridge.telemetry import count

logger = Logger()
_TIME_TO_END = 25_000
"""Milliseconds that a sweep leaves to the last deployment that it looks at."""
_LONGEST_NAME = 80
"""Characters that Step Functions lets an execution's name have."""


@logger.inject_lambda_context(clear_state=True)
@event_source(data_class=EventBridgeEvent)
def handler(event: EventBridgeEvent, context: LambdaContext) -> None:
    if event.get("source") == "aws.states":
        try:
            _settle(text_at(event.raw_event, "detail", "name", longest=_LONGEST_NAME) or "")
        except Retryable:
            raise  # Lambda tries again in a minute, which is sooner than the next sweep
        except WeighbridgeError:
            logger.exception("Not settled yet")
        return
    now = datetime.now(UTC)
    try:
        unfinished = deployments.unfinished()
    except WeighbridgeError:  # the next sweep is sooner than the end of Lambda's retries
        logger.exception("Not swept")
        return
    try:
        _sweep(sweep_order(unfinished, now), context)
    finally:
        # Where this fails there may be no next sweep, but Lambda tries this one again.
        schedule.review(now, needed=bool(unfinished) or letters.are_left())


def _sweep(deployment_ids: Iterable[str], context: LambdaContext) -> None:
    """Looks at deployments that are open, as far as its time goes."""
    unforeseen: list[Exception] = []
    for deployment_id in deployment_ids:
        if context.get_remaining_time_in_millis() < _TIME_TO_END:
            logger.warning("The sweep ends before it has been round")
            break
        try:
            execution = executions.describe(deployment_id)
        except Throttled:  # and so would the next ones be, each of them tried for seconds
            logger.warning("The sweep ends early: Step Functions is throttled")
            break
        except WeighbridgeError:
            logger.exception("Not settled yet", extra={"deploymentId": deployment_id})
            continue
        try:
            _settle(deployment_id, execution)
        except WeighbridgeError:
            logger.exception("Not settled yet", extra={"deploymentId": deployment_id})
        except Exception as error:  # one record that nobody foresaw must not keep all the others open
            logger.exception("Cannot be settled", extra={"deploymentId": deployment_id})
            unforeseen.append(error)
    if unforeseen:
        raise ExceptionGroup("Some deployments cannot be settled.", unforeseen)


def _settle(deployment_id: str, execution: Execution | None = None) -> None:
    """`execution` is how the deployment's execution stands, where that has just been asked for."""
    if not DEPLOYMENT_ID.fullmatch(deployment_id):
        return  # an execution that somebody started by hand
    logger.append_keys(deploymentId=deployment_id)
    try:
        record = _finish(deployment_id, execution)
    except Outdated:  # a function that outlived the execution has just written; it does so once
        record = _finish(deployment_id)
    if record and is_rollback(record):
        _settle(record["rollbackInfo"]["rollbackTriggeringDeploymentId"])


def _finish(deployment_id: str, execution: Execution | None = None) -> Record | None:
    """Does what is left to do; returns the record that this was decided by, None where there is none."""
    # In this order: an execution that has ended meanwhile has closed its record before, and has to be seen to have.
    execution = execution or executions.describe(deployment_id)
    record = deployments.get(deployment_id)
    if record and is_running(record):
        _settle_open(record, execution)
    return record


def _settle_open(record: Record, execution: Execution) -> None:
    rollback = Rollback()
    if "plan" in record and not execution.lives:
        rollback_id = record["plan"]["rollbackDeploymentId"]
        rollback = Rollback(executions.describe(rollback_id), deployments.get(rollback_id))
    decided = settlement(record, execution, rollback)
    if isinstance(decided, Nothing):
        return
    if isinstance(decided, StartRollback | RestoreTraffic) and not _given_up(record, execution):
        return
    _carry_out(decided, record, execution)
    logger.warning("Deployment settled", extra={"execution": execution.status, "by": type(decided).__name__})


def _carry_out(decided: Settlement, record: Record, execution: Execution) -> None:
    match decided:
        case HandOn():
            waits.hand_on(record)
        case Start():
            executions.start(record["deploymentId"])
        case StartRollback():
            executions.start_rollback(record["plan"])
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
    """Does what a rollback's execution would have done, and closes its record; returns what deployment.failed takes."""
    now = datetime.now(UTC)
    deployment_id = plan["rollbackDeploymentId"]
    try:
        wanted, start = rollbacks.wanted(plan)
        alias = Lambda(deployment_id, role_of(wanted)).restore(wanted)
    except FINAL as error:
        rollbacks.keep(plan, now)
        record = deployments.get(deployment_id)
        if record:
            ending = failed(record, described(error), {}, now)
            if deployments.end(record, ending) and ending.unrestored:
                count("RollbacksHeldUp")
        return {"status": "FAILED", "code": error.code, "cause": str(error)}
    except WeighbridgeError as error:
        rollbacks.hold_up(plan, described(error), now)
        count("RollbacksHeldUp")
        raise
    rollbacks.keep(plan, now)
    moved = alias.written_over != start
    record = deployments.update(deployment_id, traffic_restored(plan, alias.revision_id, now, moved=moved))
    if record:
        deployments.end(record, succeeded(record, now))
    return {"status": "SUCCEEDED"}
