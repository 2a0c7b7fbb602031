"""deploy, retry, undo: what begins a deployment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weighbridge_cli import records
from weighbridge_cli.exits import REACHED, OutOfReach, Refused
from weighbridge_cli.following import Patience
from weighbridge_cli.options import (
    ALIAS,
    GROUP,
    SUBJECT,
    TARGET,
    VERSION,
    AliasName,
    Form,
    GroupName,
    Place,
    Waiting,
    alias_named,
    following_options,
    place_options,
)
from weighbridge_cli.output import Display, display, note
from weighbridge_cli.progress import ENDED, Progress
from weighbridge_cli.requests import (
    ALL_AT_ONCE,
    Deployment,
    Named,
    appspec,
    content,
    default_group_file,
    group_of,
    is_on,
    latest,
    named_in,
)
from weighbridge_cli.text import clean
from weighbridge_cli.verbs.common import (
    AliasInfo,
    alias_info,
    cloud_at,
    concluded,
    deployment_of,
    ended,
    followed,
    many,
    meant,
    progress_of,
)

if TYPE_CHECKING:
    from weighbridge_cli.aws import Cloud

ENDINGS = (".yaml", ".yml", ".json", ".zip")
"""Of files that can be dropped."""
UNTIL_HEARD = timedelta(minutes=8)
"""S3 tells of an object within seconds; one whose event is lost is found within seven minutes."""
_REPEATED = ("applicationName", "deploymentGroupName", "deploymentConfigName", "revision", "overrideAlarmConfiguration")
"""The members of a deployment that a retry has, too."""
_MISSING_GROUP = {"ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException"}


def is_given(ctx: click.Context, option: str) -> bool:
    """Whether somebody typed the option."""
    source = ctx.get_parameter_source(option)
    return source is not None and source.name == "COMMANDLINE"


def hook_options(function: Any) -> Any:
    before = click.option("--before", "before", metavar="FUNCTION", help="A hook to ask before any traffic moves.")
    after = click.option("--after", "after", metavar="FUNCTION", help="A hook to ask after all traffic has moved.")
    return before(after(function))


def hooks(before: str | None, after: str | None) -> dict[str, str | None]:
    return {"BeforeAllowTraffic": before, "AfterAllowTraffic": after}


@click.command(short_help="Deploy a version to an alias, or what an AppSpec file says.")
@click.argument("subject", metavar="FUNCTION[:ALIAS]|FILE", required=False)
@click.option(
    "--target", type=TARGET, metavar="VERSION|latest", help="The version to deploy; by default the highest published one."
)
@click.option("--publish", is_flag=True, help="Publish the function's code as a new version first, and deploy that.")
@click.option("--config", metavar="NAME", help="Another deployment configuration than the group's.")
@click.option("--group", type=GROUP, metavar="APP/GROUP", help="The deployment group; by default the one of the last time.")
@click.option(
    "--appspec",
    "appspec_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Deploy what this AppSpec file says, by a call of the API.",
)
@hook_options
@click.option("--description", metavar="TEXT", help="Any text about it; it stands in the record.")
@click.option("--wait", is_flag=True, help="Follow it to its end; --until and --timeout say otherwise.")
@following_options
@place_options
@click.pass_context
def deploy(
    ctx: click.Context,
    *,
    subject: str | None,
    target: str | None,
    publish: bool,
    config: str | None,
    group: GroupName | None,
    appspec_file: Path | None,
    before: str | None,
    after: str | None,
    description: str | None,
    wait: bool,
    waiting: Waiting,
    form: Form,
    place: Place,
) -> None:
    """Deploy a version of a function to an alias, or what an AppSpec FILE says.

    With FUNCTION[:ALIAS], by default the alias live, the highest published version is deployed by the group
    that deployed the alias last. Where none has, the application FUNCTION gets a group ALIAS on first use, in
    which everything is as by default. An alias that is on the version already is a success at once.

    A FILE (.yaml, .yml, .json or .zip) is dropped into the installation's bucket. Where you may not write
    there, its content goes to the API.

    Without --wait it prints the deployment's id as soon as it has begun.
    """
    wait = wait or is_given(ctx, "until")
    file = _file_of(subject)
    if not subject and not appspec_file:
        raise click.UsageError("Say what to deploy: FUNCTION[:ALIAS] or a FILE.")
    if file and appspec_file:
        raise click.UsageError("Give the file once: as FILE to drop it, or by --appspec.")
    if (file or appspec_file) and (target or publish or before or after):
        raise click.UsageError(
            "The file says the version and the hooks: leave out --target, --publish, --before and --after."
        )
    if publish and target:
        raise click.UsageError("--publish deploys the version that it publishes: leave out --target.")
    asked = Asked(group, config, description)
    cloud = cloud_at(place)
    with display(form) as told:
        if file and not config and not description:
            started, named = _dropped(cloud, file, group, told)
        elif chosen := file or appspec_file:
            started, named = _sent(cloud, chosen, asked)
        else:
            named = ALIAS.convert(subject, None, ctx)
            info = alias_info(cloud, named)  # before anything is published for an alias that is not there
            version = _published(cloud, named, told) if publish else version_to_deploy(cloud, named, target)
            started = _deployed(cloud, named, info, appspec(named, version, hooks(before, after)), asked)
        _begun(cloud, started, named, told, form, waiting if wait else None)


def _file_of(subject: str | None) -> Path | None:
    """The file that is meant; None for the name of a function. Raises Refused for a file that is not there."""
    if subject is None or alias_named(subject):
        return None
    path = Path(subject)
    if path.suffix.lower() not in ENDINGS:
        raise Refused(f"{clean(subject)!r} is neither FUNCTION[:ALIAS] nor a file that ends with {', '.join(ENDINGS)}.")
    if not path.is_file():
        raise Refused(f"There is no file {clean(subject)}.")
    return path


@dataclass(frozen=True)
class Asked:
    """How a deployment is to be made, as far as somebody says."""

    group: GroupName | None = None
    config: str | None = None
    description: str | None = None


class AlreadyThere(Exception):
    """The alias is on the version: nothing is to be done."""

    def __init__(self, named: AliasName, target: str) -> None:
        super().__init__(f"{named} is on version {target} already: nothing to shift.")
        self.named, self.target = named, target


def _deployed(cloud: Cloud, named: AliasName, info: AliasInfo, text: str, asked: Asked) -> str | AlreadyThere:
    """The id of the deployment of an AppSpec text's version that was begun."""
    found = named_in(text)
    if found and is_on(info, found.target):
        return AlreadyThere(named, found.target)
    chosen, is_ours = group_of(named, asked.group, info)
    request = Deployment(chosen, content(text), asked.config, asked.description)
    return create(cloud, request, named if is_ours else None)


def create(cloud: Cloud, request: Deployment, maker: AliasName | None = None) -> str:
    """The id of a deployment by the API. The group of an alias that has none yet, `maker`, is made on first use."""
    try:
        return str(cloud.api("create_deployment", **request.members)["deploymentId"])
    except Refused as error:
        if error.code not in _MISSING_GROUP:
            raise
        if maker is None:
            raise Refused(
                f"{error.message} Make the group first: {cloud.place.command('group', 'set', str(request.group), 'FILE')}",
                error.code,
            ) from error
    make_group(cloud, request.group, default_group_file(maker))
    note(f"The group {request.group} is new, with all defaults: all traffic at once, no alarms.")
    return str(cloud.api("create_deployment", **request.members)["deploymentId"])


def make_group(cloud: Cloud, group: GroupName, text: str) -> None:
    """Drops a group's file, and waits until it is taken over. Raises Refused with what is wrong in it."""
    key = f"{group}/deployment-group.yaml"
    try:
        version = drop(cloud, key, text.encode())
    except OutOfReach as error:
        raise OutOfReach(
            f"The group {group} is not there, and you may not drop its file. {error.message} Or make it by the API, which "
            f"wants a role: {cloud.place.command('group', 'set', str(group), '--role', 'ARN')}",
            code=error.code,
        ) from error
    heard(cloud, key, version, Patience(UNTIL_HEARD, _Silent()))


class _Silent:
    def say(self, text: str) -> None:
        note(text)

    def show(self, progress: Progress) -> None:
        pass


def drop(cloud: Cloud, key: str, body: bytes) -> str:
    """The version of the object that was put into the bucket."""
    answer = cloud.call("s3", "put_object", Bucket=cloud.bucket, Key=key, Body=body)
    return str(answer["VersionId"])


def heard(cloud: Cloud, key: str, version: str, patience: Patience) -> str | None:
    """The deployment that an object has become; None for a group or configuration. Raises Refused with the reason."""
    while True:
        info = patience.ask(lambda: cloud.api("get_drop", bucket=cloud.bucket, key=key, versionId=version)["dropInfo"])
        if info["status"] == "Refused":
            error = info.get("errorInformation", {})
            raise Refused(f"{key} is refused: {error.get('message', 'no reason is told')}", str(error.get("code", "")))
        if info["status"] == "Accepted":
            return info.get("deploymentId")  # type: ignore[no-any-return]
        if not patience.wait(1):
            raise OutOfReach(
                f"The installation has not heard of s3://{cloud.bucket}/{key} yet, and will within seven minutes: "
                f"aws weighbridge get-drop --bucket {cloud.bucket} --key {key}"
            )


def group_for(
    cloud: Cloud, file: Path, found: Named | None, given: GroupName | None
) -> tuple[GroupName, AliasName | None, AliasInfo]:
    """The group that a file is for, the alias whose first group it is, and that alias as far as it is known."""
    if found:
        info = alias_info(cloud, found.alias)
        group, is_ours = group_of(found.alias, given, info)
        return group, found.alias if is_ours else None, info
    if not given:
        raise Refused(f"Which group {clean(file.name)} is for cannot be read from it: give --group APP/GROUP.")
    return given, None, {}


def _dropped(
    cloud: Cloud, file: Path, given: GroupName | None, told: Display
) -> tuple[str | AlreadyThere, AliasName | None]:
    body = file.read_bytes()
    found = None if file.suffix.lower() == ".zip" else named_in(body.decode("utf-8", "replace"))
    group, maker, _ = group_for(cloud, file, found, given)
    if maker:
        _ensure_group(cloud, group, maker)
    key, named = f"{group}/{file.name}", found.alias if found else None
    try:
        version = drop(cloud, key, body)
    except OutOfReach as error:
        if error.passes or not found:
            raise
        told.say(f"{error.message} So the file's content goes to the API instead.")
        return create(cloud, Deployment(group, content(body.decode("utf-8")))), named
    told.say(f"Dropped s3://{cloud.bucket}/{key}")
    deployment_id = heard(cloud, key, version, Patience(UNTIL_HEARD, told))
    if deployment_id is None:
        raise Refused(f"{key} is no AppSpec file, and was taken over as a group's: `weighbridge group set` is for those.")
    return deployment_id, named


def _ensure_group(cloud: Cloud, group: GroupName, maker: AliasName) -> None:
    try:
        cloud.api("get_deployment_group", applicationName=group.application, deploymentGroupName=group.group)
    except Refused as error:
        if error.code not in _MISSING_GROUP:
            raise
        make_group(cloud, group, default_group_file(maker))
        note(f"The group {group} is new, with all defaults: all traffic at once, no alarms.")


def _sent(cloud: Cloud, file: Path, asked: Asked) -> tuple[str | AlreadyThere, AliasName | None]:
    """The deployment of a file's content by the API."""
    text = read(file)
    found = named_in(text)
    group, maker, info = group_for(cloud, file, found, asked.group)
    if found and is_on(info, found.target):
        return AlreadyThere(found.alias, found.target), found.alias
    request = Deployment(group, content(text), asked.config, asked.description)
    return create(cloud, request, maker), found.alias if found else None


def read(file: Path) -> str:
    """Raises Refused."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(
            f"{clean(file)} cannot be read as text: {clean(error)}. An archive can only be dropped, as FILE."
        ) from error


def version_to_deploy(cloud: Cloud, named: AliasName, target: str | None) -> str:
    """The version that is meant: the highest published one, unless a number was given."""
    if target and target != "latest":
        return target
    pages = cloud.pages("lambda", "list_versions_by_function", FunctionName=named.function)
    try:
        found = latest(each["Version"] for page in pages for each in page["Versions"])
    except Refused as error:
        if error.code != "ResourceNotFoundException":
            raise
        # The installation may not look at every function, and then does not say that there is none.
        raise Refused(f"There is no function {named.function}.{meant(cloud, named)}", error.code) from error
    if found is None:
        raise Refused(f"{named.function} has no published version yet: --publish publishes one.")
    return found


def _published(cloud: Cloud, named: AliasName, told: Display) -> str:
    version = str(cloud.call("lambda", "publish_version", FunctionName=named.function)["Version"])
    told.say(f"Published version {version} of {named.function}.")
    return version


def _begun(  # noqa: PLR0917 - what a deployment that has begun is told with
    cloud: Cloud,
    started: str | AlreadyThere,
    named: AliasName | None,
    told: Display,
    form: Form,
    waiting: Waiting | None,
) -> None:
    """Follows it where it is to be waited for, or else tells its id."""
    if isinstance(started, AlreadyThere):
        already_there(told, started.named, started.target)
        ended(REACHED)
    if waiting:
        ended(concluded(cloud, told, followed(cloud, started, told, waiting), named))
    if form.json or form.lines:
        progress = progress_of(cloud, started, alarms=False)
        told.conclude(records.record("Started", REACHED, f"{started} has begun.", progress=progress))
        return
    click.echo(started)
    note(f"It has begun. Follow it: {cloud.place.command('watch', started)}")


def already_there(told: Display, named: AliasName, target: str) -> None:
    """A success without a deployment."""
    message = str(AlreadyThere(named, target))
    told.conclude(
        records.record(
            "AlreadyThere", REACHED, message, function=named.function, alias=named.alias, target=target, live=target
        )
    )


@click.command(short_help="Try a deployment that failed or was stopped again.")
@click.argument("subject", type=SUBJECT, metavar="DEPLOYMENT|FUNCTION[:ALIAS]")
@click.option("--wait", is_flag=True, help="Follow it to its end; --until and --timeout say otherwise.")
@following_options
@place_options
@click.pass_context
def retry(ctx: click.Context, *, subject: str | AliasName, wait: bool, waiting: Waiting, form: Form, place: Place) -> None:
    """Try a deployment that failed or was stopped again: the same revision, group, configuration and alarms.

    Of an alias it is the last deployment.
    """
    wait = wait or is_given(ctx, "until")
    cloud = cloud_at(place)
    with display(form) as told:
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
        if "revision" not in members:
            raise Refused(f"{former['deploymentId']} had no revision that can be deployed again.")
        started = str(
            cloud.api("create_deployment", **members, description=f"Retry of {former['deploymentId']}")["deploymentId"]
        )
        named = AliasName(former["functionName"], former["alias"]) if former.get("functionName") else None
        _begun(cloud, started, named, told, form, waiting if wait else None)


@click.command(short_help="Go back to the version before the last success.")
@click.argument("named", type=ALIAS, metavar="FUNCTION[:ALIAS]")
@click.option("--to", "target", type=VERSION, metavar="VERSION", help="By default the version before the last success.")
@click.option("--config", metavar="NAME", default=ALL_AT_ONCE, show_default=True, help="How the traffic moves.")
@click.option("--group", type=GROUP, metavar="APP/GROUP", help="The deployment group; by default the one of the last time.")
@hook_options
@click.option("--wait", is_flag=True, help="Follow it to its end; --until and --timeout say otherwise.")
@following_options
@place_options
@click.pass_context
def undo(
    ctx: click.Context,
    *,
    named: AliasName,
    target: str | None,
    config: str,
    group: GroupName | None,
    before: str | None,
    after: str | None,
    wait: bool,
    waiting: Waiting,
    form: Form,
    place: Place,
) -> None:
    """Go back to the version before the last deployment that succeeded, or to another one.

    It is a deployment like any other, with the alarms of its group, but all at once and without hooks unless
    you name some. What is still running is not undone but stopped: weighbridge stop.
    """
    wait = wait or is_given(ctx, "until")
    cloud = cloud_at(place)
    with display(form) as told:
        info = alias_info(cloud, named)
        if active := info.get("activeDeploymentId"):
            raise Refused(f"{active} is running: {place.command('stop', active)} ends it, and puts its traffic back.")
        version = target or _version_before(cloud, named, info)
        if is_on(info, version):
            already_there(told, named, version)
            return
        chosen, is_ours = group_of(named, group, info)
        told.say(f"{named} goes back from version {info.get('version', '?')} to version {version}.")
        request = Deployment(
            chosen, content(appspec(named, version, hooks(before, after))), config, f"Undo to version {version}"
        )
        started = create(cloud, request, named if is_ours else None)
        _begun(cloud, started, named, told, form, waiting if wait else None)


def _version_before(cloud: Cloud, named: AliasName, info: AliasInfo) -> str:
    """Where the last success came from; rollbacks are none."""
    last = (info.get("lastSuccess") or {}).get("deploymentId")
    found = many(cloud, [last]) if last else []
    if not found or found[0].get("rollbackOf"):
        found = _successes(cloud, named, info)
    before = found[0].get("currentVersion") if found else None
    if not before:
        raise Refused(
            f"Nothing is known to go back to: no deployment of {named} has succeeded yet. Choose a version by --to."
        )
    return str(before)


def _successes(cloud: Cloud, named: AliasName, info: AliasInfo) -> list[Progress]:
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
            if (each.get("functionName"), each.get("alias")) == (named.function, named.alias) and not each.get(
                "rollbackOf"
            ):
                return [each]
    return []
