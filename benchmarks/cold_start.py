"""Cold start: what a handler costs until it can make its first call, in fresh interpreters.

Import of the handler plus a client of DynamoDB, against the floor of every function in Python on Lambda: `import boto3`
plus the same client. Both are measured one after the other in each round, in CPU time, so that what else the machine does
counts for neither; what is told is the ratio, for milliseconds of this machine say nothing about Lambda's.

`python -m benchmarks.cold_start` prints a table and writes JSON.
"""

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from infra.bytecode import compiled, interpreter
from local.deployment import LAYER

ROOT = Path(__file__).resolve().parents[1]
FLOOR = "import boto3; boto3.client('dynamodb')"
HANDLER = "import weighbridge.handlers.{}; from weighbridge.aws.clients import client; client('dynamodb')"
SDK = "import boto3"
COMMAND = "from weighbridge_cli.main import weighbridge; weighbridge(['--help'], standalone_mode=False)"
"""What somebody waits for who asks what there is: against the import of the SDK alone, which the command does without."""
# Between two readings of the clock, in a process that has loaded nothing of ours yet. CPython keeps frames in chunks, and
# what loops where one ends takes up to a tenth longer; how deep that is here says nothing of Lambda, so it is drawn.
PROBE = """
import sys, time
def run(depth):
    if depth:
        return run(depth - 1)
    began = time.process_time()
    exec(sys.argv[1])
    return time.process_time() - began
print(run(int(sys.argv[2])))
"""
DEEPEST = 170
"""Calls that a chunk has room for."""
TARGETS = {
    **dict.fromkeys(("interrupt", "shift_traffic", "record_failure"), 1.1),
    **dict.fromkeys(("check_alarms", "complete", "run_hook", "reconcile"), 1.2),
    **dict.fromkeys(("validate", "receive", "api"), 1.5),
}
"""The ratio that a handler is meant to stay below, as it ships."""


@dataclass(frozen=True)
class Ratio:
    """A handler against the floor: the median of all rounds, and between which half of them lie."""

    median: float
    lower: float
    upper: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> "Ratio":
        lower, median, upper = statistics.quantiles(samples, n=4, method="inclusive")
        return cls(median, lower, upper)

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.lower:.2f}-{self.upper:.2f})"


@dataclass(frozen=True)
class Package:
    """What is uploaded for one function: files, and their bytes before and after compression."""

    files: int
    bytes: int
    compressed_bytes: int


@dataclass(frozen=True)
class ColdStarts:
    """with_bytecode, without_bytecode: a ratio for each handler's name. packages: `code` and `layer`, with bytecode.

    With bytecode is how it ships where an interpreter of the runtime's version is at hand. command: `weighbridge --help`
    against `import boto3`.
    """

    rounds: int
    python: str
    with_bytecode: Mapping[str, Ratio]
    without_bytecode: Mapping[str, Ratio]
    packages: Mapping[str, Package]
    command: Ratio


def handlers() -> list[str]:
    return sorted(path.stem for path in (ROOT / "functions/weighbridge/handlers").glob("[!_]*.py"))


def measure(rounds: int = 15, names: Sequence[str] = ()) -> ColdStarts:
    """Measure the handlers of these names, by default all; a round takes about half a minute for all of them.

    Raises subprocess.CalledProcessError where one cannot be imported.
    """
    names = names or handlers()
    with tempfile.TemporaryDirectory(prefix="weighbridge-cold-start-") as scratch:
        shipped, bare = Path(scratch, "shipped"), Path(scratch, "bare")
        _unpack(shipped)
        shutil.copytree(shipped, bare, ignore=shutil.ignore_patterns("__pycache__"))
        for statement in (FLOOR, *(HANDLER.format(name) for name in names)):
            _seconds(statement, shipped, warming=True)
        samples = [dict(_round(names, directory)) for directory in (shipped, bare) for _ in range(rounds)]
        with_bytecode, without_bytecode = (
            {name: Ratio.of([sample[name] for sample in half]) for name in names}
            for half in (samples[:rounds], samples[rounds:])
        )
        packages = {name: _package(shipped / name) for name in ("code", "layer")}
        for statement in (SDK, COMMAND):
            _seconds(statement, bare, warming=True)
        command = Ratio.of([_seconds(COMMAND, bare) / _seconds(SDK, bare) for _ in range(rounds)])
    return ColdStarts(rounds, sys.version.split()[0], with_bytecode, without_bytecode, packages, command)


def _unpack(directory: Path) -> None:
    """The code and the layer as they are packed for this machine's Python, side by side as a function finds them."""
    by = interpreter("{}.{}".format(*sys.version_info))
    if by is None:
        raise RuntimeError(f"{sys.executable} is no release of CPython")
    compiled(ROOT / "functions", directory / "code", by, "/var/task")
    compiled(ROOT / LAYER, directory / "layer", by, "/opt")
    shutil.rmtree(directory / "layer" / "python" / "bin", ignore_errors=True)


def _round(names: Sequence[str], directory: Path) -> Iterator[tuple[str, float]]:
    """Each handler's ratio to the floor right after it, in an order of the round's own."""
    for name in random.sample(names, len(names)):
        depth = random.randint(0, DEEPEST)  # noqa: S311
        yield name, _seconds(HANDLER.format(name), directory, depth) / _seconds(FLOOR, directory, depth)


def _seconds(statement: str, directory: Path, depth: int = 0, *, warming: bool = False) -> float:
    """CPU seconds that a statement takes in a fresh interpreter; `warming` writes the bytecode of what is not ours."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),  # which has no profile of AWS
        "PYTHONPATH": os.pathsep.join(map(str, (directory / "code", directory / "layer" / "python", ROOT / "cli"))),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "POWERTOOLS_SERVICE_NAME": "weighbridge",
        "POWERTOOLS_METRICS_NAMESPACE": "Weighbridge",
        **({} if warming else {"PYTHONDONTWRITEBYTECODE": "1"}),
    }
    command = [sys.executable, "-c", PROBE, statement, str(depth)]
    run = subprocess.run(command, env=environment, cwd=directory, capture_output=True, text=True, check=True)
    return float(run.stdout.splitlines()[-1])  # before it is what the command says


def _package(directory: Path) -> Package:
    with tempfile.TemporaryDirectory() as scratch:
        archive = shutil.make_archive(str(Path(scratch, "package")), "zip", directory)
        files = [path for path in directory.rglob("*") if path.is_file()]
        return Package(len(files), sum(path.stat().st_size for path in files), Path(archive).stat().st_size)


def table(result: ColdStarts) -> str:
    """The result as Markdown."""
    lines = ["| handler | with bytecode | without | target |", "|---|---|---|---|"]
    for name, ratio in result.with_bytecode.items():
        target = f"{TARGETS[name]:.2f}" if name in TARGETS else ""
        lines.append(f"| `{name}` | {ratio} | {result.without_bytecode[name]} | {target} |")
    lines += ["", "| package | files | KiB | KiB compressed |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {package.files} | {package.bytes / 1024:,.0f} | {package.compressed_bytes / 1024:,.0f} |"
        for name, package in result.packages.items()
    ]
    lines += ["", f"`weighbridge --help` takes {result.command} of what `import boto3` takes."]
    return "\n".join(lines)


def as_json(result: ColdStarts) -> dict[str, Any]:
    return asdict(result)


@click.command()
@click.option("--rounds", type=click.IntRange(min=2), default=15, show_default=True, help="How often each is measured.")
@click.option("--handler", "names", multiple=True, type=click.Choice(handlers()), help="Only this one; may be repeated.")
@click.option("--json", "path", type=click.Path(path_type=Path), help="Where to write the figures as JSON.")
def main(*, rounds: int, names: tuple[str, ...], path: Path | None) -> None:
    """Measure import plus a client of every handler against `import boto3` plus a client: medians, and quartiles."""
    result = measure(rounds, names)
    click.echo(table(result))
    if path:
        path.write_text(json.dumps(as_json(result), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
