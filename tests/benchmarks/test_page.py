"""docs/performance.md says what was measured, and nothing else."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import PAGE, RESULTS
from benchmarks.page import Table, page
from benchmarks.parts import PARTS
from local.cloud import ROOT


def test_the_page_is_made_of_the_figures_that_are_kept() -> None:
    assert page(json.loads(RESULTS.read_text(encoding="utf-8"))) == PAGE.read_text(encoding="utf-8"), (
        "run `python -m benchmarks --show`"
    )


def test_every_part_has_been_measured_and_says_when_and_of_what() -> None:
    results: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert list(results) == [name for name in PARTS if name in results]
    assert {"cost", "scale", "reaction"} <= results.keys()
    for part in results.values():
        assert part["run"].keys() >= {"commit", "day", "minutes", "cores", "processor", "memoryGiB", "python"}


@pytest.mark.xdist_group("benchmarks")
def test_a_quick_run_leaves_a_page_of_its_own(quick: Path, results: dict[str, Any]) -> None:
    text = (quick / "performance.md").read_text(encoding="utf-8")
    assert text == page(results)
    assert "| linear, 10 steps, with alarm | 47 | 200 |" in text


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
