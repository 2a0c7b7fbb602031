"""`python -m verify` tries every fault that can be thought of, and prints what held."""

import math
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from local.cloud import ROOT
from local.deployment import SynthesisError, synthesize
from scenarios.world import CHOICES
from verify.on_local_cloud import PARTS
from verify.pool import Listed, Pool
from verify.report import Report, Row, shown, tried

LINES_EVERY = 1000
"""After so many cases there is a line where no bar can be shown, in a pipeline's log say."""
console = Console(stderr=True, highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Choice:
    """Which cases are tried: all where `only` is empty, else those that hold one of its texts, or are of these classes."""

    only: tuple[str, ...]
    by_name: bool

    def takes(self, fault_class: str, what: str = "") -> bool:
        return not self.only or any(self._means(text, fault_class, what) for text in self.only)

    def without(self, rows: Sequence[Row]) -> list[str]:
        """The texts that nothing was tried for, as far as that can be told by the rows."""
        if self.by_name:
            return [text for text in self.only if text not in {row.fault_class for row in rows}]
        return [] if rows else list(self.only)

    def _means(self, text: str, fault_class: str, what: str) -> bool:
        return text == fault_class if self.by_name else text in f"{fault_class}: {what}"


@click.command()
@click.option(
    "--only",
    multiple=True,
    metavar="TEXT",
    help="Only cases whose class or description holds this text; with --report, the class of this name.",
)
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="How much of every class to try, drawn at random; below 1 without races and without the local cloud.",
)
@click.option("--seed", default=0, show_default=True, help="What the drawing by --share begins with.")
@click.option("--processes", type=click.IntRange(min=1), default=2, show_default=True)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file for the table; with --only, the rows of these classes are renewed in it.",
)
@click.option(
    "--assembly",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="An already synthesized cloud assembly, instead of synthesizing app.py.",
)
def main(  # noqa: PLR0913 - one parameter an option
    *, only: tuple[str, ...], share: float, seed: int, processes: int, report: Path | None, assembly: Path | None
) -> None:
    """Try every fault at every call, deaths of executions, deliveries in any order, drift, races, fuzzing and load.

    Prints one table to standard output, and on standard error how far it is and what does not hold. Exits with 0 only if
    everything held. The whole of it takes two to three hours on two cores.
    """
    if report and only and not report.exists():
        raise click.UsageError("--report takes every class: leave out --only, which renews rows of a table that is there.")
    if report and only and share < 1:
        raise click.UsageError("A row stands for a whole class: leave out --share, or --report.")
    file = Report(report, share) if report else None
    choice = Choice(only, by_name=file is not None)
    with ExitStack() as stack:
        if assembly is None:
            assembly = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="weighbridge-verify-"))) / "assembly"
            _synthesize(assembly)
        of, rows = tried(datetime.now().astimezone().date()), list[Row]()
        for row in _tried(assembly, choice, share, seed, processes):
            row.of = of
            rows.append(row)
            if file:
                file.add(row)
    if left_out := choice.without(rows):
        kind = "class" if file else "case"
        hint = "docs/reliability.md has the names of the classes"
        raise click.UsageError(f"No {kind} is called {', '.join(map(repr, left_out))}; {hint}.")
    terminal = Console(width=None if sys.stdout.isatty() else 120, highlight=False, soft_wrap=True)
    terminal.print(shown(rows))
    for line in (line for row in rows for line in sorted(row.measured)):
        terminal.print(line, markup=False)
    if file and not only:
        file.conclude(rows)
    sys.exit(any(row.failed for row in rows))


def _synthesize(assembly: Path) -> None:
    console.print("Synthesizing the stack")
    try:
        synthesize(ROOT / "app.py", assembly, CHOICES)
    except SynthesisError as error:
        raise click.ClickException(str(error)) from error


def _tried(assembly: Path, choice: Choice, share: float, seed: int, processes: int) -> Iterator[Row]:
    """Tries everything, class by class."""
    yield from _simulated(assembly, choice, share, seed, processes)
    for part in PARTS if share == 1 else ():
        if choice.takes(part.fault_class):
            yield part.run(assembly, console)


def _simulated(assembly: Path, choice: Choice, share: float, seed: int, processes: int) -> Iterator[Row]:
    """Tries what is tried in the simulation, and yields each class when it is through."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Pool(assembly, processes) as pool, Progress(*columns, console=console) as progress:
        bar = progress.add_task("Counting the cases", total=None)
        cases = [case for case in pool.listed() if choice.takes(case.fault_class, case.what)]
        drawn = _drawn(cases, share, seed)
        left = Counter(case.fault_class for case in drawn)
        rows = {name: Row(name) for name in left}
        progress.update(bar, description="Trying the cases", total=len(drawn))
        for number, (case, tried) in enumerate(pool.tried(drawn), 1):
            rows[case.fault_class].count(tried, case.what)
            progress.advance(bar)
            if not console.is_terminal and number % LINES_EVERY == 0:
                console.print(f"{number:,} of {len(drawn):,} cases tried")
            for problem in tried.problems:
                console.print(f"FAILED {case.fault_class}: {case.what}\n    {problem[:1000]}", markup=False)
            left[case.fault_class] -= 1
            if not left[case.fault_class]:
                yield rows[case.fault_class]


def _drawn(cases: Iterable[Listed], share: float, seed: int) -> list[Listed]:
    """That share of every class, in random order, so that slow and fast ones mix and the time that remains is known."""
    by_class: dict[str, list[Listed]] = {}
    for case in cases:
        if share == 1 or not case.is_long:
            by_class.setdefault(case.fault_class, []).append(case)
    dice = random.Random(seed)
    return [case for all_of_it in by_class.values() for case in dice.sample(all_of_it, math.ceil(len(all_of_it) * share))]


if __name__ == "__main__":
    main()
