"""The command and its verbs. A verb's module is loaded when its help or the verb itself is asked for."""

import errno
import os
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

from weighbridge_cli import __version__
from weighbridge_cli.exits import FAILED, INTERRUPTED, MEANINGS
from weighbridge_cli.text import clean

VERBS = {
    "deploy": "deploying",
    "retry": "again",
    "undo": "again",
    "plan": "planning",
    "wait": "waiting",
    "watch": "waiting",
    "stop": "waiting",
    "status": "looking",
    "history": "looking",
    "explain": "looking",
    "group": "settings",
    "config": "settings",
    "init": "beginning",
    "transform": "others",
    "proxy": "others",
}
"""By name, the module of `verbs` that has it as a click command of that name."""
_EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code:<4} {meaning}" for code, meaning in MEANINGS.items())


class Verbs(click.Group):
    """Verbs in the order of their use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        if cmd_name not in VERBS:
            return None
        command: click.Command = getattr(import_module(f"weighbridge_cli.verbs.{VERBS[cmd_name]}"), cmd_name)
        return command


@click.command(
    cls=Verbs,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="weighbridge")
def weighbridge() -> None:
    """Deploy AWS Lambda versions gradually, and see what becomes of it.

    Without :ALIAS the alias is live. The installation is found by itself, in the account and region of your AWS
    credentials.
    """


def run() -> None:
    """The command with its exit codes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # where the locale's encoding has no arrows and bars
    try:
        code: Any = weighbridge.main(standalone_mode=False)
    except click.ClickException as error:
        if isinstance(error, click.UsageError) and error.ctx:
            click.echo(f"{error.ctx.get_usage()}\nTry '{error.ctx.command_path} --help' for help.\n", err=True)
        click.echo("Error: " + "\n".join(clean(line) for line in error.format_message().splitlines()), err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(INTERRUPTED)
    except OSError as error:
        if error.errno != errno.EPIPE:
            raise
        # Whoever read it has gone; Python would say so once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    sys.exit(code if isinstance(code, int) else 0)
