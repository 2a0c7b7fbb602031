"""The table: what was tried, and what held."""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from rich.table import Table

from local.cloud import ROOT
from verify.case import Tried


@dataclass
class Row:
    """`failed` counts the cases in which anything did not hold, `measured` says what cases have measured."""

    fault_class: str
    cases: int = 0
    failed: int = 0
    measured: list[str] = field(default_factory=list)

    def count(self, tried: Tried, what: str = "") -> None:
        """Counts a trial of a case that is called `what`."""
        self.cases += tried.cases
        self.failed += bool(tried.problems)
        if tried.measured:
            self.measured.append(
                f"{self.fault_class}, {what}: {tried.measured}" if what else f"{self.fault_class}: {tried.measured}"
            )

    @property
    def cells(self) -> tuple[str, str, str, str]:
        return self.fault_class, f"{self.cases:,}", f"{self.cases - self.failed:,}", f"{self.failed:,}"


HEADINGS = ("Fault class", "Cases", "Held", "Failed")


def total(rows: Iterable[Row]) -> Row:
    rows = list(rows)
    return Row("all", sum(row.cases for row in rows), sum(row.failed for row in rows))


def shown(rows: list[Row]) -> Table:
    """The table for a terminal."""
    table = Table()
    for place, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row.cells)
    table.add_section()
    table.add_row(*total(rows).cells)
    return table


def written(rows: list[Row], *, day: date, commit: str, share: float, took: float) -> str:
    """The table for docs/reliability.md; `share` is how much of every class was tried, `took` is in seconds."""
    part = (
        "" if share == 1 else f" It tried {share:.0%} of every class, drawn at random, without races, load and scenarios."
    )
    lines = [
        "# Reliability",
        "",
        f"Written by `python -m verify` on {day.isoformat()} about commit {commit}, in {took / 60:.0f} minutes.{part}",
        "[What a case is, and how it is tried](architecture.md#verification).",
        "",
        f"| {HEADINGS[0]} | {' | '.join(HEADINGS[1:])} |",
        "| --- | ---: | ---: | ---: |",
        *(f"| {' | '.join(row.cells)} |" for row in [*rows, total(rows)]),
        "",
        *(f"- {line}" for row in rows for line in sorted(row.measured)),
        *([""] if any(row.measured for row in rows) else []),
    ]
    return "\n".join(lines)


def commit() -> str:
    """The commit that is checked out, and whether anything differs from it."""
    name = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True)
    return f"`{name.stdout.strip()}`{' with changes' if changed.stdout.strip() else ''}"
