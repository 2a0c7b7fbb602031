"""The table: what was tried, and what held."""

import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from rich.table import Table

from local.cloud import ROOT
from verify.case import Tried


@dataclass
class Row:
    """`failed` counts the cases in which anything did not hold, `measured` says what cases have measured.

    `of` is the commit that was tried, and the day.
    """

    fault_class: str
    cases: int = 0
    failed: int = 0
    measured: list[str] = field(default_factory=list)
    of: str = ""

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


def written(rows: Sequence[Row], *, share: float) -> str:
    """The table for docs/reliability.md; `share` is how much of every class was tried."""
    part = (
        "" if share == 1 else f" It tried {share:.0%} of every class, drawn at random, without races, load and scenarios."
    )
    lines = [
        "# Reliability",
        "",
        f"Written by `python -m verify`, each class about the commit, and on the day, that its row names.{part}",
        "[What a case is, and how it is tried](architecture.md#verification).",
        "",
        f"| {' | '.join(HEADINGS)} | Commit |",
        "| --- | ---: | ---: | ---: | --- |",
        *(f"| {' | '.join(row.cells)} | {row.of} |" for row in rows),
        f"| {' | '.join(total(rows).cells)} | |",
        "",
        *(f"- {line}" for row in rows for line in sorted(row.measured)),
        *([""] if any(row.measured for row in rows) else []),
    ]
    return "\n".join(lines)


def renewed(text: str, rows: Sequence[Row]) -> list[Row]:
    """The rows of an earlier table, those of the same classes replaced by `rows`."""
    new = {row.fault_class: row for row in rows}
    old = list(_read(text))
    kept = [new.pop(row.fault_class, row) for row in old]
    return [*kept, *new.values()]


@dataclass(frozen=True)
class Report:
    """The file with the table; `share` is how much of every class is tried."""

    path: Path
    share: float

    def add(self, row: Row) -> None:
        """Keeps a row as soon as it is known, so that a run that is interrupted has not been in vain."""
        if self.share == 1:
            self._write(renewed(self._text(), [row]))

    def conclude(self, rows: Sequence[Row]) -> None:
        """Once every class has been tried: rows of classes that there are no more go."""
        names = {row.fault_class for row in rows}
        table = renewed(self._text(), rows) if self.share == 1 else rows
        self._write([row for row in table if row.fault_class in names])

    def _text(self) -> str:
        return self.path.read_text() if self.path.exists() else ""

    def _write(self, rows: Sequence[Row]) -> None:
        self.path.write_text(written(rows, share=self.share))


def _read(text: str) -> Iterator[Row]:
    """The rows of a table that `written` has made."""
    measured = re.findall(r"^- (.*)$", text, re.MULTILINE)
    for name, cases, failed, of in re.findall(
        r"^\| (.+?) \| ([\d,]+) \| [\d,]+ \| ([\d,]+) \| (.+) \|$", text, re.MULTILINE
    ):
        own = [line for line in measured if line.startswith((f"{name}, ", f"{name}: "))]
        yield Row(name, int(cases.replace(",", "")), int(failed.replace(",", "")), own, of)


def tried(day: date) -> str:
    """What a row's cases were tried on: the commit that is checked out, whether anything differs from it, and the day."""
    return f"{commit()}, {day.isoformat()}"


def commit() -> str:
    """The commit that is checked out, and whether anything differs from it."""
    name = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True)
    return f"`{name.stdout.strip()}`{' with changes' if changed.stdout.strip() else ''}"
