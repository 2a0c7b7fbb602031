"""retry, undo: what deploys again what was deployed before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weighbridge.core.names import ALL_AT_ONCE
from weighbridge_cli.exits import Refused
from weighbridge_cli.options import (
    ALIAS,
    GROUP,
    SUBJECT,
    VERSION,
    AliasName,
    Form,
    GroupName,
    Place,
    Waiting,
    following_options,
    place_options,
)
from weighbridge_cli.output import display
from weighbridge_cli.progress import ENDED, Progress
from weighbridge_cli.requests import (
    NO_ALARMS,
    Deployment,
    appspec,
    content,
    group_of,
    is_on,
)
from weighbridge_cli.verbs.common import (
    AliasInfo,
    alias_info,
    cloud_at,
    deployment_of,
    many,
    progress_of,
)

if TYPE_CHECKING:
    from weighbridge_cli.aws import Cloud

from weighbridge_cli.verbs.deploying import (
    already_there,
    begun,
    create,
    hook_options,
    hooks,
    is_given,
    no_alarms_option,
    send,
)

_REPEATED = ("applicationName", "deploymentGroupName", "deploymentConfigName", "revision", "overrideAlarmConfiguration")
"""The members of a deployment that a retry has, too."""


@click.command(short_help="Try a deployment that failed or was stopped again.")
@click.argument("subject", type=SUBJECT, metavar="DEPLOYMENT|FUNCTION[:ALIAS]")
@no_alarms_option
@click.option("--wait", is_flag=True, help="Follow it to its end; --until and --timeout say otherwise.")
@following_options
@place_options
@click.pass_context
def retry(
    ctx: click.Context,
    *,
    subject: str | AliasName,
    no_alarms: bool,
    wait: bool,
    waiting: Waiting,
    form: Form,
    place: Place,
) -> None:
    """Try a deployment that failed or was stopped again: the same revision, group, configuration and alarms.

    Of an alias it is the last deployment.
    """
    wait = wait or is_given(ctx, "until")
    cloud = cloud_at(place)
    with display(form) as screen:
        former = progress_of(cloud, deployment_of(cloud, subject), alarms=False)
        if former["status"] == "Succeeded" or former.get("rollbackOf"):
            what = "is a rollback" if former.get("rollbackOf") else "has succeeded"
            raise Refused(f"{former['deploymentId']} {what}: there is nothing to try again.")
        if former["status"] not in ENDED:
            raise Refused(
                f"{former['deploymentId']} is still running: {place.command('watch', former['deploymentId'])} follows it, "
                f"{place.command('stop', former['deploymentId'])} ends it."
            )
        info = cloud.api("get_deployment", deploymentId=former["deploymentId"])["deploymentInfo"]
        members = {name: info[name] for name in _REPEATED if info.get(name)}
        if no_alarms:
            members["overrideAlarmConfiguration"] = NO_ALARMS
        if "revision" not in members:
            raise Refused(f"{former['deploymentId']} had no revision that can be deployed again.")
        alias = AliasName(former["functionName"], former["alias"]) if former.get("functionName") else None
        if alias and is_on(alias_info(cloud, alias), former["targetVersion"]):
            already_there(screen, alias, former["targetVersion"])
            return
        description = f"Retry of {former['deploymentId']}"
        started = send(cloud, members | {"description": description})
        begun(cloud, started, alias, screen, form, waiting if wait else None)


@click.command(short_help="Go back to the version before the last success.")
@click.argument("alias", type=ALIAS, metavar="FUNCTION[:ALIAS]")
@click.option("--to", "target", type=VERSION, metavar="VERSION", help="By default the version before the last success.")
@click.option("--config", metavar="NAME", default=ALL_AT_ONCE, show_default=True, help="How the traffic moves.")
@click.option("--group", type=GROUP, metavar="APP/GROUP", help="The deployment group; by default the one of the last time.")
@hook_options
@click.option("--alarms", is_flag=True, help="Watch the group's alarms, and do not begin while one is red.")
@click.option("--wait", is_flag=True, help="Follow it to its end; --until and --timeout say otherwise.")
@following_options
@place_options
@click.pass_context
def undo(
    ctx: click.Context,
    *,
    alias: AliasName,
    target: str | None,
    config: str,
    group: GroupName | None,
    before: str | None,
    after: str | None,
    alarms: bool,
    wait: bool,
    waiting: Waiting,
    form: Form,
    place: Place,
) -> None:
    """Go back to the version before the last deployment that succeeded, or to another one.

    It is a deployment like any other, but all at once, whatever the alarms say, and without hooks: it is what
    takes a fault back. Options say otherwise. What is still running is not undone but stopped: weighbridge stop.
    """
    wait = wait or is_given(ctx, "until")
    cloud = cloud_at(place)
    with display(form) as screen:
        info = alias_info(cloud, alias)
        if active := info.get("activeDeploymentId"):
            raise Refused(f"{active} is running: {place.command('stop', active)} ends it, and puts its traffic back.")
        version = target or _version_before(cloud, alias, info)
        if is_on(info, version):
            already_there(screen, alias, version)
            return
        chosen, is_ours = group_of(alias, group, info)
        screen.say(f"{alias} goes back from version {info.get('version', '?')} to version {version}.")
        request = Deployment(
            chosen, content(appspec(alias, version, hooks(before, after))), config, f"Undo to version {version}", alarms
        )
        started = create(cloud, request, alias if is_ours else None)
        begun(cloud, started, alias, screen, form, waiting if wait else None)


def _version_before(cloud: Cloud, alias: AliasName, info: AliasInfo) -> str:
    """Where the last success came from; rollbacks are none."""
    last = (info.get("lastSuccess") or {}).get("deploymentId")
    successes = many(cloud, [last]) if last else []
    if not successes or successes[0].get("rollbackOf"):
        successes = _successes(cloud, alias, info)
    before = successes[0].get("currentVersion") if successes else None
    if not before:
        raise Refused(
            f"Nothing is known to go back to: no deployment of {alias} has succeeded yet. Choose a version by --to."
        )
    return str(before)


def _successes(cloud: Cloud, alias: AliasName, info: AliasInfo) -> list[Progress]:
    """The last success of the alias's group that was no rollback, as far as its latest hundred deployments go."""
    if not info.get("applicationName"):
        return []
    ids = cloud.api(
        "list_deployments",
        applicationName=info["applicationName"],
        deploymentGroupName=info["deploymentGroupName"],
        includeOnlyStatuses=["Succeeded"],
    )["deployments"]
    for first in range(0, len(ids), 25):
        for each in many(cloud, ids[first : first + 25]):
            if (each.get("functionName"), each.get("alias")) == (alias.function, alias.name) and not each.get("rollbackOf"):
                return [each]
    return []
