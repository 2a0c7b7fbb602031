"""Writes docs/cli.md from the command's own help, and the picture of a deployment on a terminal: `make manual`."""

import io
import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from weighbridge_cli.exits import MEANINGS
from weighbridge_cli.main import VERBS, weighbridge
from weighbridge_cli.tree import tree

DOCS = Path(__file__).parents[1] / "docs"
PAGE, PICTURE = DOCS / "cli.md", DOCS / "cli-watch.svg"
SHARED = ("--profile", "--region", "--endpoint", "--stack")
FOLLOWING = ("--until", "--timeout", "--interval", "--json", "--json-lines")
"""Options that several verbs have, which are described once."""
NOON = datetime(2026, 1, 5, 12, 0, 0, tzinfo=UTC)

OPENING = """\
# The command `weighbridge`

It deploys, waits, watches, stops, undoes and explains, in a terminal and in pipelines. `make manual` writes this page from the command's own help.

![A deployment on a terminal](cli-watch.svg)

It runs by `uvx weighbridge`, `pipx install weighbridge` or `pip install weighbridge` (Python 3.11 or later); in this checkout it is
`.venv/bin/weighbridge`. Until it is published, `uv build --wheel cli` makes the wheel, and `uvx --from cli/dist/weighbridge-*.whl weighbridge` runs it.

It finds the installation by itself, by the default chain of AWS credentials and the tags of the function `weighbridge-cloudformation` in that
account and region; `--stack` names another installation than `Weighbridge`. Where `AWS_ENDPOINT_URL_WEIGHBRIDGE` holds its output `ApiUrl`, nothing is
looked up. In a terminal of [the local cloud](../README.md#try-it) it talks to that.

## Rights

| for | right |
|---|---|
| every verb | `lambda:InvokeFunctionUrl` and `lambda:InvokeFunction` on the function behind `ApiUrl`, as [operations.md](operations.md#several-teams-in-one-installation) has it: they are the right to deploy for every group |
| to find the installation | `lambda:ListTags` on the function `weighbridge-cloudformation`; not where `AWS_ENDPOINT_URL_WEIGHBRIDGE` is set |
| `deploy FUNCTION` without `--target` | `lambda:ListVersionsByFunction` on the function |
| `deploy --publish` | `lambda:PublishVersion` on the function |
| `deploy FILE`, `group set … FILE`, the first deployment of an alias that has no group | `s3:PutObject` in the bucket, below `APP/GROUP/`. Without it the content of an AppSpec file goes to the API |
| names that are near to a mistyped one | `lambda:ListFunctions`, `lambda:ListAliases`; without them none are told |

## Exit codes

| code | |
|---|---|
"""
BEFORE_VERBS = """
`--until paused` ends with 4 where a hook has returned nothing and its report is awaited; so does a time-out that comes meanwhile. A lost
connection is tried again until the time-out, once the deployment has been seen; Ctrl-C leaves the deployment alone and says how to go on.

## For programs

`--json` prints one document on standard output and nothing else: of a verb that follows a deployment the final record, when it is over.
`--json-lines` prints a document a line, an event each, as in the deployment's [timeline](operations.md#more-about-a-deployment), and the record
last. The schema is [output.json](../cli/weighbridge_cli/schemas/output.json), which comes with the command. Times are ISO 8601 in UTC, weights percent.

In GitHub Actions what happens is a group in the log, a failure is an `::error`, the step has a summary, and its outputs are `deployment-id`,
`status` and `live-version`.

While something moves the API is asked every two seconds, and every five in a long wait; alarms' states every fifteen. `--interval` says otherwise.

"""


def page() -> str:
    """The whole page."""
    codes = "".join(f"| {code} | {meaning} |\n" for code, meaning in MEANINGS.items())
    return "".join([OPENING, codes, BEFORE_VERBS, *_shared(), "## Verbs\n", *_verbs()])


def _shared() -> Iterator[str]:
    """The options that several verbs have."""
    params = {option: param for param in _command("deploy").params for option in param.opts}
    for title, options in (("Options of every verb", SHARED), ("Options of verbs that follow a deployment", FOLLOWING)):
        yield f"## {title}\n\n| | |\n|---|---|\n"
        for option in options:
            yield _row(params[option])
        yield "\n"


def _command(name: str) -> click.Command:
    command = weighbridge.get_command(click.Context(weighbridge), name)
    assert command  # noqa: S101 - VERBS has it
    return command


def _verbs() -> Iterator[str]:
    for name in VERBS:
        command = _command(name)
        if isinstance(command, click.Group):
            for each in command.commands.values():
                yield from _verb(f"{name} {each.name}", each)
        else:
            yield from _verb(name, command)


def _verb(name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=name)
    arguments = " ".join(param.make_metavar(context) for param in command.params if isinstance(param, click.Argument))
    own = [
        param
        for param in command.params
        if isinstance(param, click.Option) and not param.hidden and not set(param.opts) & {*SHARED, *FOLLOWING}
    ]
    yield f"\n### {name}\n\n`weighbridge {f'{name} {arguments}'.rstrip()}{' [OPTIONS]' if own else ''}`\n\n"
    yield re.sub(r"(?m)^ +", "", command.help or "").strip() + "\n"
    if any("--until" in param.opts for param in command.params):
        yield "\nIt has the options of verbs that follow a deployment.\n"
    if own:
        yield "\n| | |\n|---|---|\n"
        yield from map(_row, own)


def _row(param: click.Parameter) -> str:
    record = param.get_help_record(click.Context(click.Command("weighbridge")))
    assert record  # noqa: S101 - it is not hidden
    option, text = (part.replace("|", "\\|") for part in record)
    return f"| `{option}` | {' '.join(text.split())} |\n"


def moment() -> dict[str, Any]:
    """A fifth of the traffic every three minutes, in the second step."""

    def at(seconds: int) -> datetime:
        return NOON + timedelta(seconds=seconds)

    return {
        "deploymentId": "d-4F7K2M9QX",
        "status": "InProgress",
        "applicationName": "checkout",
        "deploymentGroupName": "live",
        "creator": "user",
        "functionName": "checkout",
        "alias": "live",
        "currentVersion": "6",
        "targetVersion": "7",
        "weight": 40.0,
        "steps": [
            {"weight": 20.0, "bakeSeconds": 180, "status": "Succeeded", "startTime": at(4)},
            {"weight": 40.0, "bakeSeconds": 180, "status": "InProgress", "startTime": at(185)},
            *({"weight": float(weight), "bakeSeconds": 180, "status": "Pending"} for weight in (60, 80)),
            {"weight": 100.0, "bakeSeconds": 0, "status": "Pending"},
        ],
        "waitingFor": "Bake",
        "waitsUntil": at(365),
        "hooks": [
            {"lifecycleEventName": "BeforeAllowTraffic", "functionName": "CodeDeployHook_schema", "status": "Succeeded"},
            {"lifecycleEventName": "AfterAllowTraffic", "functionName": "CodeDeployHook_smoke", "status": "Pending"},
        ],
        "alarms": [{"name": "checkout-errors", "state": "OK"}, {"name": "checkout-p99", "state": "OK"}],
        "createTime": NOON,
        "startTime": at(1),
    }


def picture() -> str:
    """What a terminal shows at that moment, as SVG that needs nothing from elsewhere."""
    console = Console(record=True, width=76, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text("$ weighbridge deploy checkout --wait"))
    console.print(tree(moment(), NOON + timedelta(seconds=230)))
    drawn = console.export_svg(title="weighbridge", unique_id="watch")
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL).replace("Fira Code", "ui-monospace")
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def files() -> dict[Path, str]:
    """What is written, by path, where this process tells times in UTC."""
    return {PAGE: page(), PICTURE: picture()}


if __name__ == "__main__":
    os.environ["TZ"] = "UTC"
    time.tzset()
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
