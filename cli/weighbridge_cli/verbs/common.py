"""What several verbs do: reach the cloud, find an alias and its deployments, follow one to its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import click

from weighbridge_cli import records
from weighbridge_cli.exits import FAILED, INTERRUPTED, REACHED, STILL_RUNNING, WAITS_FOR_PERSON, OutOfReach, Refused
from weighbridge_cli.explain import advice, conclusion, where_traffic_is
from weighbridge_cli.following import End, Patience, follow
from weighbridge_cli.options import AliasName, Place, Waiting
from weighbridge_cli.output import Display, note, now
from weighbridge_cli.progress import Progress
from weighbridge_cli.requests import nearest

if TYPE_CHECKING:
    from weighbridge_cli.aws import Cloud

AliasInfo = Mapping[str, Any]
MOST_AT_ONCE = 25
"""Ids that BatchGetDeploymentProgress takes."""


def cloud_at(place: Place) -> Cloud:
    from weighbridge_cli.aws import Cloud  # the SDK takes long to load

    return Cloud(place)


def alias_info(cloud: Cloud, alias: AliasName) -> AliasInfo:
    """The alias as it is now (AliasInfo). Raises Refused, naming what may have been meant, where there is none."""
    try:
        return find_alias(cloud, alias)
    except Refused as error:
        if error.code != "AliasDoesNotExistException":
            raise
        raise Refused(error.message + meant(cloud, alias), error.code) from error


def find_alias(cloud: Cloud, alias: AliasName) -> AliasInfo:
    """The same; raises Refused with the API's own code and sentence."""
    aliases = cloud.api("list_aliases", functionName=alias.function, alias=alias.name)["aliases"]
    if not aliases:
        raise Refused(f"There is no alias {alias}.", "AliasDoesNotExistException")
    return aliases[0]  # type: ignore[no-any-return]


def meant(cloud: Cloud, alias: AliasName) -> str:
    """A sentence with what may have been meant, as far as the caller may look."""
    try:
        names = [each["FunctionName"] for page in cloud.pages("lambda", "list_functions") for each in page["Functions"]]
        if alias.function not in names:
            return nearest(alias.function, names)
        aliases = [
            each["Name"]
            for page in cloud.pages("lambda", "list_aliases", FunctionName=alias.function)
            for each in page["Aliases"]
        ]
    except (OutOfReach, Refused):
        return ""
    return nearest(alias.name, aliases) or (f" It has: {', '.join(aliases)}." if aliases else " It has no alias yet.")


def progress_of(cloud: Cloud, deployment_id: str, *, alarms: bool = True) -> Progress:
    """Raises Refused where there is no such deployment."""
    answer = cloud.api("get_deployment_progress", deploymentId=deployment_id, includeAlarms=alarms, includeTimeline=True)
    return answer["deploymentProgress"]  # type: ignore[no-any-return]


def many(cloud: Cloud, deployment_ids: list[str]) -> list[Progress]:
    """Of up to 25, those that are there, in that order; by halves where they do not fit into one answer."""
    if not deployment_ids:
        return []
    try:
        answer = cloud.api("batch_get_deployment_progress", deploymentIds=deployment_ids)["deploymentsProgress"]
    except Refused as error:
        half = len(deployment_ids) // 2
        if error.code != "BatchLimitExceededException" or not half:
            raise
        return [*many(cloud, deployment_ids[:half]), *many(cloud, deployment_ids[half:])]
    by_id = {each["deploymentId"]: each for each in answer}
    return [by_id[each] for each in deployment_ids if each in by_id]


def deployment_of(cloud: Cloud, subject: str | AliasName) -> str:
    """The id of the deployment that is meant: of an alias the one that runs, or else the last one."""
    if isinstance(subject, str):
        return subject
    info = alias_info(cloud, subject)
    deployment_id = info.get("activeDeploymentId") or (info.get("lastDeployment") or {}).get("deploymentId")
    if not deployment_id:
        raise Refused(f"{subject} has not been deployed by Weighbridge yet.")
    return str(deployment_id)


def followed(cloud: Cloud, deployment_id: str, screen: Display, waiting: Waiting, patience: Patience | None = None) -> End:
    """Looks at a deployment until what is waited for is reached. Ctrl-C leaves it alone."""
    place = cloud.place
    try:
        return follow(
            lambda *, alarms: progress_of(cloud, deployment_id, alarms=alarms),
            screen,
            patience or Patience(waiting.timeout, screen),
            until=waiting.until,
            now=now,
            interval=waiting.interval,
        )
    except KeyboardInterrupt:
        left_alone(screen, place, deployment_id)


def left_alone(screen: Display, place: Place, deployment_id: str) -> NoReturn:
    """Ctrl-C: says how to go on, and ends. The display is over first, so that the terminal is as it was."""
    screen.__exit__(None, None, None)
    note(f"{deployment_id} goes on.")
    note(f"Go on watching: {place.command('watch', deployment_id)}")
    note(f"Stop it:        {place.command('stop', deployment_id)}")
    raise click.exceptions.Exit(INTERRUPTED)


def concluded(cloud: Cloud, screen: Display, end: End, alias: AliasName | None = None) -> int:
    """Tells how it ended; the exit code."""
    record = final_record(cloud.place, end, alias, live=_live(cloud, end, alias))
    screen.conclude(record)
    return end.code


def final_record(place: Place, end: End, alias: AliasName | None, *, live: str | None) -> dict[str, Any]:
    progress = end.progress
    if progress is None:
        message = f"{alias or 'It'} is still waited for at the time-out."
        return records.record(
            records.RESULTS[end.code],
            end.code,
            message,
            function=alias.function if alias else None,
            alias=alias.name if alias else None,
        )
    sentences = [conclusion(progress, now())]
    if end.code == FAILED:
        sentences += [where_traffic_is(progress), progress.get("advice", "")]
        sentences.append(f"More: {place.command('explain', progress['deploymentId'])}")
    elif end.code == WAITS_FOR_PERSON:
        watch, retry = (place.command(verb, progress["deploymentId"]) for verb in ("watch", "retry"))
        sentences += list(advice(progress, watch, retry))
    elif end.code == STILL_RUNNING:
        sentences.append(f"It goes on; to follow it: {place.command('watch', progress['deploymentId'])}")
    message = " ".join(sentence for sentence in sentences if sentence)
    return records.record(records.RESULTS[end.code], end.code, message, progress=progress, live=live)


def _live(cloud: Cloud, end: End, alias: AliasName | None) -> str | None:
    """The version that is live after the end; None while traffic is split, or where nobody can tell."""
    progress = end.progress or {}
    if end.code not in {REACHED, FAILED} or progress.get("status") not in {"Succeeded", "Failed", "Stopped"}:
        return None
    if progress.get("functionName") and progress.get("alias"):
        alias = AliasName(progress["functionName"], progress["alias"])
    if alias is None:
        return None
    try:
        info = find_alias(cloud, alias)
    except (OutOfReach, Refused):
        return None
    return None if info.get("additionalVersionWeights") else info.get("version")


def ended(code: int) -> NoReturn:
    """Ends the command with that code."""
    raise click.exceptions.Exit(code)
