"""Closes a deployment's record, by which its group and its alias are free."""

from collections.abc import Mapping
from datetime import UTC, datetime

from aws_lambda_powertools import Logger

from weighbridge.core.deployment import is_rollback, is_running
from weighbridge.core.endings import failed, outcome_of, succeeded
from weighbridge.core.plan import Plan
from weighbridge.core.record import Record
from weighbridge.core.rollbacks import goes_on, has_restored
from weighbridge.core.sequence import check_completion, planned
from weighbridge.lifecycle import rollback
from weighbridge.store import deployments
from weighbridge.telemetry import count

logger = Logger()


def complete(deployment_id: str) -> None:
    """Closes a deployment, or a rollback, that has done all it is there for.

    Raises Interrupted where an alarm or a stop request came before, and NotThePlan where it has not come to its end.
    """
    record = deployments.existing(deployment_id)
    if is_running(record):
        check_completion(record)
    if deployments.end(record, succeeded(record, datetime.now(UTC))):
        logger.info("Deployment succeeded")


def fail(
    deployment_id: str, plan: Plan | None, failure: Mapping[str, str], made: Mapping[str, str]
) -> dict[str, str | None]:
    """Closes a deployment that could not go on, unless traffic is still to be restored; {status, code, message}.

    `plan` is None where validation did not get that far; `failure` is {error, cause}, and `made` says how the execution of
    the rollback ended, {status, cause}, empty where there was none. The status is still a running one where traffic is not
    restored: then the deployment has not ended, and the reconciliation goes on with it.
    """
    now = datetime.now(UTC)
    if plan and plan["rollbackDeploymentId"] == deployment_id:
        rollback.keep(planned(deployments.get(plan["deploymentId"]), plan), now)
    record = deployments.existing(deployment_id)
    rolled_back = _rollback_of(record) if made else None
    ending = failed(record, failure, outcome_of(rolled_back) if rolled_back else {}, now)
    if is_running(record) and goes_on(record, failure, made, rolled_back):
        if plan and is_rollback(record) and not has_restored(record):
            rollback.hold_up(plan, failure, now)
        logger.error("Deployment not ended yet", extra={"code": ending.code, "reason": ending.message})
        if is_rollback(record) or "interruption" in record:
            message = f"{ending.message} (This is not done yet: to restore traffic is tried again every five minutes.)"
            return {"status": record["status"], "code": ending.code, "message": message}
        # The reason could not be recorded: the reconciliation finds it, by its name, in how the execution ended.
        return {"status": record["status"], "code": failure["error"], "message": failure.get("cause", "")}
    if deployments.end(record, ending):
        logger.warning("Deployment ended", extra={"status": ending.status, "code": ending.code, "reason": ending.message})
        if ending.unrestored:
            count("RollbacksHeldUp")
    return {"status": ending.status, "code": ending.code, "message": ending.message}


def _rollback_of(record: Record) -> Record | None:
    """The record of a deployment's rollback: its execution may not have been waited for to its end, or be made up."""
    return deployments.get(record["plan"]["rollbackDeploymentId"]) if "plan" in record else None
