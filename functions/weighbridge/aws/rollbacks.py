"""The records of rollbacks, which are kept after traffic is restored, or once it cannot be. On the reaction path."""

from collections.abc import Mapping
from datetime import datetime

from weighbridge.aws import deployments
from weighbridge.core.plan import Plan
from weighbridge.core.rollbacks import held_up, rollback_record


def keep(plan: Plan, now: datetime) -> None:
    """Keeps the record of the rollback that restores what `plan` changed, if it is not there yet."""
    deployments.create(rollback_record(plan, now))


def hold_up(plan: Plan, failure: Mapping[str, str], now: datetime) -> None:
    """Puts on record, once, that a rollback is held up; `failure` is {error, cause}."""
    keep(plan, now)
    deployments.update(plan["rollbackDeploymentId"], held_up(failure, now), unless=["heldUp"])
