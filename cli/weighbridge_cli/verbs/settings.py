"""group and config: what deployments go by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from weighbridge.core.deployment import STYLE
from weighbridge.core.rollback_rule import ROLLBACK_EVENTS
from weighbridge_cli import records
from weighbridge_cli.exits import Refused
from weighbridge_cli.options import GROUP, GroupName, Place, json_option, place_options
from weighbridge_cli.requests import routing
from weighbridge_cli.text import clean
from weighbridge_cli.verbs.common import cloud_at
from weighbridge_cli.verbs.dropping import MISSING_GROUP, read
from weighbridge_cli.verbs.dropping import set_group as drop_group

_SHOWN = (
    "deploymentConfigName",
    "serviceRoleArn",
    "alarmConfiguration",
    "autoRollbackConfiguration",
    "triggerConfigurations",
)


@click.group(short_help="Show or set deployment groups.")
def group() -> None:
    """Show deployment groups, or set one: configuration, alarms, role, rollback."""


@group.command("show")
@click.argument("group_name", type=GROUP, metavar="[APP/GROUP]", required=False)
@json_option
@place_options
def show_group(*, group_name: GroupName | None, as_json: bool, place: Place) -> None:
    """Show a group as the file that it could be dropped as; without an argument, the names of all groups."""
    cloud = cloud_at(place)
    if group_name is None:
        names = [
            f"{application}/{name}"
            for page in cloud.pages("weighbridge", "list_applications")
            for application in page["applications"]
            for groups in cloud.pages("weighbridge", "list_deployment_groups", applicationName=application)
            for name in groups["deploymentGroups"]
        ]
        click.echo(records.text({"groups": names}) if as_json else "\n".join(clean(name) for name in names))
        return
    info = cloud.api("get_deployment_group", applicationName=group_name.application, deploymentGroupName=group_name.group)
    info = info["deploymentGroupInfo"]
    click.echo(
        records.text({"group": info}) if as_json else _as_yaml({name: info[name] for name in _SHOWN if info.get(name)})
    )


def _as_yaml(document: Any) -> str:
    import yaml  # it takes long to load

    return str(yaml.safe_dump(records.plain(document), sort_keys=False)).rstrip()


@group.command("set")
@click.argument("group_name", type=GROUP, metavar="APP/GROUP")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
@click.option("--config", metavar="NAME", help="The deployment configuration.")
@click.option(
    "--alarm",
    "alarms",
    multiple=True,
    metavar="NAME",
    help="An alarm to watch, instead of those that are; repeat it for several.",
)
@click.option("--no-alarms", is_flag=True, help="Watch none.")
@click.option("--role", metavar="ARN", help="The role by which its deployments act.")
@click.option("--rollback/--no-rollback", default=None, help="Whether traffic goes back after a failure, an alarm, a stop.")
@place_options
def set_group(
    *,
    group_name: GroupName,
    file: Path | None,
    config: str | None,
    alarms: tuple[str, ...],
    no_alarms: bool,
    role: str | None,
    rollback: bool | None,
    place: Place,
) -> None:
    """Set a group by a FILE (deployment-group.yaml), which is dropped and checked, or change single settings by options.

    What no option names stays as it is. A group that is not there is made; by options it takes a --role.
    """
    if alarms and no_alarms:
        raise click.UsageError("Choose one of --alarm and --no-alarms.")
    changes = group_changes(config, alarms, role, rollback=rollback, no_alarms=no_alarms)
    if bool(file) == bool(changes):
        raise click.UsageError("Give a FILE, or what to change: --config, --alarm, --no-alarms, --role, --rollback.")
    cloud = cloud_at(place)
    names = {"applicationName": group_name.application}
    if file:
        drop_group(cloud, group_name, read(file))
        click.echo(f"{group_name} is as {clean(file.name)} says.")
        return
    try:
        cloud.api("update_deployment_group", **names, currentDeploymentGroupName=group_name.group, **changes)
        click.echo(f"{group_name} is changed.")
    except Refused as error:
        if error.code not in MISSING_GROUP:
            raise
        if not role:
            raise Refused(f"{error.message} To make it, give a FILE or --role.", error.code) from error
        if error.code == "ApplicationDoesNotExistException":
            cloud.api("create_application", **names, computePlatform="Lambda")
        cloud.api(
            "create_deployment_group",
            **names,
            deploymentGroupName=group_name.group,
            deploymentStyle=dict(STYLE),
            **changes,
        )
        click.echo(f"{group_name} is made.")


def group_changes(
    config: str | None,
    alarms: tuple[str, ...],
    role: str | None,
    *,
    rollback: bool | None,
    no_alarms: bool,
) -> dict[str, Any]:
    """The members of UpdateDeploymentGroup that were given."""
    changes: dict[str, Any] = {}
    if config:
        changes["deploymentConfigName"] = config
    if alarms:
        changes["alarmConfiguration"] = {"enabled": True, "alarms": [{"name": name} for name in alarms]}
    if no_alarms:
        changes["alarmConfiguration"] = {"enabled": False, "alarms": []}
    if role:
        changes["serviceRoleArn"] = role
    if rollback is not None:
        changes["autoRollbackConfiguration"] = {"enabled": rollback, "events": list(ROLLBACK_EVENTS) if rollback else []}
    return changes


@click.group(short_help="Show or make deployment configurations.")
def config() -> None:
    """Show deployment configurations, or make one: how traffic moves."""


@config.command("show")
@click.argument("name", required=False)
@json_option
@place_options
def show_config(*, name: str | None, as_json: bool, place: Place) -> None:
    """Show a configuration as the file that it could be dropped as; without an argument, the names of those for Lambda."""
    cloud = cloud_at(place)
    if name is None:
        names = [
            each for page in cloud.pages("weighbridge", "list_deployment_configs") for each in page["deploymentConfigsList"]
        ]
        names = [each for each in names if not each.startswith("CodeDeployDefault.") or ".Lambda" in each]
        click.echo(records.text({"configs": names}) if as_json else "\n".join(clean(each) for each in names))
        return
    info = cloud.api("get_deployment_config", deploymentConfigName=name)["deploymentConfigInfo"]
    routed = {"trafficRoutingConfig": info.get("trafficRoutingConfig", {})}
    click.echo(records.text({"config": info}) if as_json else _as_yaml(routed))


@config.command("set")
@click.argument("name")
@click.option("--canary", metavar="PERCENT@DURATION", help="So much traffic first, and the rest after that time: 10@5m.")
@click.option("--linear", metavar="PERCENT@DURATION", help="So much traffic a step, with that time between: 20@3m.")
@place_options
def set_config(*, name: str, canary: str | None, linear: str | None, place: Place) -> None:
    """Make a configuration. Without --canary and --linear it moves all traffic at once.

    One that is there is not changed, for deployments go by it: make another one.
    """
    cloud = cloud_at(place)
    cloud.api(
        "create_deployment_config",
        deploymentConfigName=name,
        computePlatform="Lambda",
        trafficRoutingConfig=routing(canary, linear),
    )
    click.echo(f"{clean(name)} is made.")
