"""init: a working file to begin with."""

from __future__ import annotations

import re
from pathlib import Path

import click

from weighbridge_cli import __version__
from weighbridge_cli.exits import Refused
from weighbridge_cli.options import ALIAS, GROUP, AliasName, GroupName
from weighbridge_cli.text import clean

TEMPLATES = Path(__file__).parents[1] / "templates"
FILES = {
    "hook": ("hook.py.txt", "hook.py"),
    "group": ("deployment-group.yaml", "deployment-group.yaml"),
    "github": ("github.yml", ".github/workflows/deploy.yml"),
    "gitlab": ("gitlab.yml", ".gitlab-ci.yml"),
    "terraform": ("terraform.tf", "weighbridge.tf"),
}
"""The template of each, and where it is written by default."""


@click.command(short_help="Write a working file to begin with.")
@click.argument("what", type=click.Choice(list(FILES)))
@click.argument("alias", type=ALIAS, metavar="[FUNCTION[:ALIAS]]", default="checkout")
@click.option("--group", type=GROUP, metavar="APP/GROUP", help="The deployment group; by default FUNCTION/ALIAS.")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Where to write it; - for standard output."
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def init(*, what: str, alias: AliasName, group: GroupName | None, output: Path | None, force: bool) -> None:
    """Write a working file to begin with, for FUNCTION[:ALIAS].

    hook: a function that is asked before or after traffic moves. group: how deployments go. github, gitlab: a
    pipeline that deploys and waits. terraform: an alias that Terraform makes and Weighbridge shifts.
    """
    template, usual = FILES[what]
    text = filled((TEMPLATES / template).read_text(encoding="utf-8"), alias, group or GroupName(alias.function, alias.name))
    path = output or Path(usual)
    if str(path) == "-":
        click.echo(text, nl=False)
        return
    if path.exists() and not force:
        raise Refused(f"{clean(path)} is there already: choose another --output, or --force to write over it.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refused(f"{clean(path)} cannot be written: {error.strerror}.") from error
    click.echo(f"Wrote {clean(path)}.", err=True)


def filled(template: str, alias: AliasName, group: GroupName) -> str:
    values = {
        "FUNCTION": alias.function,
        "ALIAS": alias.name,
        "APPLICATION": group.application,
        "GROUP": group.group,
        "RESOURCE": re.sub("[^A-Za-z0-9_]", "_", f"_{alias.function}" if alias.function[0].isdigit() else alias.function),
        "ALIAS_RESOURCE": re.sub("[^A-Za-z0-9_]", "_", alias.name),
        "RELEASE": __version__,
    }
    return re.sub("@([A-Z_]+)@", lambda match: values[match[1]], template)
