"""State "Validate deployment": everything is looked at before anything is touched."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import deployments, hooks, revisions, settings
from weighbridge.aws.aliases import Alias, Lambda
from weighbridge.core import appspec, planning
from weighbridge.core.appspec import AppSpec
from weighbridge.core.configs import DeploymentConfig, missing
from weighbridge.core.deployment import Record, begun, planned, unchecked, version_awaited
from weighbridge.core.errors import (
    ApplicationMissing,
    DeploymentGroupMissing,
    Interrupted,
    InvalidAppSpec,
    InvalidLambdaFunction,
    ResourceCannotBeFound,
    RolePermissions,
    VersionPending,
    WeighbridgeError,
    classify,
)
from weighbridge.core.function_state import FunctionState, check_usable
from weighbridge.core.groups import DeploymentGroup
from weighbridge.core.plan import Plan
from weighbridge.core.service_role import ServiceRole, alias_lock

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Plan:  # noqa: ARG001
    """{deploymentId} in, the plan out; what is wrong is raised as one of core.errors.

    A deployment is planned once: called again, it gives the plan that is on record.
    """
    logger.append_keys(deploymentId=event["deploymentId"])
    record = _record(event["deploymentId"])
    if "plan" in record:
        return cast("Plan", record["plan"])
    group_id, group = _group(record)
    role = planning.role_for(record, group, required=os.environ["SERVICE_ROLE_REQUIRED"] == "true")
    spec = appspec.parse(revisions.content(record, role))
    config = _config(planning.config_name(record, group))
    # A service role says by its own rights which hooks it may invoke.
    planning.check_allowed(spec, _patterns("DEPLOYABLE_FUNCTIONS"), ["*"] if role else _patterns("INVOCABLE_HOOKS"))
    planning.check_alias(spec, record, group)
    alarms = planning.watched_alarms(record, group)["names"]
    alias_name = alias_lock(spec.function_name, spec.alias, role, os.environ["ACCOUNT_ID"])
    change = begun(
        config.name,
        group_id=group_id,
        alarms=alarms,
        alias=alias_name,
        now=datetime.now(UTC),
        function=spec.function_info(),
        previous=deployments.target_of(record),
    )
    control_plane = Lambda(record["deploymentId"], role)
    # Asked before the alias is held: whose role may not shift it must not keep others from deploying it.
    if role:  # Weighbridge's own functions have what rights the stack gives them, each its own
        control_plane.check_may_shift(spec.function_name, spec.alias)
    published = _published(control_plane, spec, role)
    if isinstance(published, FunctionState):
        _check_usable(record, spec, published)
    elif published:
        change = replace(change, timeline=[*change.timeline, unchecked(str(published), datetime.now(UTC))])
    deployments.begin(record, change)

    alias = _alias(control_plane, spec.function_name, spec.alias)
    if not published:
        raise InvalidAppSpec(
            f"The Lambda function {spec.function_name!r} has no version {spec.target_version}; "
            "publish it, or correct TargetVersion."
        )
    plan = planning.make_plan(
        record,
        spec,
        group,
        config,
        found=alias.routing,
        revision_id=alias.revision_id,
        group_id=group_id,
        left_by=deployments.left_by(alias_name) if alias.routing.weighted else None,
    )
    for lifecycle_event, function in plan["hooks"].items():
        hooks.check(function, lifecycle_event, record["deploymentId"], role)
    change = planned(plan, datetime.now(UTC))
    kept = deployments.update(record["deploymentId"], change, unless=["interruption", "plan"])
    # None may mean that this very plan was kept and only the reply got lost: the record says what holds.
    kept = kept or _record(record["deploymentId"])
    if "interruption" in kept or "plan" not in kept:
        raise Interrupted("The deployment was interrupted before any traffic moved.")
    logger.info("Deployment planned", extra={"steps": len(plan["steps"]), "alias": alias_name})
    return cast("Plan", kept["plan"])


def _record(deployment_id: str) -> Record:
    record = deployments.get(deployment_id)
    if record is None:
        raise WeighbridgeError(f"There is no record of deployment {deployment_id}.")
    if "refusal" in record:
        kind, message = classify(record["refusal"]["error"], record["refusal"]["message"])
        raise kind(message)
    return record


def _group(record: Record) -> tuple[str, DeploymentGroup]:
    application, name = record["applicationName"], record["deploymentGroupName"]
    found = settings.group(application, name)
    if found:
        return found
    drop = f"drop {application}/{name}/deployment-group.yaml first (an empty mapping, {{}}, will do)."
    if settings.has_application(application):
        raise DeploymentGroupMissing(f"No Deployment Group found for name: {name}; {drop}")
    raise ApplicationMissing(f"No application found for name: {application}; {drop}")


def _config(name: str) -> DeploymentConfig:
    config = settings.config(name)
    if config is None:
        raise ResourceCannotBeFound(missing(name))
    return config


def _published(control_plane: Lambda, spec: AppSpec, role: ServiceRole | None) -> FunctionState | RolePermissions | None:
    """The state of the target version, None where there is none, or why a service role may not see it.

    The policy that AWS manages for CodeDeploy's roles lacks the right; Weighbridge's own roles have it.
    """
    try:
        return control_plane.state(spec.function_name, spec.target_version)
    except RolePermissions as error:
        if role is None:
            raise
        return error


def _check_usable(record: Record, spec: AppSpec, published: FunctionState) -> None:
    """Nothing is held while a version is waited for; that it is stands in the timeline, once."""
    try:
        check_usable(spec.function_name, spec.target_version, published)
    except VersionPending as error:
        if "interruption" in record:
            raise Interrupted("The deployment was interrupted before it began.") from error
        if not any(entry["event"] == "VersionAwaited" for entry in record["timeline"]):
            deployments.update(record["deploymentId"], version_awaited(str(error), datetime.now(UTC)))
        raise


def _alias(control_plane: Lambda, function: str, name: str) -> Alias:
    try:
        return control_plane.alias(function, name)
    except InvalidLambdaFunction as error:
        with suppress(RolePermissions):
            if control_plane.state(function) is None:
                raise InvalidLambdaFunction(
                    f"There is no Lambda function named {function!r} in this account and region; "
                    "correct Name in the AppSpec file, or create the function."
                ) from error
        raise


def _patterns(variable: str) -> Sequence[str]:
    return os.environ[variable].split(",")
