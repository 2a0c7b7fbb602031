"""Makes the plan of a deployment: everything is looked at before anything is touched, and then held for it alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

from aws_lambda_powertools import Logger

from weighbridge.aws import lambda_hooks
from weighbridge.core import planning
from weighbridge.core.deployment import awaited, begun, is_drop, planned, unchecked
from weighbridge.core.errors import (
    GroupPending,
    Interrupted,
    RolePermissions,
    VersionPending,
    classify,
)
from weighbridge.core.function_state import FunctionState
from weighbridge.core.plan import Plan
from weighbridge.core.record import Record
from weighbridge.lifecycle import preparation
from weighbridge.lifecycle.preparation import Request
from weighbridge.store import deployments

logger = Logger()


def plan(deployment_id: str, retries: int | None) -> Plan:
    """What the deployment will do, decided once: called again, it gives the plan that is on record.

    `retries` is how often the state machine has tried before, None where an older definition does not say. Raises one of
    core.errors where something is wrong, and VersionPending or GroupPending where something has to be waited for.
    """
    record = _record(deployment_id)
    if "plan" in record:
        return record["plan"]
    with _waiting(record):
        request = preparation.read(record, retries)
        published = preparation.look_at_functions(request)
    _hold(request, published)
    with _waiting(record):
        decided = preparation.decide(request, published)
    for lifecycle_event, function in decided["hooks"].items():
        lambda_hooks.check(function, lifecycle_event, deployment_id, request.role)
    return _keep(request, decided)


def _hold(request: Request, published: FunctionState | RolePermissions | None) -> None:
    """Takes the group and the alias for this deployment alone; again, it keeps them."""
    record, spec = request.record, request.spec
    change = begun(
        request.config.name,
        group_id=request.group_id,
        alarms=planning.watched_alarms(record, request.group)["names"],
        alias=request.alias_lock,
        now=datetime.now(UTC),
        function=spec.function_info(),
        previous=deployments.target_of(record),
        sha256=request.sha256 if is_drop(record) else None,
    )
    if isinstance(published, RolePermissions):
        change = replace(change, timeline=[*change.timeline, unchecked(str(published), datetime.now(UTC))])
    if "locks" in record:  # it is tried again, and the timeline has it
        change = replace(change, timeline=[])
    # An old release must neither keep a new one from the alias nor follow one that has succeeded meanwhile.
    planning.check_order(spec, deployments.succeeded_by(record, request.sha256, request.alias_lock))
    deployments.begin(record, change)
    planning.check_order(spec, deployments.succeeded_by(record, request.sha256, request.alias_lock))


def _keep(request: Request, decided: Plan) -> Plan:
    """The plan that is on record afterwards."""
    deployment_id = request.record["deploymentId"]
    record = deployments.update(deployment_id, planned(decided, datetime.now(UTC)), unless=["interruption", "plan"])
    # None may mean that this very plan was kept and only the reply got lost: the record says what holds.
    record = record or _record(deployment_id)
    if "interruption" in record or "plan" not in record:
        raise Interrupted("The deployment was interrupted before any traffic moved.")
    logger.info("Deployment planned", extra={"steps": len(decided["steps"]), "alias": request.alias_lock})
    return record["plan"]


def _record(deployment_id: str) -> Record:
    record = deployments.existing(deployment_id)
    if "refusal" in record:
        kind, message = classify(record["refusal"]["error"], record["refusal"]["message"])
        raise kind(message)
    return record


@contextmanager
def _waiting(record: Record) -> Iterator[None]:
    """What is waited for in the block stands in the timeline, once; a deployment that is to end does not wait."""
    try:
        yield
    except (VersionPending, GroupPending) as error:
        if "interruption" in record:
            raise Interrupted("The deployment was interrupted before any traffic moved.") from error
        if str(error) not in {entry.get("reason") for entry in record["timeline"]}:
            event: Literal["VersionAwaited", "GroupAwaited"] = (
                "GroupAwaited" if isinstance(error, GroupPending) else "VersionAwaited"
            )
            deployments.update(record["deploymentId"], awaited(event, str(error), datetime.now(UTC)))
        raise
