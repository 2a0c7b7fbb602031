"""wait, watch, stop: what follows a deployment that is there, or will be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from weighbridge_cli import records
from weighbridge_cli.exits import FAILED, INTERRUPTED, REACHED, STILL_RUNNING, Refused
from weighbridge_cli.following import MOVING, End, Patience, TimeIsOver
from weighbridge_cli.options import (
    SUBJECT,
    VERSION,
    AliasName,
    Form,
    Place,
    Waiting,
    following_options,
    place_options,
)
from weighbridge_cli.output import Display, display, note
from weighbridge_cli.progress import ENDED
from weighbridge_cli.requests import is_on
from weighbridge_cli.verbs.common import (
    AliasInfo,
    cloud_at,
    concluded,
    deployment_of,
    ended,
    find_alias,
    followed,
    many,
    progress_of,
)
from weighbridge_cli.verbs.deploying import already_there

if TYPE_CHECKING:
    from weighbridge_cli.aws import Cloud


@click.command(short_help="Wait for a deployment, or until a version is live.")
@click.argument("subject", type=SUBJECT, metavar="DEPLOYMENT|FUNCTION[:ALIAS]", required=False)
@click.option("--version", type=VERSION, metavar="VERSION", help="The version that is to be live.")
@click.option(
    "--new", is_flag=True, help="Do not count a deployment of that version that had failed before this command began."
)
@following_options
@place_options
def wait(
    *,
    subject: str | AliasName | None,
    version: str | None,
    new: bool,
    waiting: Waiting,
    form: Form,
    place: Place,
) -> None:
    """Wait for a deployment, or until a version is live on an alias.

    With FUNCTION[:ALIAS] --version VERSION the deployment need not be there yet: it is waited for, too. Where the
    version is live already, with all traffic, it is a success at once; where its last deployment has failed, it
    is a failure at once, unless --new.
    """
    if subject is None:
        raise click.UsageError("Say what to wait for: a deployment's id, or FUNCTION[:ALIAS] with --version.")
    if isinstance(subject, str) and version:
        raise click.UsageError("A deployment has its version: leave out --version.")
    if not isinstance(subject, str) and not version:
        raise click.UsageError("Say which version is to be live: --version.")
    cloud = cloud_at(place)
    with display(form) as screen:
        if isinstance(subject, str):
            ended(concluded(cloud, screen, followed(cloud, subject, screen, waiting)))
        elif version:
            ended(_until_live(cloud, subject, version, screen, waiting, new=new))


def _until_live(cloud: Cloud, alias: AliasName, version: str, screen: Display, waiting: Waiting, *, new: bool) -> int:
    patience = Patience(waiting.timeout, screen)
    try:
        deployment_id = _awaited(cloud, alias, version, screen, patience, interval=waiting.interval or MOVING, new=new)
    except TimeIsOver:
        message = f"No deployment of version {version} to {alias} has begun within the time-out."
        screen.conclude(
            records.record(
                "StillRunning", STILL_RUNNING, message, function=alias.function, alias=alias.name, target=version
            )
        )
        return STILL_RUNNING
    except KeyboardInterrupt:
        screen.__exit__(None, None, None)
        note(f"Go on waiting: {cloud.place.command('wait', str(alias), '--version', version)}")
        raise click.exceptions.Exit(INTERRUPTED) from None
    if deployment_id is None:
        already_there(screen, alias, version)
        return REACHED
    return concluded(cloud, screen, followed(cloud, deployment_id, screen, waiting, patience), alias)


def _awaited(
    cloud: Cloud, alias: AliasName, version: str, screen: Display, patience: Patience, *, interval: float, new: bool
) -> str | None:
    """The deployment of the version, once there is one; None where the version is live. Raises TimeIsOver, OutOfReach."""
    passed_over: str | None = None
    is_first = True
    while True:
        info = patience.ask(lambda: _alias_or_nothing(cloud, alias))
        if is_on(info, version):
            return None
        last, success = info.get("lastDeployment") or {}, info.get("lastSuccess") or {}
        # One that has succeeded, where the alias is elsewhere now, was taken back by somebody: another one is waited for.
        if last.get("targetVersion") == version and last["deploymentId"] != success.get("deploymentId"):
            deployment_id = str(last["deploymentId"])
            if new and is_first and info.get("activeDeploymentId") != deployment_id:
                passed_over = deployment_id
            if deployment_id != passed_over:
                return deployment_id
        if is_first:
            of = f"a deployment of version {version} to {alias}"
            screen.say(f"Waiting for {of}." if info else f"There is no alias {alias} yet. Waiting for it, and for {of}.")
        is_first = False
        if not patience.wait(interval):
            raise TimeIsOver


def _alias_or_nothing(cloud: Cloud, alias: AliasName) -> AliasInfo:
    try:
        return find_alias(cloud, alias)
    except Refused as error:
        if error.code != "AliasDoesNotExistException":
            raise
        return {}


@click.command(short_help="Watch a deployment until it ends.")
@click.argument("subject", type=SUBJECT, metavar="[DEPLOYMENT|FUNCTION[:ALIAS]]", required=False)
@following_options
@place_options
def watch(*, subject: str | AliasName | None, waiting: Waiting, form: Form, place: Place) -> None:
    """Watch a deployment until it ends: steps, weight, alarms, hooks, and what turns it back.

    Of an alias it is the deployment that runs, or else the last one; without an argument, the one that runs. On
    a terminal it is a live tree, elsewhere a line a change. Ctrl-C leaves the deployment alone.
    """
    cloud = cloud_at(place)
    with display(form) as screen:
        deployment_id = deployment_of(cloud, subject) if subject else _the_running_one(cloud)
        ended(concluded(cloud, screen, followed(cloud, deployment_id, screen, waiting)))


def _the_running_one(cloud: Cloud) -> str:
    running = cloud.api("list_deployments", includeOnlyStatuses=["Created", "InProgress"])["deployments"]
    # A rollback is watched with the deployment that it takes back.
    shown = [each for each in many(cloud, running[:25]) if not each.get("rollbackOf")]
    if not shown:
        raise Refused("Nothing is being deployed. `weighbridge history` lists what was.")
    if len(shown) > 1:
        ids = ", ".join(each["deploymentId"] for each in shown)
        raise Refused(f"Several deployments are running: say which one. {ids}")
    return str(shown[0]["deploymentId"])


@click.command(short_help="Stop a deployment.")
@click.argument("subject", type=SUBJECT, metavar="DEPLOYMENT|FUNCTION[:ALIAS]")
@click.option("--no-rollback", is_flag=True, help="Leave the traffic where it is; by default the group's settings decide.")
@click.option("--wait", is_flag=True, help="Follow it to its end, which is a success if it is Stopped.")
@following_options
@place_options
def stop(*, subject: str | AliasName, no_rollback: bool, wait: bool, waiting: Waiting, form: Form, place: Place) -> None:
    """Stop a deployment; its traffic goes back unless its group or you say otherwise.

    Given again with --no-rollback it gives up a rollback that is held up.
    """
    cloud = cloud_at(place)
    with display(form) as screen:
        deployment_id = deployment_of(cloud, subject)
        answer = cloud.api(
            "stop_deployment", deploymentId=deployment_id, **({"autoRollbackEnabled": False} if no_rollback else {})
        )
        screen.say(answer.get("statusMessage", "It is being stopped."))
        if wait:
            end = followed(cloud, deployment_id, screen, replace(waiting, until="finished"))
            ended(_stopped(cloud, screen, end))
        progress = progress_of(cloud, deployment_id, alarms=False)
        message = f"{deployment_id} is being stopped. Follow it: {place.command('watch', deployment_id)}"
        screen.conclude(records.record("Started", REACHED, message, progress=progress))


def _stopped(cloud: Cloud, screen: Display, end: End) -> int:
    """Stopped is what was asked for."""
    if end.progress and end.progress["status"] in ENDED:
        end = End(REACHED if end.progress["status"] == "Stopped" else FAILED, end.progress)
    return concluded(cloud, screen, end)
