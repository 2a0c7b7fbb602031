"""deploy, retry, undo: what begins a deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weighbridge_cli import records
from weighbridge_cli.exits import REACHED, OutOfReach, Refused
from weighbridge_cli.options import (
    ALIAS,
    GROUP,
    TARGET,
    AliasName,
    Form,
    GroupName,
    Place,
    Waiting,
    alias_named,
    following_options,
    place_options,
)
from weighbridge_cli.output import Display, display, note, on_github, tell_github
from weighbridge_cli.requests import (
    Deployment,
    Target,
    appspec,
    content,
    group_of,
    is_on,
    latest,
    target_in,
)
from weighbridge_cli.text import clean
from weighbridge_cli.verbs.common import (
    AliasInfo,
    alias_info,
    cloud_at,
    concluded,
    ended,
    followed,
    meant,
    progress_of,
)
from weighbridge_cli.verbs.dropping import MISSING_GROUP, drop, ensure_group, make_group, read, read_bytes, received

if TYPE_CHECKING:
    from weighbridge_cli.aws import Cloud

ENDINGS = (".yaml", ".yml", ".json", ".zip")
"""Of files that can be dropped."""


def is_given(ctx: click.Context, option: str) -> bool:
    """Whether somebody typed the option."""
    source = ctx.get_parameter_source(option)
    return source is not None and source.name == "COMMANDLINE"


def hook_options(function: Any) -> Any:
    before = click.option("--before", "before", metavar="FUNCTION", help="A hook to ask before any traffic moves.")
    after = click.option("--after", "after", metavar="FUNCTION", help="A hook to ask after all traffic has moved.")
    return before(after(function))


def no_alarms_option(function: Any) -> Any:
    text = "Watch no alarm this time, and do not mind one that is red: to ship the fix."
    return click.option("--no-alarms", is_flag=True, help=text)(function)


def what_options(function: Any) -> Any:
    """Gives a verb what is to be deployed, and how."""
    for option in (
        no_alarms_option,
        hook_options,
        click.option(
            "--appspec",
            "appspec_file",
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            metavar="FILE",
            help="What this AppSpec file says, by a call of the API.",
        ),
        click.option(
            "--group", type=GROUP, metavar="APP/GROUP", help="The deployment group; by default the one of the last time."
        ),
        click.option("--config", metavar="NAME", help="Another deployment configuration than the group's."),
        click.option(
            "--target", type=TARGET, metavar="VERSION|latest", help="The version; by default the highest published one."
        ),
        click.argument("subject", metavar="FUNCTION[:ALIAS]|FILE", required=False),
    ):
        function = option(function)
    return function


def hooks(before: str | None, after: str | None) -> dict[str, str | None]:
    return {"BeforeAllowTraffic": before, "AfterAllowTraffic": after}


@click.command(short_help="Deploy a version to an alias, or what an AppSpec file says.")
@what_options
@click.option("--publish", is_flag=True, help="Publish the function's code as a new version first, and deploy that.")
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
    no_alarms: bool,
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
    asked = Asked(group, config, description, alarms=not no_alarms)
    cloud = cloud_at(place)
    with display(form) as screen:
        if file and asked == Asked(group):
            started, alias = _dropped(cloud, file, group, screen)
        elif chosen := file or appspec_file:
            started, alias = _sent(cloud, chosen, asked)
        else:
            alias = ALIAS.convert(subject, None, ctx)
            info = alias_info(cloud, alias)  # before anything is published for an alias that is not there
            version = _published(cloud, alias, screen) if publish else version_to_deploy(cloud, alias, target)
            started = _deployed(cloud, alias, info, appspec(alias, version, hooks(before, after)), asked)
        begun(cloud, started, alias, screen, form, waiting if wait else None)


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
    alarms: bool = True

    def of(self, revision: Mapping[str, Any], group: GroupName) -> Deployment:
        return Deployment(group, revision, self.config, self.description, self.alarms)


@dataclass(frozen=True)
class AlreadyThere:
    """The alias is on the version: nothing is to be done."""

    alias: AliasName
    target: str

    def __str__(self) -> str:
        return f"{self.alias} is on version {self.target} already: nothing to shift."


def _deployed(cloud: Cloud, alias: AliasName, info: AliasInfo, text: str, asked: Asked) -> str | AlreadyThere:
    """The id of the deployment of an AppSpec text's version that was begun."""
    parsed = target_in(text)
    if parsed and is_on(info, parsed.version):
        return AlreadyThere(alias, parsed.version)
    chosen, is_ours = group_of(alias, asked.group, info)
    return create(cloud, asked.of(content(text), chosen), alias if is_ours else None)


def create(cloud: Cloud, request: Deployment, maker: AliasName | None = None) -> str:
    """The id of a deployment by the API. The group of an alias that has none yet, `maker`, is made on first use."""
    try:
        return send(cloud, request.members)
    except Refused as error:
        if error.code not in MISSING_GROUP:
            raise
        if maker is None:
            raise Refused(
                f"{error.message} Make the group first: {cloud.place.command('group', 'set', str(request.group), 'FILE')}",
                error.code,
            ) from error
    make_group(cloud, request.group, maker)
    return send(cloud, request.members)


def send(cloud: Cloud, members: Mapping[str, Any]) -> str:
    """Asks once: where the answer is lost, the deployment may have begun."""
    try:
        return str(cloud.api("create_deployment", **members)["deploymentId"])
    except OutOfReach as error:
        if not error.passes:
            raise
        history = cloud.place.command("history")
        raise OutOfReach(
            f"{error.message} Whether the deployment has begun all the same: {history}", code=error.code
        ) from error


def group_for(
    cloud: Cloud, file: Path, parsed: Target | None, group_option: GroupName | None
) -> tuple[GroupName, AliasName | None, AliasInfo]:
    """The group that a file is for, the alias whose first group it is, and that alias as far as it is known."""
    if parsed:
        info = alias_info(cloud, parsed.alias)
        group, is_ours = group_of(parsed.alias, group_option, info)
        return group, parsed.alias if is_ours else None, info
    if not group_option:
        raise Refused(f"Which group {clean(file.name)} is for cannot be read from it: give --group APP/GROUP.")
    return group_option, None, {}


def _dropped(
    cloud: Cloud, file: Path, group_option: GroupName | None, screen: Display
) -> tuple[str | AlreadyThere, AliasName | None]:
    body = read_bytes(file)
    parsed = None if file.suffix.lower() == ".zip" else target_in(body.decode("utf-8", "replace"))
    group, maker, info = group_for(cloud, file, parsed, group_option)
    if maker:
        ensure_group(cloud, group, maker)
    key, alias = f"{group}/{file.name}", parsed.alias if parsed else None
    try:
        version = drop(cloud, key, body)
    except OutOfReach as error:
        if error.passes or not parsed:
            raise
        screen.say(f"{error.message} So the file's content goes to the API instead.")
        if is_on(info, parsed.version):
            return AlreadyThere(parsed.alias, parsed.version), alias
        return create(cloud, Deployment(group, content(body.decode("utf-8")))), alias
    screen.say(f"Dropped s3://{cloud.bucket}/{key}")
    try:
        deployment_id = received(cloud, key, version, screen)
    except KeyboardInterrupt:
        note(f"{key} is dropped, and is deployed all the same. What becomes of it: {cloud.place.command('history')}")
        raise
    if deployment_id is None:
        raise Refused(f"{key} is no AppSpec file, and was taken over as a group's: `weighbridge group set` is for those.")
    return deployment_id, alias


def _sent(cloud: Cloud, file: Path, asked: Asked) -> tuple[str | AlreadyThere, AliasName | None]:
    """The deployment of a file's content by the API."""
    text = read(file)
    parsed = target_in(text)
    group, maker, info = group_for(cloud, file, parsed, asked.group)
    if parsed and is_on(info, parsed.version):
        return AlreadyThere(parsed.alias, parsed.version), parsed.alias
    return create(cloud, asked.of(content(text), group), maker), parsed.alias if parsed else None


def version_to_deploy(cloud: Cloud, alias: AliasName, target: str | None) -> str:
    """The version that is meant: the highest published one, unless a number was given."""
    if target and target != "latest":
        return target
    pages = cloud.pages("lambda", "list_versions_by_function", FunctionName=alias.function)
    try:
        version = latest(each["Version"] for page in pages for each in page["Versions"])
    except Refused as error:
        if error.code != "ResourceNotFoundException":
            raise
        # The installation may not look at every function, and then does not say that there is none.
        raise Refused(f"There is no function {alias.function}.{meant(cloud, alias)}", error.code) from error
    if version is None:
        raise Refused(f"{alias.function} has no published version yet: --publish publishes one.")
    return version


def _published(cloud: Cloud, alias: AliasName, screen: Display) -> str:
    version = str(cloud.call("lambda", "publish_version", FunctionName=alias.function)["Version"])
    screen.say(f"Published version {version} of {alias.function}.")
    return version


def begun(  # noqa: PLR0917 - what a deployment that has begun is told with
    cloud: Cloud,
    started: str | AlreadyThere,
    alias: AliasName | None,
    screen: Display,
    form: Form,
    waiting: Waiting | None,
) -> None:
    """Follows it where it is to be waited for, or else tells its id."""
    if isinstance(started, AlreadyThere):
        already_there(screen, started.alias, started.target)
        ended(REACHED)
    if waiting:
        ended(concluded(cloud, screen, followed(cloud, started, screen, waiting), alias))
    if form.json or form.lines or on_github():
        progress = progress_of(cloud, started, alarms=False)
        record = records.record("Started", REACHED, f"{started} has begun.", progress=progress)
        if form.json or form.lines:
            screen.conclude(record)
            return
        tell_github(record)
    click.echo(started)
    note(f"It has begun. Follow it: {cloud.place.command('watch', started)}")


def already_there(screen: Display, alias: AliasName, target: str) -> None:
    """A success without a deployment."""
    message = str(AlreadyThere(alias, target))
    screen.conclude(
        records.record(
            "AlreadyThere", REACHED, message, function=alias.function, alias=alias.name, target=target, live=target
        )
    )
