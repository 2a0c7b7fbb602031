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
    is missed. All of it takes about a quarter of an hour on two cores.
    """
    results_file, page_file = RESULTS, PAGE
    if quick and directory is None:
        directory = SCRATCH
    if directory:
        directory.mkdir(parents=True, exist_ok=True)
        results_file, page_file = directory / "results.json", directory / "performance.md"
    parts = QUICK if quick else PARTS
    measured: dict[str, Any] = {}
    if not show:
        with ExitStack() as stack:
            if assembly is None:
                assembly = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="weighbridge-bench-"))) / "assembly"
                _synthesize(assembly)
            for name, measure in parts.items():
                if not chosen or name in chosen:
                    measured[name] = _timed(name, measure, assembly, quick)
    kept = json.loads(results_file.read_text(encoding="utf-8")) if results_file.exists() and (chosen or show) else {}
    results = {name: (kept | measured)[name] for name in PARTS if name in kept | measured}
    results_file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for name, text in ({page_file.name: page.page(results)} | page.pictures(results)).items():
        page_file.with_name(name).write_text(text, encoding="utf-8")
    _print(results)
    checks = {"cost": budgets.missed, "scale": budgets.failed}
    missed = [said for name, check in checks.items() if name in results for said in check(results[name]["figures"])]
    for sentence in missed:
        console.print(f"MISSED {sentence}", markup=False)
    sys.exit(bool(missed))


def _synthesize(assembly: Path) -> None:
    console.print("Synthesizing the stack")
    try:
        synthesize(ROOT / "app.py", assembly, CHOICES)
    except SynthesisError as error:
        raise click.ClickException(str(error)) from error


def _timed(name: str, measure: Measure, assembly: Path, quick: bool) -> dict[str, Any]:  # noqa: FBT001 - as above
    console.print(f"Measuring: {name}")
    began = time.monotonic()
    figures = measure(assembly, quick)
    return {"run": machine.run(time.monotonic() - began), "figures": figures}


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
