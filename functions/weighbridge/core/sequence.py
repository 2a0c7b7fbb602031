"""What a step of a deployment may be called for: whoever may invoke a function may send it anything.

The state machine calls the steps in order, and each leaves what it did in the record. So the record tells which step can
come next, and with which plan: anything else was not sent by the deployment's execution. On the reaction path: standard
library only.
"""

from collections.abc import Mapping
from typing import Any

from weighbridge.core import hooks
from weighbridge.core.deployment import is_rollback, is_running
from weighbridge.core.errors import DeploymentEnded, NotThePlan, Released
from weighbridge.core.plan import Plan, routing_after, routing_before
from weighbridge.core.record import Record
from weighbridge.core.rollbacks import has_restored
from weighbridge.core.routing import Routing

_TARGET = (
    "deploymentId",
    "rollbackDeploymentId",
    "functionName",
    "alias",
    "currentVersion",
    "targetVersion",
    "serviceRoleArn",
)
"""What identifies a plan. Numbers are not compared: they pass through Step Functions and DynamoDB."""


def planned(record: Record | None, sent: Mapping[str, Any]) -> Plan:
    """The plan of a deployment's record; raises NotThePlan where `sent`, which a step was called with, is another's."""
    plan = record.get("plan") if record else None
    if plan is None or any(plan.get(name) != sent.get(name) for name in _TARGET):
        raise NotThePlan("This is not the plan that the deployment's record holds; nothing was done.")
    return plan


def check_shift(record: Record, step: object) -> None:
    """Raises NotThePlan unless `step` comes next, or was the last that took effect and is tried again."""
    plan, at = record["plan"], Routing.from_record(record["routing"])
    if not (isinstance(step, int) and 0 <= step < len(plan["steps"])):
        raise NotThePlan("The plan has no such step; no traffic was moved.")
    if at not in {routing_before(plan, step), routing_after(plan, step)}:
        raise NotThePlan(f"Step {step + 1} does not come next: the alias was left with {at}; no traffic was moved.")


def check_hook(record: Record, lifecycle_event: str) -> None:
    """Raises NotThePlan unless the deployment has come to the hook of `lifecycle_event`."""
    comes_at = {hooks.BEFORE: "Pending", hooks.AFTER: "Succeeded"}.get(lifecycle_event)
    if lifecycle_event not in record["plan"]["hooks"] or record["lifecycleEvents"][hooks.SHIFT]["status"] != comes_at:
        raise NotThePlan("The deployment waits for no such hook; it was not run.")


def check_completion(record: Record) -> None:
    """Raises NotThePlan unless all that a deployment, or a rollback, is there for has been done."""
    done = has_restored(record) if is_rollback(record) else _has_shifted_all(record)
    if not done:
        raise NotThePlan("The deployment has not come to its end; nothing was closed.")


def _has_shifted_all(record: Record) -> bool:
    if "plan" not in record:
        return False
    plan: Plan = record["plan"]
    hooked = hooks.AFTER not in plan["hooks"] or hooks.AFTER in record["hooks"]
    return hooked and Routing.from_record(record["routing"]) == routing_after(plan, len(plan["steps"]) - 1)


def rolled_back(record: Record | None, sent: Plan) -> Plan:
    """The plan that a rollback restores traffic by: that of `record`, the deployment to be rolled back.

    `sent` is what the rollback was called with; its revision of the alias is the later one. Raises NotThePlan where it is
    another's plan, DeploymentEnded where that deployment has ended, since none ends before its rollback, and Released where
    the rollback was given up.
    """
    plan = planned(record, sent)
    if record is None or not is_running(record):
        raise DeploymentEnded("The deployment has ended already, and so has its rollback; no traffic was moved.")
    if record.get("interruption", {}).get("released"):
        raise Released("A stop request has decided that the alias is left as it is.")
    return Plan(**(plan | {"revisionId": sent["revisionId"]}))
