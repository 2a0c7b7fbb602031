"""The plan of a deployment: what `validate` decides once and the execution carries from state to state.

On the reaction path: standard library only.
"""

from typing import Any, NotRequired, TypedDict

from weighbridge.core.routing import Routing
from weighbridge.core.service_role import ServiceRole, service_role

PLAN_VERSION = 2
"""Of the plans that are made now. It goes up whenever they change, and handlers go on reading all that came before: an
execution keeps its plan for days, and is carried on by whatever handlers there are then. Plans without one are older."""


class Step(TypedDict):
    """One shift: the target version's `weight` (a fraction, 0 < weight <= 1) and the seconds it is watched afterwards."""

    weight: float
    bakeSeconds: int


class WatchedAlarms(TypedDict):
    names: list[str]
    ignorePollFailure: bool


class RollBackOn(TypedDict):
    """Whether traffic is restored after a failure, an alarm, a stop request."""

    failure: bool
    alarm: bool
    stop: bool


class Plan(TypedDict):
    """Weights are fractions 0..1, times seconds. `hooks` maps a lifecycle event to its function, where it has one.

    `rollBackAfter` says of errors that `rollBackOn.failure` does not decide whether traffic goes back (core.rollback_rule).
    `revisionId` is the alias's when the deployment began; a rollback is given the one of the last shift instead.
    """

    planVersion: NotRequired[int]
    applicationName: str
    deploymentGroupName: str
    deploymentGroupId: str
    deploymentId: str
    rollbackDeploymentId: str
    functionName: str
    alias: str
    currentVersion: str
    targetVersion: str
    startRouting: dict[str, Any]
    revisionId: str
    steps: list[Step]
    hooks: dict[str, str]
    alarms: WatchedAlarms
    rollBackOn: RollBackOn
    rollBackAfter: NotRequired[dict[str, bool]]
    serviceRoleArn: NotRequired[str]


def role_of(plan: Plan) -> ServiceRole | None:
    """The role by which a deployment's alias is moved and its hooks are invoked."""
    return service_role(plan.get("serviceRoleArn"), plan["applicationName"], plan["deploymentGroupName"])


def routing_before(plan: Plan, step: int) -> Routing:
    """What the alias holds before step `step` (0 is the first)."""
    if step == 0:
        return Routing.from_record(plan["startRouting"])
    return routing_after(plan, step - 1)


def routing_after(plan: Plan, step: int) -> Routing:
    """What step `step` (0 is the first) writes."""
    return Routing.shifted(plan["currentVersion"], plan["targetVersion"], plan["steps"][step]["weight"])


def restored(plan: Plan) -> Routing:
    """What a rollback writes: all traffic on the version the deployment started from."""
    return Routing(plan["currentVersion"])


def every_routing(plan: Plan) -> frozenset[Routing]:
    """Every routing that the deployment may have left on the alias, the one it found included."""
    written = (routing_after(plan, step) for step in range(len(plan["steps"])))
    return frozenset({Routing.from_record(plan["startRouting"]), restored(plan), *written})
