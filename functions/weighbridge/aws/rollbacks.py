"""Whether a rollback is wanted, and the records of rollbacks. On the reaction path.

A rollback's record is kept after traffic is restored, or once it cannot be.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from weighbridge.aws import deployments
from weighbridge.core.errors import WeighbridgeError
from weighbridge.core.plan import Plan
from weighbridge.core.rollbacks import held_up, rollback_record
from weighbridge.core.sequence import rolled_back

_log = logging.getLogger(__name__)


class Wanted(NamedTuple):
    """The plan to restore traffic by, and the alias's revision when its deployment began (None: nobody knows)."""

    plan: Plan
    start: str | None


def wanted(given: Plan) -> Wanted:
    """What is to be restored; raises NotThePlan, DeploymentEnded or Released where nothing is.

    The plan is that of the deployment that is rolled back, by its record. Only where the table cannot be read is `given`
    believed: traffic comes first.
    """
    try:
        record = deployments.get(given["deploymentId"])
    except WeighbridgeError as error:
        _log.warning("Rolled back by the plan of the execution alone: %s", error)
        return Wanted(given, None)
    plan = rolled_back(record, given)
    return Wanted(plan, record["plan"]["revisionId"] if record else None)


def keep(plan: Plan, now: datetime) -> None:
    """Keeps the record of the rollback that restores what `plan` changed, if it is not there yet."""
    deployments.create(rollback_record(plan, now))


def hold_up(plan: Plan, failure: Mapping[str, str], now: datetime) -> None:
    """Puts on record, once, that a rollback is held up; `failure` is {error, cause}."""
    keep(plan, now)
    deployments.update(plan["rollbackDeploymentId"], held_up(failure, now), unless=["heldUp"])
