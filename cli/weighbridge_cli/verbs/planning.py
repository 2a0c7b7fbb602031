"""plan: what a deployment would do, and whether it would fail; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weighbridge_cli import records
from weighbridge_cli.exits import FAILED, Refused
from weighbridge_cli.options import ALIAS, GROUP, TARGET, AliasName, GroupName, Place, json_option, place_options
from weighbridge_cli.output import now
from weighbridge_cli.requests import Deployment, appspec, content, group_of, named_in
from weighbridge_cli.text import clean, duration, local_time, percent
from weighbridge_cli.verbs.common import alias_info, cloud_at, ended
from weighbridge_cli.verbs.deploying import ENDINGS, group_for, hook_options, hooks, read, version_to_deploy

if TYPE_CHECKING:
    from weighbridge_cli.aws import Cloud

_MISSING_GROUP = {"ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException"}


@click.command(short_help="Show what a deployment would do, and write nothing.")
@click.argument("subject", metavar="FUNCTION[:ALIAS]|FILE", required=False)
@click.option("--target", type=TARGET, metavar="VERSION|latest", help="The version; by default the highest published one.")
@click.option("--config", metavar="NAME", help="Another deployment configuration than the group's.")
@click.option("--group", type=GROUP, metavar="APP/GROUP", help="The deployment group; by default the one of the last time.")
@click.option(
    "--appspec",
    "appspec_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Plan what this AppSpec file says.",
)
@hook_options
@json_option
@place_options
@click.pass_context
def plan(
    ctx: click.Context,
    *,
    subject: str | None,
    target: str | None,
    config: str | None,
    group: GroupName | None,
    appspec_file: Path | None,
    before: str | None,
    after: str | None,
    as_json: bool,
    place: Place,
) -> None:
    """Show the steps with their times and everything that is found beforehand, and write nothing.

    It takes what deploy takes, and ends with 1 if the deployment would fail.
    """
    cloud = cloud_at(place)
    if subject and not appspec_file and Path(subject).suffix.lower() in ENDINGS:
        appspec_file = Path(subject)
    if appspec_file:
        planned = _of_file(cloud, appspec_file, group, config)
    elif subject:
        named = ALIAS.convert(subject, None, ctx)
        planned = _of_version(cloud, named, target, group, config, hooks(before, after))
    else:
        raise click.UsageError("Say what to plan: FUNCTION[:ALIAS] or a FILE.")
    click.echo(records.text({"plan": planned}) if as_json else "\n".join(plan_lines(planned, now())))
    if would_fail(planned):
        ended(FAILED)


def _of_version(  # noqa: PLR0917 - what was typed
    cloud: Cloud,
    named: AliasName,
    target: str | None,
    group: GroupName | None,
    config: str | None,
    called: Mapping[str, str | None],
) -> Mapping[str, Any]:
    info = alias_info(cloud, named)
    version = version_to_deploy(cloud, named, target)
    chosen, is_ours = group_of(named, group, info)
    request = Deployment(chosen, content(appspec(named, version, called)), config)
    try:
        return cloud.api("plan_deployment", **request.members)["plan"]  # type: ignore[no-any-return]
    except Refused as error:
        if not is_ours or error.code not in _MISSING_GROUP:
            raise
        return first_plan(named, info, version, chosen)


def first_plan(named: AliasName, info: Mapping[str, Any], version: str, group: GroupName) -> dict[str, Any]:
    """The plan of an alias whose group is made by its first deployment: all at once, and no alarms."""
    message = (
        f"The group {group} is not there yet: deploy makes it, and what can be looked at beforehand is looked at then."
    )
    return {
        "functionName": named.function,
        "alias": named.alias,
        **({"currentVersion": info["version"]} if "version" in info else {}),
        "targetVersion": version,
        "steps": [{"weight": 100.0, "bakeSeconds": 0, "startsAfterSeconds": 0}],
        "hooks": [],
        "alarms": [],
        "findings": [{"severity": "Warning", "code": "DEPLOYMENT_GROUP_MISSING", "message": message}],
    }


def _of_file(cloud: Cloud, file: Path, group: GroupName | None, config: str | None) -> Mapping[str, Any]:
    text = read(file)
    chosen, _, _ = group_for(cloud, file, named_in(text), group)
    return cloud.api("plan_deployment", **Deployment(chosen, content(text), config).members)["plan"]  # type: ignore[no-any-return]


def would_fail(planned: Mapping[str, Any]) -> bool:
    return any(finding["severity"] == "Error" for finding in planned.get("findings", []))


def plan_lines(planned: Mapping[str, Any], at: datetime) -> list[str]:
    """The plan in words; `at` is when it would begin."""
    lines = []
    if "functionName" in planned:
        begins = f" from version {planned['currentVersion']}" if planned.get("currentVersion") else ""
        ends = f" to version {planned['targetVersion']}" if planned.get("targetVersion") else ""
        lines.append(f"{planned['functionName']}:{planned.get('alias', '?')}{begins}{ends}")
    if planned.get("deploymentConfigName"):
        lines.append(f"  configuration  {planned['deploymentConfigName']}")
    if planned.get("serviceRoleArn"):
        lines.append(f"  role           {planned['serviceRoleArn']}")
    called = {hook["lifecycleEventName"]: hook["functionName"] for hook in planned.get("hooks", [])}
    if "BeforeAllowTraffic" in called:
        lines.append(f"  first          {called['BeforeAllowTraffic']} is asked (BeforeAllowTraffic)")
    steps = planned.get("steps", [])
    for step in steps:
        begins = local_time(at + timedelta(seconds=step["startsAfterSeconds"]), at)
        kept = f", kept for {duration(step['bakeSeconds'])}" if step["bakeSeconds"] else ""
        lines.append(f"  {begins:<14} {percent(step['weight'])} of the traffic{kept}")
    if "AfterAllowTraffic" in called:
        lines.append(f"  last           {called['AfterAllowTraffic']} is asked (AfterAllowTraffic)")
    if steps:
        last = steps[-1]
        lines.append(f"  takes          {duration(last['startsAfterSeconds'] + last['bakeSeconds'])}, beside hooks")
    lines += [f"  alarm          {alarm['name']}  {alarm.get('state', '')}".rstrip() for alarm in planned.get("alarms", [])]
    if "rollbackEvents" in planned:
        lines.append(f"  traffic back   {', '.join(planned['rollbackEvents']) or 'never'}")
    lines += [f"{finding['severity']}: {finding['message']} ({finding['code']})" for finding in planned.get("findings", [])]
    verdict = "It would fail." if would_fail(planned) else "Nothing stands against it."
    return [clean(line) for line in [*lines, verdict]]
