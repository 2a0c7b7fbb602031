"""What a deployment was asked for, read, allowed and looked at, down to the plan; nothing is written.

Raises one of core.errors where something is wrong, and VersionPending or GroupPending where something has to be waited
for. So it serves deployments that begin, and those who only ask what would happen.
"""

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from weighbridge.aws import s3
from weighbridge.aws.lambda_aliases import Alias, Lambda
from weighbridge.core import appspec, planning
from weighbridge.core.appspec import AppSpec
from weighbridge.core.configs import DeploymentConfig, missing
from weighbridge.core.deployment import is_drop
from weighbridge.core.errors import (
    ApplicationMissing,
    DeploymentGroupMissing,
    GroupPending,
    InvalidAppSpec,
    InvalidLambdaFunction,
    ResourceCannotBeFound,
    RolePermissions,
    VersionPending,
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


@dataclass(frozen=True)
class Request:
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


def read(record: Record, retries: int | None) -> Request:
    group_id, group = _group(record, retries)
    role = planning.role_for(record, group, required=environment.service_role_required)
    content = s3.content(record, role)
    spec = appspec.parse(content)
    config = _config(planning.config_name(record, group))
    # A service role says by its own rights which hooks it may invoke.
    planning.check_allowed(spec, environment.deployable_functions, ["*"] if role else environment.invocable_hooks)
    planning.check_alias(spec, record, group)
    return Request(record, group_id, group, role, spec, sha256_of(content), config)


def look_at_functions(request: Request) -> FunctionState | RolePermissions | None:
    """The state of the target version, as `_published` gives it, once that and the hooks can be used.

    Before the alias is held: whose role may not shift it must not keep others from deploying it.
    """
    if request.role:  # Weighbridge's own functions have what rights the stack gives them, each its own
        request.control_plane.check_may_shift(request.spec.function_name, request.spec.alias)
    published = _published(request.control_plane, request.spec, request.role)
    _check_hooks(request.control_plane, request.spec)
    return published


def decide(request: Request, published: FunctionState | RolePermissions | None) -> Plan:
    record, spec = request.record, request.spec
    alias = _alias(request.control_plane, spec.function_name, spec.alias)
    if not published:
        raise InvalidAppSpec(
            f"The Lambda function {spec.function_name!r} has no version {spec.target_version}; "
            "publish it, or correct TargetVersion."
        )
    return planning.make_plan(
        record,
        spec,
        request.group,
        request.config,
        routing=alias.routing,
        revision_id=alias.revision_id,
        group_id=request.group_id,
        left_by=deployments.left_by(request.alias_lock) if alias.routing.weighted else None,
    )


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
