"""`python -m local up` keeps a local cloud running with Weighbridge deployed to it, `python -m local demo` shows it off."""

import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from local import sample
from local.cloud import ROOT, LocalCloud, LocalCloudError
from local.demo import verdict
from local.demo.display import display
from local.demo.story import Story, TooLate
from local.deployment import DeploymentError, SynthesisError, deploy, synthesize

DEMO_TIME_SCALE = 0.035
EXIT_INTERRUPTED = 130

console = Console(highlight=False, soft_wrap=True)
ASSEMBLY = click.option(
    "--assembly",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="An already synthesized cloud assembly, instead of synthesizing app.py.",
)


@click.group()
def main() -> None:
    """Weighbridge without an AWS account."""


@main.command()
@click.option("--port", type=click.IntRange(1, 65535), default=4566, show_default=True)
@click.option(
    "--time-scale",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Seconds that pass per second of AWS: 0.05 is twenty times faster.",
)
@click.option(
    "-c",
    "--context",
    "choices",
    multiple=True,
    metavar="KEY=VALUE",
    callback=lambda _context, _option, values: choices_of(values),
    help="A context value of cdk.json to deploy with, as for `cdk deploy`: invocableHooks='verify-*'.",
)
@click.option("--iam", is_flag=True, help="Refuse what no policy allows, to the functions and to every user but the root.")
@ASSEMBLY
@click.option("--app", type=click.Path(path_type=Path, dir_okay=False), default=ROOT / "app.py", hidden=True)
@click.option("--directory", type=click.Path(path_type=Path, file_okay=False), hidden=True)
def up(  # noqa: PLR0913 - one parameter an option
    *,
    port: int,
    time_scale: float,
    choices: dict[str, str],
    iam: bool,
    assembly: Path | None,
    app: Path,
    directory: Path | None,
) -> None:
    """Start the local cloud, deploy Weighbridge to it, and run until interrupted."""
    if assembly and choices:
        raise click.UsageError("--context is for synthesizing: leave out --assembly.")
    _end_on_signals()
    try:
        with LocalCloud(port=port, time_scale=time_scale, directory=directory, enforce_iam=iam) as cloud:
            outputs_file = cloud.directory / "outputs.json"
            # Not before the port is ours: until then the file may be another run's.
            outputs_file.unlink(missing_ok=True)
            outputs = _deployed(cloud, assembly, app, choices)
            _explain(cloud, outputs)
            try:
                # Last: whoever waits for the file finds everything ready, and said.
                _write_atomically(outputs_file, {"endpoint": cloud.endpoint, "region": cloud.region} | outputs)
                cloud.wait()
            finally:
                outputs_file.unlink(missing_ok=True)
    except (LocalCloudError, SynthesisError, DeploymentError) as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        console.print("Stopped.")


@main.command()
@click.option("--port", type=click.IntRange(1, 65535), help="By default a free one.")
@click.option(
    "--time-scale",
    type=click.FloatRange(min=0, min_open=True),
    default=DEMO_TIME_SCALE,
    show_default=True,
    help="Seconds that pass per second of AWS: by default, the nine minutes of a deployment take less than half a minute.",
)
@ASSEMBLY
@click.option("--app", type=click.Path(path_type=Path, dir_okay=False), default=ROOT / "app.py", hidden=True)
@click.option("--directory", type=click.Path(path_type=Path, file_okay=False), hidden=True)
def demo(*, port: int | None, time_scale: float, assembly: Path | None, app: Path, directory: Path | None) -> None:
    """Deploy two versions of a sample function under live traffic: a good one, and one that fails and is rolled back.

    Everything runs in a local cloud of its own, and nothing is staged: the second deployment is stopped because a
    CloudWatch alarm sees the failed requests. Exits with 0 only if both deployments ended as they should.

    "Traffic restored in N s" is the time from the alarm's change to ALARM, as its state change event says, to the update
    of the alias to 100 % of the old version, as the rollback's record says.
    """
    _end_on_signals()
    try:
        with LocalCloud(port=port, time_scale=time_scale, directory=directory) as cloud:
            outputs = _deployed(cloud, assembly, app, {})
            console.print(f"\nTime runs {1 / time_scale:.0f} times as fast as on AWS; the cloud's log is {cloud.log}\n")
            try:
                good, bad = Story(cloud, outputs, display(console)).play()
            except (TooLate, BotoCoreError, ClientError) as error:
                raise click.ClickException(f"{error}\nThe local cloud's log is {cloud.log}") from error
    except (LocalCloudError, SynthesisError, DeploymentError) as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        console.print("Stopped.")
        sys.exit(EXIT_INTERRUPTED)
    _conclude(good, bad)
    console.print(
        "\nNext: `make local` keeps such a cloud running and prints five lines to try. What was dropped here lies in\n"
        "local/demo/shop; README.md says what else to drop, docs/operations.md what to do when something goes wrong."
    )


def _conclude(good: verdict.Ended, bad: verdict.Ended) -> None:
    console.print(f"\n{verdict.summary(good)}\n{verdict.summary(bad)}")
    if differences := verdict.differences(good, bad):
        raise click.ClickException("\n  ".join(["it did not end as it should have:", *differences]))


def choices_of(values: Iterable[str]) -> dict[str, str]:
    """Options `KEY=VALUE` as a mapping. Raises click's BadParameter."""
    choices = {}
    for value in values:
        key, separator, choice = value.partition("=")
        if not key or not separator:
            raise click.BadParameter(f"{value!r} is no KEY=VALUE.")
        choices[key] = choice
    return choices


def _deployed(cloud: LocalCloud, assembly: Path | None, app: Path, choices: Mapping[str, str]) -> dict[str, str]:
    """The outputs of the stack, deployed from an assembly or from the one that `app` synthesizes with these choices."""
    with tempfile.TemporaryDirectory(prefix="weighbridge-assembly-") as scratch:
        if assembly is None:
            assembly = Path(scratch)
            with _step("Synthesizing the stack"):
                synthesize(app, assembly, choices)
        with _step("Deploying it to the local cloud"):
            return deploy(cloud, assembly)


@contextmanager
def _step(what: str) -> Iterator[None]:
    started = time.monotonic()
    if console.is_terminal:
        with console.status(f"{what} …"):
            yield
    else:
        console.print(f"{what} …")
        yield
    console.print(f"{what}: {time.monotonic() - started:.1f} s")


def _explain(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    environment = sample.write_environment(cloud, outputs)
    console.print(f"\nThe local cloud answers at {cloud.endpoint} until you press Ctrl-C.")
    console.print(f"Its log is {cloud.log}\n")
    if outputs.keys() >= sample.NEEDED:
        sample.publish(cloud, outputs)
        console.print("Try this now, in another terminal, which from the first line on is the local cloud's alone:\n")
        for line in sample.lines(cloud, outputs):
            console.print(f"  {line}", markup=False)
        console.print("\n" + sample.EXPLAINED)
    else:
        console.print(f"Point another terminal to it:\n\n  . {environment}")
    sys.stdout.flush()


def _write_atomically(path: Path, document: dict[str, str]) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(document, indent=2) + "\n")
    fresh.replace(path)


def _end_on_signals() -> None:
    """Ctrl-C and SIGTERM end the command, once: pressed again, they do not disturb the cleaning up."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
