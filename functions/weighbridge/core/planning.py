"""From what was asked, what the group says and what the alias is, to the plan of a deployment."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from weighbridge.core import hooks, rollback_rule
from weighbridge.core.appspec import AppSpec
from weighbridge.core.configs import PREDEFINED, DeploymentConfig, may_be_there, missing, steps
from weighbridge.core.deployment import is_api_call
from weighbridge.core.errors import InvalidAppSpec, ResourceCannotBeFound, RoleMissing
from weighbridge.core.groups import AlarmConfiguration, AutoRollbackConfiguration, DeploymentGroup
from weighbridge.core.ids import rollback_id
from weighbridge.core.names import ALL_AT_ONCE
from weighbridge.core.plan import PLAN_VERSION, Plan, RollBackOn, WatchedAlarms
from weighbridge.core.record import Record
from weighbridge.core.rollbacks import may_start_from
from weighbridge.core.routing import Routing
from weighbridge.core.service_role import ServiceRole, service_role

_S3_SECOND = timedelta(seconds=1)
_ONE_UPLOAD = timedelta(minutes=1)
_TRIES_FOR_NONE, _TRIES_FOR_A_FILE = 5, 53
"""Ten seconds and a quarter of an hour, as the state machine retries GroupPending."""


def config_name(record: Record, group: DeploymentGroup) -> str:
    """The configuration to use: the request's, else the group's, else all at once (reference 12.1 leaves it open).

    Raises ResourceCannotBeFound for a name that none can have.
    """
    name = str(record.get("deploymentConfigName") or group.deployment_config_name or ALL_AT_ONCE)
    if not may_be_there(name):
        raise ResourceCannotBeFound(missing(name))
    return name


def watched_alarms(record: Record, group: DeploymentGroup) -> WatchedAlarms:
    """The alarms that may stop the deployment: the request's override, else the group's (reference 1.5)."""
    override = record.get("overrideAlarmConfiguration")
    settings = AlarmConfiguration.read(override) if override else group.alarm_configuration
    if settings is None:
        return WatchedAlarms(names=[], ignorePollFailure=False)
    return WatchedAlarms(names=settings.watched(), ignorePollFailure=settings.ignore_poll_alarm_failure)


def roll_back_on(record: Record, group: DeploymentGroup) -> RollBackOn:
    """When traffic is restored: as the request says, else as the group says, else always (design, rule 1)."""
    override = record.get("autoRollbackConfiguration")
    settings = AutoRollbackConfiguration.read(override) if override else group.auto_rollback_configuration
    events = (settings or AutoRollbackConfiguration()).rolls_back_on()
    return RollBackOn(
        failure="DEPLOYMENT_FAILURE" in events,
        alarm="DEPLOYMENT_STOP_ON_ALARM" in events,
        stop="DEPLOYMENT_STOP_ON_REQUEST" in events,
    )


def role_for(record: Record, group: DeploymentGroup, *, required: bool) -> ServiceRole | None:
    """The group's service role; raises RoleMissing where it names none although this installation requires one."""
    application, name = record["applicationName"], record["deploymentGroupName"]
    if required and not group.service_role_arn:
        raise RoleMissing(
            f"The deployment group {name!r} names no service role, by which alone this installation acts "
            f"(serviceRoleRequired): add serviceRoleArn to {application}/{name}/deployment-group.yaml."
        )
    return service_role(group.service_role_arn, application, name)


def check_allowed(spec: AppSpec, functions: Sequence[str], hook_functions: Sequence[str]) -> None:
    """Raises InvalidAppSpec for a function or hook that matches none of the patterns this installation may touch."""
    if not _matches(spec.function_name, functions):
        raise InvalidAppSpec(
            f"The function {spec.function_name!r} may not be deployed here: this installation is restricted to "
            f"{', '.join(functions)}. Change the context value deployableFunctions to allow more."
        )
    for event, hook in spec.hooks.items():
        if not _matches(_bare_name(hook), hook_functions):
            raise InvalidAppSpec(
                f"The {event} hook {hook!r} may not be invoked here: hooks must be named {' or '.join(hook_functions)}. "
                "Rename the hook, give the group a service role that may invoke it, or change the context value "
                "invocableHooks to allow more."
            )


def check_alias(spec: AppSpec, record: Record, group: DeploymentGroup) -> None:
    """Raises InvalidAppSpec for an alias that is none of those the group is for, where it says which."""
    alias, name = f"{spec.function_name}:{spec.alias}", record["deploymentGroupName"]
    if group.aliases is not None and alias not in group.aliases:
        raise InvalidAppSpec(
            f"The deployment group {name!r} is for other aliases than {alias}. Deploy it by a group that is for it, or "
            f"add it to aliases in {record['applicationName']}/{name}/deployment-group.yaml."
        )


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _bare_name(function: str) -> str:
    """The function's name in a name or ARN, without its qualifier."""
    return function.rsplit(":function:", maxsplit=1)[-1].split(":", maxsplit=1)[0]


def check_order(spec: AppSpec, succeeded_by: Mapping[str, str] | None) -> None:
    """Raises InvalidAppSpec for an old release that is dropped once more, which would take traffic back unasked.

    `succeeded_by` is what was deployed to the alias, {deploymentId, version}, after the very same file had succeeded there.
    Naming CurrentVersion says that the file is meant (docs/decisions/0040).
    """
    if succeeded_by and spec.current_version is None and succeeded_by["version"] != spec.target_version:
        version = succeeded_by["version"]
        raise InvalidAppSpec(
            f"This very file has been deployed before, and version {version} after it (deployment "
            f"{succeeded_by['deploymentId']}): dropped again, it does not take {spec.alias!r} back to version "
            f'{spec.target_version}. To go back on purpose, add CurrentVersion: "{version}" to it.'
        )


def is_group_awaited(record: Record, retries: int, *, updated: str | None, file_changed: datetime | None) -> bool:
    """Whether a dropped file is tried once more because its deployment group may be on its way.

    `updated` is when the group's settings were written (None: there is no such group), `file_changed` when its file was,
    in whole seconds. Files of one upload arrive in any order. So a file of the group that came with this one has the time
    to be taken over that its delivery may take, and one that is not there yet ten seconds to come; both are counted in
    `retries` of the state.
    """
    arrived = datetime.fromisoformat(record["createTime"])
    known = datetime.fromisoformat(updated) + _S3_SECOND if updated else None
    if file_changed and file_changed >= arrived - _ONE_UPLOAD and (known is None or file_changed > known):
        return retries < _TRIES_FOR_A_FILE
    return known is None and retries < _TRIES_FOR_NONE


def make_plan(  # noqa: PLR0913  # everything a plan depends on
    record: Record,
    spec: AppSpec,
    group: DeploymentGroup,
    config: DeploymentConfig,
    *,
    routing: Routing,
    revision_id: str,
    group_id: str,
    left_by: Record | None,
) -> Plan:
    """The plan for an alias that has this `routing`; `left_by` is the record of whoever left weights on it, if one did.

    Where the alias is on the target version already there is nothing to shift, which is a success, without hooks and
    alarms, but for calls of the API: these get the error that CodeDeploy has for it (decision 0067). Raises InvalidAppSpec
    for that, and where the alias is not as the AppSpec file says.
    """
    if routing.version.startswith("$LATEST"):  # or $LATEST.PUBLISHED, of functions with capacity providers
        raise InvalidAppSpec(
            f"The alias {spec.alias!r} points at {routing.version}, between which and a version traffic cannot be shifted; "
            "point it at a published version."
        )
    if spec.current_version not in {None, routing.version}:
        raise InvalidAppSpec(
            "The Lambda function alias version does not match the current version in AppSpec file. "
            f"The alias {spec.alias!r} is on version {routing.version}, CurrentVersion is {spec.current_version}; "
            "correct it, or leave it out."
        )
    if not may_start_from(routing, left_by):
        raise InvalidAppSpec(
            f"The alias {spec.alias!r} already shifts traffic ({routing}), and no deployment left it so; "
            "set it to one version and drop the file again."
        )
    nothing_to_shift = routing == Routing(spec.target_version) and not is_api_call(record)
    if routing.version == spec.target_version and config.type != "AllAtOnce" and not nothing_to_shift:
        raise InvalidAppSpec(
            f"The alias is on version {spec.target_version} already, so {config.name} has nothing to shift; "
            f"give another TargetVersion, or use {ALL_AT_ONCE}."
        )
    on = roll_back_on(record, group)
    plan = Plan(
        planVersion=PLAN_VERSION,
        applicationName=record["applicationName"],
        deploymentGroupName=record["deploymentGroupName"],
        deploymentGroupId=group_id,
        deploymentId=record["deploymentId"],
        rollbackDeploymentId=rollback_id(record["deploymentId"]),
        functionName=spec.function_name,
        alias=spec.alias,
        currentVersion=routing.version,
        targetVersion=spec.target_version,
        startRouting=routing.record(),
        revisionId=revision_id,
        steps=steps(config),
        hooks={event: spec.hooks[event] for event in (hooks.BEFORE, hooks.AFTER) if event in spec.hooks},
        alarms=watched_alarms(record, group),
        rollBackOn=on,
        rollBackAfter=rollback_rule.table(on),
    )
    if nothing_to_shift:
        plan |= {
            "steps": steps(PREDEFINED[ALL_AT_ONCE]),
            "hooks": {},
            "alarms": WatchedAlarms(names=[], ignorePollFailure=False),
        }
    if group.service_role_arn:
        plan["serviceRoleArn"] = group.service_role_arn
    return plan
