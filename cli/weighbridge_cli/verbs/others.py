"""transform and proxy: for stacks and clients that were written for CodeDeploy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from weighbridge_cli.exits import Refused
from weighbridge_cli.options import Place, place_options
from weighbridge_cli.text import clean
from weighbridge_cli.verbs.common import cloud_at

if TYPE_CHECKING:
    from types import ModuleType


@click.command(short_help="Print a template as the macro makes it.")
@click.argument("template", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--stack", metavar="NAME", default="Weighbridge", show_default=True, help="The name of Weighbridge's own stack."
)
@click.option(
    "--hook-url", default="", help="The installation's output HookUrl, for hooks that were written for CodeDeploy."
)
@click.option("--region", default="us-east-1", show_default=True, help="For which SAM expands its resources.")
def transform(*, template: Path, stack: str, hook_url: str, region: str) -> None:
    """Print the TEMPLATE as the macro Weighbridge makes it, as JSON; on standard error, what it has converted.

    It asks nobody, and needs no credentials. It ends with 1, and says what to change, where the macro would
    refuse the template.
    """
    result = _transform().transformed(template, stack, hook_url, region)
    for name, new in result.renamed.items():
        click.echo(clean(f"{name} becomes {new}" if name != new else f"{name} is prepared"), err=True)
    if not result.renamed:
        click.echo("Nothing is shifted by CodeDeploy in this template; it stays as it is.", err=True)
    click.echo(json.dumps(result.template, indent=1))


def _transform() -> ModuleType:
    try:
        from weighbridge_cli import transform as module
    except ImportError as error:
        raise Refused(
            "To read templates takes SAM's translator and cfn-lint, which do not come with the command by itself. Install "
            f"them with it: pip install 'weighbridge[transform]'. ({clean(error)})"
        ) from error
    return module


@click.command(short_help="Let stock clients of CodeDeploy in.")
@click.argument("url", metavar="[URL]", required=False)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="By default a free one.")
@place_options
def proxy(*, url: str | None, port: int, place: Place) -> None:
    """Let stock clients of CodeDeploy (aws deploy, SDKs, Terraform) reach Weighbridge.

    URL is the installation's output ApiUrl or HookUrl; without it the ApiUrl is found. It prints a line to
    paste into the shell that the client is started from, and runs until it is interrupted. Requests are signed
    with your own AWS credentials, and so every program that runs on this machine meanwhile, other users'
    included, can do there what you can.
    """
    from weighbridge_cli.proxy import UnusableTarget, serve, target

    cloud = cloud_at(place)
    try:
        to = target(url or cloud.installation.api_url, cloud.chosen_region)
    except UnusableTarget as error:
        raise Refused(str(error)) from error
    serve(to, port, cloud.session)
