"""`python -m benchmarks`: measure, print the tables, keep the figures and write the page."""

import json
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table as Printed

from benchmarks import budgets, machine, page
from benchmarks.parts import PARTS, QUICK, Measure
from local.cloud import ROOT
from local.deployment import SynthesisError, synthesize
from scenarios.world import CHOICES

RESULTS, PAGE = ROOT / "benchmarks" / "results.json", ROOT / "docs" / "performance.md"
SCRATCH = ROOT / ".build" / "benchmarks"
"""Where a quick run leaves its figures and its page: they are not for keeping."""

console = Console(stderr=True, highlight=False, soft_wrap=True)


@click.command()
@click.option(
    "--quick", is_flag=True, help="Only what is counted and a small load, in under a minute; kept in .build/benchmarks."
)
@click.option(
    "--only", "chosen", multiple=True, type=click.Choice(list(PARTS)), help="Measure this; keep the other figures."
)
@click.option("--show", is_flag=True, help="Measure nothing: print the figures that are kept, and write the page again.")
@click.option(
    "--directory", type=click.Path(path_type=Path, file_okay=False), help="Where results.json and performance.md go."
)
@click.option(
    "--assembly",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="An already synthesized cloud assembly, instead of synthesizing app.py.",
)
def main(*, quick: bool, chosen: tuple[str, ...], show: bool, directory: Path | None, assembly: Path | None) -> None:
    """Measure what a deployment costs, how fast it reacts and how far it scales.

    Prints tables, keeps the figures in benchmarks/results.json and writes docs/performance.md. Exits with 1 where a budget
    is missed. All of it takes about half an hour on two cores.
    """
    if quick and directory is None:
        directory = SCRATCH
    results = Kept(directory)
    if not show:
        parts = {name: part for name, part in (QUICK if quick else PARTS).items() if not chosen or name in chosen}
        with ExitStack() as stack:
            if assembly is None:
                assembly = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="weighbridge-bench-"))) / "assembly"
                _synthesize(assembly)
            _measure(parts, assembly, results, quick=quick)
    results.write_page()
    _print(results.results)
    checks = {"cost": budgets.missed, "scale": budgets.failed}
    figures = {name: part["figures"] for name, part in results.results.items()}
    missed = [said for name, check in checks.items() if name in figures for said in check(figures[name])]
    for sentence in missed:
        console.print(f"MISSED {sentence}", markup=False)
    sys.exit(bool(missed))


class Kept:
    """The figures that are kept in a directory, by default those of the project; whatever is not measured anew stays."""

    def __init__(self, directory: Path | None) -> None:
        if directory:
            directory.mkdir(parents=True, exist_ok=True)
        self._file = directory / RESULTS.name if directory else RESULTS
        self._page = directory / PAGE.name if directory else PAGE
        self.results: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8")) if self._file.exists() else {}

    def keep(self, name: str, part: Mapping[str, Any]) -> None:
        """Keeps what was measured of a part at once, so that one that fails later loses nothing."""
        known = self.results | {name: part}
        self.results = {each: known[each] for each in PARTS if each in known}
        self._file.write_text(json.dumps(self.results, indent=1) + "\n", encoding="utf-8")

    def write_page(self) -> None:
        for name, text in ({self._page.name: page.page(self.results)} | page.pictures(self.results)).items():
            self._page.with_name(name).write_text(text, encoding="utf-8")


def _measure(parts: Mapping[str, Measure], assembly: Path, results: Kept, *, quick: bool) -> None:
    here = machine.described()  # before anything is written, which would be a change
    for name, measure in parts.items():
        console.print(f"Measuring: {name}")
        began = time.monotonic()
        figures = measure(assembly, quick)
        results.keep(name, {"run": here | {"minutes": round((time.monotonic() - began) / 60, 1)}, "figures": figures})


def _synthesize(assembly: Path) -> None:
    console.print("Synthesizing the stack")
    try:
        synthesize(ROOT / "app.py", assembly, CHOICES)
    except SynthesisError as error:
        raise click.ClickException(str(error)) from error


def _print(results: Mapping[str, Any]) -> None:
    terminal = Console(width=None if sys.stdout.isatty() else 140, highlight=False, soft_wrap=True)
    for section in page.sections(results):
        for table in section.tables:
            printed = Printed(title=table.title, title_justify="left")
            for place, heading in enumerate(table.headings):
                printed.add_column(heading, justify="right" if place else "left")
            for row in table.rows:
                printed.add_row(*row)
            terminal.print(printed)


if __name__ == "__main__":
    main()
