"""Whether traffic goes back when a deployment ends early: the one rule. Reference: sections 6.2 to 6.4.

Each error class says on which of the group's settings it restores traffic (`restores_on`). Planning writes into the plan
what that means for every class which does not go by the setting for failures, and the state machine looks it up there as
the reconciliation does; an error that no class of ours stands for is a failure. An alarm's event and a stop request decide
when they come, and their decision, kept with the interruption, counts. On the reaction path: standard library only.
"""

from typing import Literal

from weighbridge.core.errors import WeighbridgeError, classes
from weighbridge.core.plan import Plan, RollBackOn
from weighbridge.core.record import Record

RollbackEvent = Literal["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
ROLLBACK_EVENTS: tuple[RollbackEvent, ...] = (
    "DEPLOYMENT_FAILURE",
    "DEPLOYMENT_STOP_ON_ALARM",
    "DEPLOYMENT_STOP_ON_REQUEST",
)
"""CodeDeploy's names of a group's settings, in the order of RollBackOn: failure, alarm, stop."""


def events(on: RollBackOn) -> list[RollbackEvent]:
    """The settings that are on, by CodeDeploy's names."""
    is_on = (on["failure"], on["alarm"], on["stop"])
    return [event for event, restores in zip(ROLLBACK_EVENTS, is_on, strict=True) if restores]


def table(on: RollBackOn) -> dict[str, bool]:
    """Error class -> whether traffic goes back, for those that `on.failure` does not decide."""
    return {name: _restores(kind, on) for name, kind in classes().items() if kind.restores_on != "failure"}


def _restores(kind: type[WeighbridgeError], on: RollBackOn) -> bool:
    return kind.restores_on is not None and on[kind.restores_on]


def restores_after(error: str, plan: Plan) -> bool:
    """Whether traffic goes back after an error of that name; plans before version 2 have no table of their own."""
    return plan.get("rollBackAfter", table(plan["rollBackOn"])).get(error, plan["rollBackOn"]["failure"])


def restores(record: Record) -> bool:
    """Whether the interruption that `record` holds takes its traffic back: never before it could have been touched."""
    if "plan" not in record:
        return False
    interruption = record["interruption"]
    if "rollBack" in interruption:
        return bool(interruption["rollBack"])
    return restores_after(str(interruption["error"]), record["plan"])
