"""What a deployment would do, and what keeps it from that: all that its start looks at, and nothing written.

Whether its hooks may be invoked is not tried: that takes the right to invoke them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, TypeVar

from weighbridge.aws import cloudwatch
from weighbridge.core import alarms, planning
from weighbridge.core.deployment import remark
from weighbridge.core.errors import Retryable, WeighbridgeError
from weighbridge.core.plan import Plan
from weighbridge.core.record import Record
from weighbridge.core.rollback_rule import events
from weighbridge.lifecycle import preparation
from weighbridge.lifecycle.preparation import Request
from weighbridge.store import deployments

T = TypeVar("T")


@dataclass
class _Findings:
    entries: list[dict[str, str]] = field(default_factory=list)

    def attempt(self, look: Callable[[], T]) -> T | None:
        """What a look gives; None where it finds an error, which is kept. Raises Retryable: nothing is known then."""
        try:
            return look()
        except Retryable:
            raise
        except WeighbridgeError as error:
            self.error(error)
            return None

    def error(self, error: WeighbridgeError) -> None:
        self.entries.append({"severity": "Error", "code": error.code, "message": str(error)})

    def warn(self, message: str) -> None:
        self.entries.append({"severity": "Warning", "code": "", "message": message})


def preview(record: Record) -> dict[str, Any]:
    """A PlannedDeployment, as api.additions describes it, for the record of a deployment that is not kept.

    Members are None as far as an error keeps them from being known. Raises Retryable where AWS does not answer.
    """
    findings = _Findings()
    request = findings.attempt(lambda: preparation.read(record, None))
    if request is None:
        return {"findings": findings.entries}
    states = _look_at_alarms(request, findings)
    findings.attempt(lambda: deployments.check_free(record, request.alias_lock))
    plan = findings.attempt(lambda: preparation.decide(request, preparation.look_at_functions(request)))
    if plan and (worth_knowing := remark(plan)):
        findings.warn(worth_knowing)
    watched = planning.watched_alarms(record, request.group)["names"]
    return {
        "functionName": request.spec.function_name,
        "alias": request.spec.alias,
        "targetVersion": request.spec.target_version,
        "deploymentConfigName": request.config.name,
        "hooks": [{"lifecycleEventName": event, "functionName": hook} for event, hook in request.spec.hooks.items()],
        "alarms": [{"name": name, "state": states.get(name)} for name in watched],
        "rollbackEvents": events(planning.roll_back_on(record, request.group)),
        "serviceRoleArn": request.role.arn if request.role else None,
        "currentVersion": plan["currentVersion"] if plan else None,
        "steps": list(_steps(plan)) if plan else None,
        "findings": findings.entries,
    }


def _steps(plan: Plan) -> Iterator[dict[str, Any]]:
    begins = accumulate((step["bakeSeconds"] for step in plan["steps"]), initial=0)
    for step, seconds in zip(plan["steps"], begins, strict=False):  # the last one is the end
        weight = round(100 * step["weight"], 4)
        yield {"weight": weight, "bakeSeconds": step["bakeSeconds"], "startsAfterSeconds": seconds}


def _look_at_alarms(request: Request, findings: _Findings) -> dict[str, str]:
    """The states of the alarms that would be watched."""
    watched = planning.watched_alarms(request.record, request.group)
    try:
        readings = cloudwatch.read(watched["names"], request.record["deploymentId"], request.role)
    except Retryable:
        raise
    except WeighbridgeError as error:
        judged, states = alarms.verdict(watched, error), dict.fromkeys(watched["names"], "Unreadable")
    else:
        judged = alarms.verdict(watched, readings, kinds=cloudwatch.kinds())
        states = {name: readings[name].state if name in readings else "Missing" for name in watched["names"]}
    if judged.failure:
        findings.error(judged.failure)
    elif judged.reason:
        findings.warn(judged.reason)
    return states
