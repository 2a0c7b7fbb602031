"""`python -m acceptance preflight` and `smoke`: what an AWS account shows of Weighbridge."""

import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from acceptance import installation
from acceptance import preflight as asking
from acceptance import smoke as playing
from acceptance.account import Account, NoAccount, endpoint, opened
from acceptance.cases import CASES
from acceptance.lines import Line, any_failed, failed, show, summary
from acceptance.stage import Stage
from acceptance.waiting import NotSo
from local.__main__ import choices_of
from local.cloud import ROOT
from local.deployment import DeploymentError, SynthesisError, synthesize

EXIT_INTERRUPTED = 130

console = Console(highlight=False, soft_wrap=True)

CONTEXT = click.option(
    "-c",
    "--context",
    "choices",
    multiple=True,
    metavar="KEY=VALUE",
    callback=lambda _context, _option, values: choices_of(values),
    help="A context value, as for `cdk deploy`.",
)


@click.group()
def main() -> None:
    """Ask an AWS account, the one of the credentials in the environment, what no emulator can show."""


@main.command()
@CONTEXT
@click.option("--profile", help="A profile of the AWS CLI's.")
@click.option(
    "--assembly",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="An already synthesized cloud assembly, instead of synthesizing app.py.",
)
def preflight(*, choices: dict[str, str], profile: str | None, assembly: Path | None) -> None:
    """Tell whether Weighbridge can be installed: one line a check, in about a minute, free, and nothing is changed.

    A change set is made and deleted again; its template lies in the CDK's bootstrap bucket for that long. Exits with 1 if
    anything failed. What is "not answered here" was neither confirmed nor denied: an emulator does not know the question,
    or your credentials may not ask it.
    """
    account = _account(profile)
    with _assembly(assembly, choices) as directory:
        lines = []
        for line in asking.asked(account, asking.Stack(directory, settings=not choices and not assembly)):
            show(console, line)
            lines.append(line)
    console.print(summary(lines))
    sys.exit(any_failed(lines))


@main.command()
@CONTEXT
@click.option("--profile", help="A profile of the AWS CLI's.")
@click.option("--quick", is_flag=True, help="Leave out the cases that wait for minutes.")
@click.option(
    "--with-provisioned-concurrency",
    "provisioned",
    is_flag=True,
    help="Play case 15, too: a unit of provisioned concurrency for some minutes.",
)
@click.option("--only", "numbers", multiple=True, type=int, metavar="NUMBER", help="Only the cases of that number.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=ROOT / "smoke.json",
    show_default="smoke.json",
    help="Where to write what was measured.",
)
@click.option(
    "--assembly",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="For an emulator: an already synthesized cloud assembly, instead of synthesizing app.py.",
)
@click.option("--requests", type=click.IntRange(min=1), default=2000, hidden=True)
def smoke(  # noqa: PLR0913 - one parameter an option
    *,
    choices: dict[str, str],
    profile: str | None,
    quick: bool,
    provisioned: bool,
    numbers: tuple[int, ...],
    output: Path,
    assembly: Path | None,
    requests: int,
) -> None:
    """Deploy a stack and a function beside whatever is there, play cases with them, and take everything away again.

    Costs some cents and takes three quarters of an hour. Prints one line a case with what was measured, and writes the
    same, without account ids, to a file. Exits with 1 if anything failed or is left over. Ctrl-C ends it early: what is
    open is stopped, and everything taken away.
    """
    account = _account(profile)
    cases = [
        case
        for case in CASES
        if not (quick and case.is_long)
        and (provisioned or not case.is_asked_for)
        and (not numbers or case.number in numbers)
    ]
    began, lines = datetime.now(UTC), list[Line]()
    status = 0
    with _signals() as ignore_signals, ExitStack() as stack:
        name, directory = playing.new_name(), None
        if endpoint():
            directory = stack.enter_context(_assembly(assembly, choices | {installation.STACK_NAME: name}))
            name = installation.stack_of(directory)
        if installation.exists(account, name):
            raise click.ClickException(f"There is a stack {name} already, which is left alone.")
        stage = None
        try:
            console.print(f"Deploying {name} to {account.region} …")
            if directory:
                outputs = installation.install_locally(account, directory)
            else:
                outputs = installation.install(account, name, choices, profile)
            stage = Stage(account, name, outputs, requests)
            stage.build()
            for line in playing.played(stage, cases):
                show(console, line)
                lines.append(line)
        except (DeploymentError, installation.InstallationError, NotSo, ClientError, BotoCoreError) as error:
            lines.append(Line(" 0 the stack and its subject are there", failed(" ".join(str(error).split()))))
            show(console, lines[-1])
        except KeyboardInterrupt:
            console.print("Stopped. Taking everything away …")
            status = EXIT_INTERRUPTED
        finally:
            ignore_signals()
            lines.append(playing.removed(account, stage, name))
            show(console, lines[-1])
            playing.write(output, lines=lines, account=account, began=began, quick=quick)
    console.print(f"{summary(lines)} Written to {output.name}.")
    sys.exit(status or any_failed(lines))


@contextmanager
def _signals() -> Iterator[Callable[[], None]]:
    """Ctrl-C and SIGTERM end the playing, once: pressed again, or while things are taken away, they disturb nothing."""

    def ignore() -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        ignore()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ignore
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _account(profile: str | None) -> Account:
    try:
        return opened(profile)
    except NoAccount as none:
        raise click.ClickException(str(none)) from none


@contextmanager
def _assembly(assembly: Path | None, choices: dict[str, str]) -> Iterator[Path]:
    if assembly:
        yield assembly
        return
    with tempfile.TemporaryDirectory(prefix="weighbridge-acceptance-") as directory:
        console.print("Synthesizing the stack …")
        try:
            synthesize(ROOT / "app.py", Path(directory), choices)
        except SynthesisError as error:
            raise click.ClickException(str(error)) from error
        yield Path(directory)


if __name__ == "__main__":
    main()
