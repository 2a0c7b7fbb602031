"""Restores traffic: the one way back, for the state machine and for the reconciliation alike. On the reaction path.

A rollback's record is kept after traffic is restored, or once it cannot be.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from aws_lambda_powertools import Logger

from weighbridge.aws.lambda_aliases import Alias, Lambda
from weighbridge.core.errors import Retryable, WeighbridgeError, described
from weighbridge.core.plan import Plan, role_of
from weighbridge.core.rollbacks import FINAL, held_up, rollback_record, traffic_restored
from weighbridge.core.sequence import rolled_back
from weighbridge.store import deployments
from weighbridge.telemetry import count

logger = Logger()


def restore(sent: Plan, *, tried_again_soon: bool) -> Alias:
    """Puts all traffic back on the version that the plan started from, by the plan on record. Harmless twice.

    Raises one of FINAL where no further try changes anything: AliasMoved and InvalidLambdaFunction, and NotThePlan,
    DeploymentEnded or Released where the rollback is not wanted. Any other error is put on record as holding the rollback
    up, except that of a Retryable one where it is `tried_again_soon`.
    """
    began = datetime.now(UTC)
    plan, start = _plan_to_restore(sent)
    try:
        alias = Lambda(plan["rollbackDeploymentId"], role_of(plan)).restore(plan)
    except WeighbridgeError as error:
        keep(plan, began)  # so that it can be seen while it is tried again
        if not isinstance(error, FINAL) and not (tried_again_soon and isinstance(error, Retryable)):
            hold_up(plan, described(error), began)
        raise
    keep(plan, began)
    restored = traffic_restored(plan, alias.revision_id, datetime.now(UTC), moved=alias.written_over != start)
    deployments.update(plan["rollbackDeploymentId"], restored)
    return alias


def _plan_to_restore(sent: Plan) -> tuple[Plan, str | None]:
    """The plan to restore traffic by, and the alias's revision when its deployment began (None: nobody knows).

    The plan is that of the deployment that is rolled back, by its record. Only where the table cannot be read is `sent`
    believed: traffic comes first.
    """
    try:
        record = deployments.get(sent["deploymentId"])
    except WeighbridgeError as error:
        logger.warning("Rolled back by the plan of the execution alone", extra={"reason": str(error)})
        return sent, None
    plan = rolled_back(record, sent)
    return plan, record["plan"]["revisionId"] if record else None


def keep(plan: Plan, now: datetime) -> None:
    """Keeps the record of the rollback that restores what `plan` changed, if it is not there yet."""
    deployments.create(rollback_record(plan, now))


def hold_up(plan: Plan, failure: Mapping[str, str], now: datetime) -> None:
    """Puts on record, once, that a rollback is held up, and counts it; `failure` is {error, cause}."""
    keep(plan, now)
    deployments.update(plan["rollbackDeploymentId"], held_up(failure, now), unless=["heldUp"])
    count("RollbacksHeldUp")
