"""docs/performance.md says what was measured, and nothing else."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from benchmarks.__main__ import PAGE, RESULTS, main
from benchmarks.page import Table, page, pictures, sections
from benchmarks.parts import PARTS
from local.cloud import ROOT


def test_the_page_is_made_of_the_figures_that_are_kept() -> None:
    assert page(json.loads(RESULTS.read_text(encoding="utf-8"))) == PAGE.read_text(encoding="utf-8"), (
        "run `python -m benchmarks --show`"
    )


def test_so_are_its_pictures() -> None:
    drawn = pictures(json.loads(RESULTS.read_text(encoding="utf-8")))
    assert drawn
    assert drawn == {name: PAGE.with_name(name).read_text(encoding="utf-8") for name in drawn}
    assert all(f"]({name})" in PAGE.read_text(encoding="utf-8") for name in drawn)


def test_a_command_prints_every_table_of_the_page_without_measuring(tmp_path: Path) -> None:
    shutil.copy(RESULTS, tmp_path)
    shown = CliRunner().invoke(main, ["--show", "--directory", str(tmp_path)], catch_exceptions=False)
    assert shown.exit_code == 0
    assert (tmp_path / PAGE.name).read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")
    tables = [table for section in sections(json.loads(RESULTS.read_text(encoding="utf-8"))) for table in section.tables]
    assert [table.title for table in tables if table.title not in shown.stdout] == []


def test_every_part_has_been_measured_and_says_when_and_of_what() -> None:
    results: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert list(results) == [name for name in PARTS if name in results]
    assert {"cost", "scale", "reaction"} <= results.keys()
    for part in results.values():
        assert part["run"].keys() >= {"commit", "day", "minutes", "cores", "processor", "memoryGiB", "python"}


def test_a_quick_run_leaves_a_page_of_its_own(quick: Path, results: dict[str, Any]) -> None:
    text = (quick / "performance.md").read_text(encoding="utf-8")
    assert text == page(results)
    assert "| linear, 10 steps, with alarm | 47 | 201 |" in text


def test_cold_starts_have_a_section_where_they_are_measured() -> None:
    ratio, package = {"median": 1.25, "lower": 1.2, "upper": 1.3}, {"files": 3, "bytes": 4_000, "compressed_bytes": 1_000}
    starts = {"interrupt": ratio}
    figures = {
        "rounds": 5,
        "with_bytecode": starts,
        "without_bytecode": starts,
        "command": ratio,
        "packages": {"code": package},
    }
    run = json.loads(RESULTS.read_text(encoding="utf-8"))["cost"]["run"]
    text = page({"coldStart": {"run": run, "figures": figures}})
    assert "| interrupt | 1.25 (1.20-1.30) | 1.25 (1.20-1.30) |" in text
    assert "| code | 3 | 4,000 | 1,000 |" in text
    assert "`weighbridge --help` takes 1.25 (1.20-1.30) of the CPU time of `import boto3`" in text.replace("\n", " ")


def test_a_table_is_markdown() -> None:
    table = Table("Title", ("What", "Figure"), [("one", "1")])
    assert str(table) == "**Title**\n\n| What | Figure |\n| --- | ---: |\n| one | 1 |"


def test_the_readme_quotes_what_was_counted() -> None:
    counts = json.loads(RESULTS.read_text(encoding="utf-8"))["cost"]["figures"]["counts"]
    [ten] = [each for each in counts if each["name"] == "linear, 10 steps" and each["alarm"] and not each["hooks"]]
    counted = (ten["transitions"], sum(ten["invocations"].values()), sum(ten["calls"].values()))
    readme = (ROOT / "README.md").read_text(encoding="utf-8").replace("\n", " ")
    quoted = re.findall(
        r"ten steps with an alarm takes (\d+) state transitions, (\d+) short Lambda invocations and (\d+) calls of AWS, \$(\d\.\d\d)",
        readme,
    )
    assert quoted == [(*(str(each) for each in counted), f"{1000 * sum(ten['dollars'].values()):.2f}")]
