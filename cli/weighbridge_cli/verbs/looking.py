"""status, history, explain: what there is, what was, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from weighbridge_cli import records
from weighbridge_cli.explain import explanation
from weighbridge_cli.options import ALIAS, DURATION, SUBJECT, AliasName, Place, json_option, place_options
from weighbridge_cli.output import now
from weighbridge_cli.progress import Progress, outcome, state, versions
from weighbridge_cli.progress import subject as subject_of
from weighbridge_cli.text import clean, local_time, percent, table
from weighbridge_cli.verbs.common import (
    MOST_AT_ONCE,
    AliasInfo,
    alias_info,
    cloud_at,
    deployment_of,
    many,
    progress_of,
)

if TYPE_CHECKING:
    from weighbridge_cli.aws import Cloud


@click.command(short_help="Show what is live and what is under way.")
@click.argument("alias", type=ALIAS, metavar="[FUNCTION[:ALIAS]]...", nargs=-1)
@json_option
@place_options
def status(*, alias: tuple[AliasName, ...], as_json: bool, place: Place) -> None:
    """Show a line an alias: what is live, what is under way, what is next.

    Without an argument it shows all aliases that Weighbridge has deployed.
    """
    cloud = cloud_at(place)
    infos = [alias_info(cloud, each) for each in alias] if alias else list(_all_aliases(cloud))
    running = _running(cloud, infos)
    if as_json:
        click.echo(records.text({"aliases": [dict(info) | _active(info, running) for info in infos]}))
    elif infos:
        rows = [status_row(info, running.get(info.get("activeDeploymentId", "")), now()) for info in infos]
        click.echo("\n".join(table(("ALIAS", "LIVE", "DEPLOYMENT", "STATE"), rows)))
    else:
        click.echo("Weighbridge has deployed nothing here yet.")


def _active(info: AliasInfo, running: Mapping[str, Progress]) -> dict[str, Any]:
    progress = running.get(info.get("activeDeploymentId", ""))
    return {"deployment": progress} if progress else {}


def _all_aliases(cloud: Cloud) -> Iterator[AliasInfo]:
    for page in cloud.pages("weighbridge", "list_aliases"):
        yield from page["aliases"]


def _running(cloud: Cloud, infos: list[AliasInfo]) -> dict[str, Progress]:
    ids = [info["activeDeploymentId"] for info in infos if info.get("activeDeploymentId")]
    by_id: dict[str, Progress] = {}
    for first in range(0, len(ids), MOST_AT_ONCE):
        by_id |= {each["deploymentId"]: each for each in many(cloud, ids[first : first + MOST_AT_ONCE])}
    return by_id


def status_row(info: AliasInfo, running: Progress | None, at: datetime) -> tuple[str, str, str, str]:
    """An alias (AliasInfo), and the progress of its deployment where one runs, as a row of a table."""
    return (
        f"{info['functionName']}:{info['alias']}",
        _live(info),
        str(info.get("activeDeploymentId") or (info.get("lastDeployment") or {}).get("deploymentId") or ""),
        state(running, at) if running else _resting(info),
    )


def _live(info: AliasInfo) -> str:
    """`7`, or `6 90 %, 7 10 %`."""
    weights: Mapping[str, float] = info.get("additionalVersionWeights") or {}
    if "version" not in info:
        return "?"
    if not weights:
        return str(info["version"])
    return ", ".join(
        [f"{info['version']} {percent(100 - sum(weights.values()))}", *(f"{v} {percent(w)}" for v, w in weights.items())]
    )


def _resting(info: AliasInfo) -> str:
    """What there is to say of an alias of which no deployment runs."""
    sentences = []
    last = info.get("lastDeployment") or {}
    succeeded = (info.get("lastSuccess") or {}).get("deploymentId")
    if info.get("notLookedAt"):
        sentences.append(f"could not be looked at: {info['notLookedAt']}")
    if last and last.get("deploymentId") != succeeded:
        sentences.append(f"the last deployment, to version {last.get('targetVersion', '?')}, did not succeed")
    version = info.get("wantedVersion")
    if version and version != info.get("version"):
        sentences.append(f"its stack wants version {version}")
    return "; ".join(sentences) or ("at rest" if last else "not deployed by Weighbridge yet")


@click.command(short_help="List deployments, newest first.")
@click.argument("alias", type=ALIAS, metavar="[FUNCTION[:ALIAS]]", required=False)
@click.option("--since", type=DURATION, default="30d", show_default=True, metavar="DURATION", help="How far back: 12h, 7d.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=25, show_default=True, metavar="NUMBER", help="At most so many."
)
@json_option
@place_options
def history(*, alias: AliasName | None, since: timedelta, limit: int, as_json: bool, place: Place) -> None:
    """List deployments, newest first."""
    cloud = cloud_at(place)
    deployments = list(islice((each for each in _deployments(cloud, now() - since) if _is_of(each, alias)), limit))
    if as_json:
        click.echo(records.text({"deployments": deployments}))
    elif deployments:
        heads = ("CREATED", "DEPLOYMENT", "ALIAS", "VERSIONS", "STATUS", "ASKED FOR BY")
        click.echo("\n".join(table(heads, (history_row(each) for each in deployments))))
    else:
        click.echo(f"No deployment{f' of {alias}' if alias else ''} since {local_time(now() - since)}.")


def _deployments(cloud: Cloud, since: datetime) -> Iterator[Progress]:
    """Newest first, as they are asked for: who takes a few causes a few calls."""
    for page in cloud.pages("weighbridge", "list_deployments", createTimeRange={"start": since}):
        ids = page["deployments"]
        for first in range(0, len(ids), MOST_AT_ONCE):
            yield from many(cloud, ids[first : first + MOST_AT_ONCE])


def _is_of(progress: Progress, alias: AliasName | None) -> bool:
    return alias is None or (progress.get("functionName"), progress.get("alias")) == (alias.function, alias.name)


def history_row(progress: Progress) -> tuple[str, ...]:
    by = str(progress.get("requestedBy") or progress["creator"])
    kind = f"rollback of {progress['rollbackOf']}" if progress.get("rollbackOf") else by.rpartition(":")[2]
    return (
        local_time(progress["createTime"]),
        progress["deploymentId"],
        subject_of(progress),
        versions(progress),
        outcome(progress),
        kind,
    )


@click.command(short_help="Tell a deployment in words, and what to do.")
@click.argument("subject", type=SUBJECT, metavar="DEPLOYMENT|FUNCTION[:ALIAS]")
@json_option
@place_options
def explain(*, subject: str | AliasName, as_json: bool, place: Place) -> None:
    """Tell a deployment in words: what happened when, why, and what to do.

    Of an alias it is the deployment that runs, or else the last one.
    """
    cloud = cloud_at(place)
    progress = progress_of(cloud, deployment_of(cloud, subject))
    if as_json:
        click.echo(records.text({"deployment": progress}))
        return
    watch, retry = (place.command(verb, progress["deploymentId"]) for verb in ("watch", "retry"))
    click.echo("\n".join(clean(line) for line in explanation(progress, now(), watch, retry)))
