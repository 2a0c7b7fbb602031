"""plan: what a deployment would do, and whether it would fail; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weighbridge_cli import records
from weighbridge_cli.exits import FAILED, Refused
from weighbridge_cli.options import ALIAS, AliasName, GroupName, Place, json_option, place_options
from weighbridge_cli.output import now
from weighbridge_cli.requests import appspec, content, group_of, target_in
from weighbridge_cli.text import clean, duration, local_time, percent
from weighbridge_cli.verbs.common import alias_info, cloud_at, ended
from weighbridge_cli.verbs.deploying import (
    ENDINGS,
    Asked,
    group_for,
    hooks,
    version_to_deploy,
    what_options,
)
from weighbridge_cli.verbs.dropping import MISSING_GROUP, read

if TYPE_CHECKING:
    from weighbridge_cli.aws import Cloud


@click.command(short_help="Show what a deployment would do, and write nothing.")
@what_options
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
    no_alarms: bool,
    as_json: bool,
    place: Place,
) -> None:
    """Show the steps with their times and everything that is found beforehand, and write nothing.

    It takes what deploy takes, and ends with 1 if the deployment would fail.
    """
    asked = Asked(group, config, alarms=not no_alarms)
    cloud = cloud_at(place)
    if subject and not appspec_file and Path(subject).suffix.lower() in ENDINGS:
        appspec_file = Path(subject)
    if appspec_file:
        planned = _of_file(cloud, appspec_file, asked)
    elif subject:
        alias = ALIAS.convert(subject, None, ctx)
        planned = _of_version(cloud, alias, target, asked, hooks(before, after))
    else:
        raise click.UsageError("Say what to plan: FUNCTION[:ALIAS] or a FILE.")
    click.echo(records.text({"plan": planned}) if as_json else "\n".join(plan_lines(planned, now())))
    if would_fail(planned):
        ended(FAILED)


def _of_version(
    cloud: Cloud, alias: AliasName, target: str | None, asked: Asked, called: Mapping[str, str | None]
) -> Mapping[str, Any]:
    info = alias_info(cloud, alias)
    version = version_to_deploy(cloud, alias, target)
    chosen, is_ours = group_of(alias, asked.group, info)
    request = asked.of(content(appspec(alias, version, called)), chosen)
    try:
        return cloud.api("plan_deployment", **request.members)["plan"]  # type: ignore[no-any-return]
    except Refused as error:
        if not is_ours or error.code not in MISSING_GROUP:
            raise
        return first_plan(alias, info, version, chosen)


def first_plan(alias: AliasName, info: Mapping[str, Any], version: str, group: GroupName) -> dict[str, Any]:
    """The plan of an alias whose group is made by its first deployment: all at once, and no alarms."""
    message = (
        f"The group {group} is not there yet: deploy makes it, and what can be looked at beforehand is looked at then."
    )
    return {
        "functionName": alias.function,
        "alias": alias.name,
        **({"currentVersion": info["version"]} if "version" in info else {}),
        "targetVersion": version,
        "steps": [{"weight": 100.0, "bakeSeconds": 0, "startsAfterSeconds": 0}],
        "hooks": [],
        "alarms": [],
        "findings": [{"severity": "Warning", "code": "DEPLOYMENT_GROUP_MISSING", "message": message}],
    }


def _of_file(cloud: Cloud, file: Path, asked: Asked) -> Mapping[str, Any]:
    text = read(file)
    chosen, _, _ = group_for(cloud, file, target_in(text), asked.group)
    return cloud.api("plan_deployment", **asked.of(content(text), chosen).members)["plan"]  # type: ignore[no-any-return]


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
        time_kept = f", kept for {duration(step['bakeSeconds'])}" if step["bakeSeconds"] else ""
        lines.append(f"  {begins:<14} {percent(step['weight'])} of the traffic{time_kept}")
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
