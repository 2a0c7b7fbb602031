"""From what was typed to what the API is asked. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from weighbridge.core.errors import InvalidDocument
from weighbridge_cli.exits import Refused
from weighbridge_cli.options import AliasName, GroupName, alias_named
from weighbridge_cli.text import clean, sentence_list

NO_ALARMS = {"enabled": False}
"""Instead of a deployment group's alarms, for one deployment."""
MOST = 99
"""Percent of a step: with all of it there would be no other."""
DEEPEST = 20
"""Levels of an AppSpec file, as the service reads it."""


def appspec(alias: AliasName, target: str, hooks: Mapping[str, str | None]) -> str:
    """The content of an AppSpec file; CurrentVersion is read from the alias by the service."""
    properties = {"Name": alias.function, "Alias": alias.name, "TargetVersion": target}
    resource = {alias.function: {"Type": "AWS::Lambda::Function", "Properties": properties}}
    document: dict[str, Any] = {"version": "0.0", "Resources": [resource]}
    called = [{event: hook} for event, hook in hooks.items() if hook]
    return json.dumps(document | ({"Hooks": called} if called else {}))


def content(text: str) -> dict[str, Any]:
    """A revision of an AppSpec file's content."""
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": text}}


@dataclass(frozen=True)
class Deployment:
    """The members of CreateDeployment, and of PlanDeployment."""

    group: GroupName
    revision: Mapping[str, Any]
    config: str | None = None
    description: str | None = None
    alarms: bool = True
    """Whether the group's alarms are watched."""

    @property
    def members(self) -> dict[str, Any]:
        members = {
            "applicationName": self.group.application,
            "deploymentGroupName": self.group.group,
            "revision": self.revision,
            "deploymentConfigName": self.config,
            "description": self.description,
            "overrideAlarmConfiguration": None if self.alarms else NO_ALARMS,
        }
        return {name: value for name, value in members.items() if value is not None}


def group_of(alias: AliasName, option: GroupName | None, info: Mapping[str, Any]) -> tuple[GroupName, bool]:
    """The group to deploy by, and whether it is the one that the command makes on first use."""
    if option:
        return option, False
    if info.get("applicationName") and info.get("deploymentGroupName"):
        return GroupName(info["applicationName"], info["deploymentGroupName"]), False
    return GroupName(alias.function, alias.name), True


def default_group_file(alias: AliasName) -> str:
    """The file of the group that the command makes: all defaults, and for this alias only."""
    return json.dumps({"aliases": [str(alias)]})


def is_on(info: Mapping[str, Any], version: str) -> bool:
    """Whether an alias (AliasInfo) has all its traffic on the version, and nothing is under way."""
    return (
        info.get("version") == version and not info.get("additionalVersionWeights") and not info.get("activeDeploymentId")
    )


def latest(versions: Iterable[str]) -> str | None:
    """The highest published version; None where none is."""
    published = [int(version) for version in versions if version.isdigit()]
    return str(max(published)) if published else None


@dataclass(frozen=True)
class Target:
    """What an AppSpec file names."""

    alias: AliasName
    version: str


def target_in(text: str) -> Target | None:
    """What an AppSpec file names; None where it cannot be read here, which the service then says better."""
    from weighbridge.core.yaml_text import load  # PyYAML takes long to load

    try:
        document = load(text, DEEPEST)
        [resource] = document["Resources"]  # type: ignore[index]
        [described] = resource.values()
        properties = described["Properties"]
        alias = alias_named(f"{properties['Name']}:{properties['Alias']}")
        return Target(alias, str(properties["TargetVersion"])) if alias else None
    except (InvalidDocument, LookupError, TypeError, ValueError, AttributeError):
        return None


def nearest(name: str, names: Iterable[str]) -> str:
    """A sentence that names what may have been meant; empty where nothing is near."""
    near = get_close_matches(name, list(names), n=3, cutoff=0.6)
    return f" Did you mean {sentence_list([clean(each) for each in near])}?" if near else ""


def routing(canary: str | None, linear: str | None) -> dict[str, Any]:
    """A configuration's trafficRoutingConfig from `10@5m`: percent, and minutes. Raises Refused."""
    from weighbridge_cli.options import DURATION

    if canary and linear:
        raise Refused("Choose one of --canary and --linear.")
    pace = canary or linear
    if not pace:
        return {"type": "AllAtOnce"}
    share, at, pause = pace.partition("@")
    minutes = DURATION.convert(pause, None, None).total_seconds() / 60 if at and pause else 0
    if not share.isdigit() or not 0 < int(share) <= MOST or minutes < 1 or minutes % 1:
        raise Refused(f"{clean(pace)!r} is no PERCENT@DURATION of whole minutes, as in 10@5m.")
    kind = "Canary" if canary else "Linear"
    values = {f"{kind.lower()}Percentage": int(share), f"{kind.lower()}Interval": int(minutes)}
    return {"type": f"TimeBased{kind}", f"timeBased{kind}": values}
