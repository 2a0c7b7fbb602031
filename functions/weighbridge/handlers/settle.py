"""Finishes what an execution could not: one that was stopped in the console, timed out, failed, or was never started.

Called whenever an execution of the machine ends, and every few minutes for all deployments that are open.
"""

from datetime import UTC, datetime

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import EventBridgeEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import deployments, executions
from weighbridge.aws.aliases import Lambda
from weighbridge.core.deployment import Record, is_rollback, is_running
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.errors import AliasMoved, InvalidLambdaFunction, WeighbridgeError
from weighbridge.core.interruptions import given_up
from weighbridge.core.plan import Plan, role_of
from weighbridge.core.rollbacks import rollback_record, traffic_restored
from weighbridge.core.settlement import Close, Execution, Nothing, RestoreTraffic, Start, StartRollback, settlement, why

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
@event_source(data_class=EventBridgeEvent)
def handler(event: EventBridgeEvent, context: LambdaContext) -> None:  # noqa: ARG001
    if event.source == "aws.states":
        _settle(event.detail["name"])
        return
    unforeseen: list[Exception] = []
    for deployment_id in deployments.unfinished():
        try:
            _settle(deployment_id)
        except WeighbridgeError:
            logger.exception("Not settled yet", extra={"deploymentId": deployment_id})
        except Exception as error:  # one record that nobody foresaw must not keep all the others open
            logger.exception("Cannot be settled", extra={"deploymentId": deployment_id})
            unforeseen.append(error)
    if unforeseen:
        raise ExceptionGroup("Some deployments cannot be settled.", unforeseen)


def _settle(deployment_id: str) -> None:
    logger.append_keys(deploymentId=deployment_id)
    record = deployments.get(deployment_id)
    if record is None:
        return
    if is_running(record):
        _finish(record)
    if is_rollback(record):
        _settle(record["rollbackInfo"]["rollbackTriggeringDeploymentId"])


def _finish(record: Record) -> None:
    execution = executions.describe(record["deploymentId"])
    rollback = executions.describe(record["plan"]["rollbackDeploymentId"]) if "plan" in record else Execution(None)
    decided = settlement(record, execution, rollback)
    if isinstance(decided, StartRollback | RestoreTraffic) and not is_rollback(record):
        deployments.update(
            record["deploymentId"], given_up(why(record, execution), datetime.now(UTC)), unless=["interruption"]
        )
    match decided:
        case Nothing():
            return
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
    logger.warning("Deployment settled", extra={"execution": execution.status})


def _restore(plan: Plan) -> dict[str, str]:
    """Does what a rollback's execution would have done, and closes its record; returns what deployment.failed takes."""
    now = datetime.now(UTC)
    deployment_id = plan["rollbackDeploymentId"]
    deployments.create(rollback_record(plan, now))
    try:
        alias = Lambda(deployment_id, role_of(plan)).restore(plan)
    except (AliasMoved, InvalidLambdaFunction) as error:
        failure = {"error": type(error).__name__, "cause": str(error)}
        record = deployments.get(deployment_id)
        if record:
            deployments.end(record, failed(record, failure, {}, now))
        return {"status": "FAILED", "cause": str(error)}
    record = deployments.update(deployment_id, traffic_restored(plan, alias.revision_id, now))
    if record:
        deployments.end(record, succeeded(record, now))
    return {"status": "SUCCEEDED"}
