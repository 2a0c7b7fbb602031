"""Makes the plan of a deployment: everything is looked at before anything is touched, and then held for it alone."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Literal

from aws_lambda_powertools import Logger

from weighbridge.aws import lambda_hooks, s3
from weighbridge.aws.lambda_aliases import Alias, Lambda
from weighbridge.core import appspec, planning
from weighbridge.core.appspec import AppSpec
from weighbridge.core.configs import DeploymentConfig, missing
from weighbridge.core.deployment import awaited, begun, is_drop, planned, unchecked
from weighbridge.core.errors import (
    ApplicationMissing,
    DeploymentGroupMissing,
    GroupPending,
    Interrupted,
    InvalidAppSpec,
    InvalidLambdaFunction,
    ResourceCannotBeFound,
    RolePermissions,
    VersionPending,
    classify,
)
from weighbridge.core.function_state import FunctionState, check_usable
from weighbridge.core.groups import DeploymentGroup
from weighbridge.core.ids import deployment_id
from weighbridge.core.object_keys import GROUP_FILE, identity
from weighbridge.core.plan import Plan
from weighbridge.core.record import Record
from weighbridge.core.revisions import sha256_of
from weighbridge.core.service_role import ServiceRole, alias_lock
from weighbridge.environment import environment
from weighbridge.store import deployments, settings

logger = Logger()


@dataclass(frozen=True)
class _Request:
    """What a deployment was asked for, as it was read: all of it is allowed."""

    record: Record
    group_id: str
    group: DeploymentGroup
    role: ServiceRole | None
    spec: AppSpec
    sha256: str
    config: DeploymentConfig

    @cached_property
    def control_plane(self) -> Lambda:
        return Lambda(self.record["deploymentId"], self.role)

    @property
    def alias_lock(self) -> str:
        return alias_lock(self.spec.function_name, self.spec.alias, self.role, environment.account_id)


def plan(deployment_id: str, retries: int | None) -> Plan:
    """What the deployment will do, decided once: called again, it gives the plan that is on record.

    `retries` is how often the state machine has tried before, None where an older definition does not say. Raises one of
    core.errors where something is wrong, and VersionPending or GroupPending where something has to be waited for.
    """
    record = _record(deployment_id)
    if "plan" in record:
        return record["plan"]
    request = _read(record, retries)
    published = _look_at_functions(request)
    _hold(request, published)
    return _keep(request, _decide(request, published))


def _read(record: Record, retries: int | None) -> _Request:
    with _waiting(record):
        group_id, group = _group(record, retries)
    role = planning.role_for(record, group, required=environment.service_role_required)
    content = s3.content(record, role)
    spec = appspec.parse(content)
    config = _config(planning.config_name(record, group))
    # A service role says by its own rights which hooks it may invoke.
    planning.check_allowed(spec, environment.deployable_functions, ["*"] if role else environment.invocable_hooks)
    planning.check_alias(spec, record, group)
    return _Request(record, group_id, group, role, spec, sha256_of(content), config)


def _look_at_functions(request: _Request) -> FunctionState | RolePermissions | None:
    """The state of the target version, as `_published` gives it, once that and the hooks can be used.

    Before the alias is held: whose role may not shift it must not keep others from deploying it.
    """
    if request.role:  # Weighbridge's own functions have what rights the stack gives them, each its own
        request.control_plane.check_may_shift(request.spec.function_name, request.spec.alias)
    with _waiting(request.record):
        published = _published(request.control_plane, request.spec, request.role)
        _check_hooks(request.control_plane, request.spec)
    return published


def _hold(request: _Request, published: FunctionState | RolePermissions | None) -> None:
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


def _decide(request: _Request, published: FunctionState | RolePermissions | None) -> Plan:
    record, spec = request.record, request.spec
    with _waiting(record):
        alias = _alias(request.control_plane, spec.function_name, spec.alias)
    if not published:
        raise InvalidAppSpec(
            f"The Lambda function {spec.function_name!r} has no version {spec.target_version}; "
            "publish it, or correct TargetVersion."
        )
    decided = planning.make_plan(
        record,
        spec,
        request.group,
        request.config,
        routing=alias.routing,
        revision_id=alias.revision_id,
        group_id=request.group_id,
        left_by=deployments.left_by(request.alias_lock) if alias.routing.weighted else None,
    )
    for lifecycle_event, function in decided["hooks"].items():
        lambda_hooks.check(function, lifecycle_event, record["deploymentId"], request.role)
    return decided


def _keep(request: _Request, decided: Plan) -> Plan:
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


def _group(record: Record, retries: int | None) -> tuple[str, DeploymentGroup]:
    """The group's id and settings; GroupPending where its file may have been dropped together with the AppSpec file."""
    application, name = record["applicationName"], record["deploymentGroupName"]
    group, refused = settings.group(application, name), None
    if is_drop(record) and retries is not None:
        # After the settings: what is taken over between the two readings is only read once more.
        file = s3.newest(f"{application}/{name}/{GROUP_FILE}.")
        changed, updated = file[1] if file else None, group.updated if group else None
        if planning.is_group_awaited(record, retries, updated=updated, file_changed=changed):
            refused = _refusal_of(file[0]) if file else None
            if refused is None:
                raise GroupPending(f"The deployment group {name} of {application} may be on its way with this file.")
    if group:
        return group.group_id, group.settings
    drop = (
        f"its file has been refused, as deployment {refused} says."
        if refused
        else f"drop {application}/{name}/{GROUP_FILE}.yaml first (an empty mapping, {{}}, will do)."
    )
    if settings.has_application(application):
        raise DeploymentGroupMissing(f"No Deployment Group found for name: {name}; {drop}")
    raise ApplicationMissing(f"No application found for name: {application}; {drop}")


def _refusal_of(key: str) -> str | None:
    """The deployment that says why the file of a group could not be taken over; None where it may still be."""
    version = s3.version_of(key)
    derived = deployment_id(identity(environment.bucket_name, key, version)) if version else None
    return derived if derived and deployments.get(derived) else None


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
        published = control_plane.state(spec.function_name, spec.target_version)
    except RolePermissions as error:
        if role is None:
            raise
        return error
    if published:
        check_usable(f"Version {spec.target_version} of {spec.function_name}", published, "publish another version")
    return published


def _check_hooks(control_plane: Lambda, spec: AppSpec) -> None:
    """Whether the hooks are there is seen when they are checked; of one that may not be looked at, when it is run."""
    for event, hook in spec.hooks.items():
        with suppress(RolePermissions):
            if state := control_plane.state(hook):
                check_usable(f"The {event} hook {hook}", state, "mend the hook")


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


def _alias(control_plane: Lambda, function: str, name: str) -> Alias:
    try:
        alias = control_plane.alias(function, name)
    except InvalidLambdaFunction as error:
        with suppress(RolePermissions):
            if control_plane.state(function) is None:
                raise InvalidLambdaFunction(
                    f"There is no Lambda function named {function!r} in this account and region; "
                    "correct Name in the AppSpec file, or create the function."
                ) from error
        raise
    if alias.routing.in_transition:
        raise VersionPending(
            f"Lambda is still moving the alias {name} of {function} ({alias.routing}); it is not touched before then."
        )
    return alias
