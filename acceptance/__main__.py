"""`python -m acceptance preflight` and `smoke`: what an AWS account shows of Weighbridge."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console

from acceptance import preflight as asking
from acceptance.account import Account, NoAccount, opened
from acceptance.lines import any_failed, show, summary
from local.cloud import ROOT
from local.deployment import SynthesisError, synthesize

console = Console(highlight=False, soft_wrap=True)


@click.group()
def main() -> None:
    """Ask an AWS account, the one of the credentials in the environment, what no emulator can show."""


@main.command()
@click.option("-c", "--context", "chosen", multiple=True, metavar="KEY=VALUE", help="A context value, as for `cdk deploy`.")
@click.option("--profile", help="A profile of the AWS CLI's.")
@click.option(
    "--assembly",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="An already synthesized cloud assembly, instead of synthesizing app.py.",
)
def preflight(*, chosen: tuple[str, ...], profile: str | None, assembly: Path | None) -> None:
    """Tell whether Weighbridge can be installed: one line a check, in about a minute, free, and nothing is changed.

    A change set is made and deleted again; its template lies in the CDK's bootstrap bucket for that long. Exits with 1 if
    anything failed. What is "not answered here" was neither confirmed nor denied: an emulator does not know the question,
    or your credentials may not ask it.
    """
    account = _account(profile)
    with _assembly(assembly, chosen) as directory:
        lines = []
        for line in asking.asked(account, asking.Stack(directory, settings=not chosen and not assembly)):
            show(console, line)
            lines.append(line)
    console.print(summary(lines))
    sys.exit(any_failed(lines))


def _account(profile: str | None) -> Account:
    try:
        return opened(profile)
    except NoAccount as none:
        raise click.ClickException(str(none)) from none


@contextmanager
def _assembly(given: Path | None, chosen: tuple[str, ...]) -> Iterator[Path]:
    if given:
        yield given
        return
    choices = dict(choice.partition("=")[::2] for choice in chosen)
    with tempfile.TemporaryDirectory(prefix="weighbridge-acceptance-") as directory:
        console.print("Synthesizing the stack …")
        try:
            synthesize(ROOT / "app.py", Path(directory), choices)
        except SynthesisError as error:
            raise click.ClickException(str(error)) from error
        yield Path(directory)


if __name__ == "__main__":
    main()
