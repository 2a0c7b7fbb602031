"""The command, as far as it can be seen without an hour of patience: its table, its file, and what it refuses."""

import re
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from rich.console import Console

from verify import pool
from verify.__main__ import main
from verify.case import Tried
from verify.report import Row, renewed, shown, tried, written

LATE, LATER = "`abc1234`, 2026-11-24", "`def5678`, 2026-11-28"
ROWS = [Row("drift", 708, 0, [], LATE), Row("races", 12_345, 2, [], LATE)]


def test_a_row_counts_cases_and_failures() -> None:
    row = Row("hostile input")
    for outcome in (Tried([]), Tried(["two", "problems"]), Tried([], cases=250)):
        row.count(outcome)
    assert row.cells == ("hostile input", "252", "251", "1")


def test_the_table_for_a_terminal_has_every_class_and_all_of_them() -> None:
    console = Console(width=100)
    with console.capture() as printed:
        console.print(shown(ROWS))
    lines = [line.replace("│", " ").split() for line in printed.get().splitlines()]
    assert ["drift", "708", "708", "0"] in lines
    assert ["races", "12,345", "12,343", "2"] in lines
    assert ["all", "13,053", "13,051", "2"] in lines


def test_each_row_of_the_file_names_its_commit_and_day() -> None:
    text = written(ROWS, share=1)
    assert "| drift | 708 | 708 | 0 | `abc1234`, 2026-11-24 |" in text
    assert "| all | 13,053 | 13,051 | 2 | |" in text
    assert "drawn at random" not in text


def test_rows_of_the_file_can_be_renewed() -> None:
    old = [*ROWS, Row("load, simulated", 60, 0, ["load, simulated, 60 at once: back after 2 s"], LATE)]
    new = [Row("races", 12_350, 0, [], LATER), Row("stacks", 13, 0, [], LATER)]
    rows = renewed(written(old, share=1), new)
    assert rows == [old[0], new[0], old[2], new[1]]
    assert written(rows, share=1).count("back after 2 s") == 1


def test_what_a_row_is_of_is_the_commit_that_is_checked_out() -> None:
    assert re.fullmatch(r"`[0-9a-f]{7,}`( with changes)?, 2026-11-24", tried(date(2026, 11, 24)))


def test_the_file_says_what_was_measured() -> None:
    rows = [Row("load"), Row("drift")]
    rows[0].count(Tried([], measured="back after 2 s"), "200 at once")
    rows[0].count(Tried([], measured="back after 1 s"))
    text = written(rows, share=1)
    assert text.endswith("| all | 2 | 2 | 0 | |\n\n- load, 200 at once: back after 2 s\n- load: back after 1 s\n")


def test_the_file_says_that_less_than_everything_was_tried() -> None:
    text = written(ROWS, share=0.25)
    assert "It tried 25% of every class, drawn at random, without races, load and scenarios." in text


def tries(monkeypatch: pytest.MonkeyPatch, *cases: tuple[str, str]) -> None:
    """There are these cases, each a class and what it says, and all hold."""
    listed = [pool.Listed(number, *case) for number, case in enumerate(cases)]
    fake = SimpleNamespace(listed=lambda: listed, tried=lambda drawn: ((case, Tried([])) for case in drawn))
    monkeypatch.setattr("verify.__main__.Pool", lambda *_: nullcontext(fake))
    monkeypatch.setattr("verify.__main__.PARTS", [])


def test_a_row_stands_for_a_whole_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = tmp_path / "reliability.md"
    report.write_text(written(ROWS, share=1))
    tries(monkeypatch, ("drift", "the alias"), ("drift", "the races"), ("races", "of drift"), ("races", "of others"))
    arguments = ["--assembly", str(tmp_path), "--report", str(report), "--only"]
    for part in ("drif", "the alias"):
        refused = CliRunner().invoke(main, [*arguments, part])
        assert refused.exit_code == 2
        assert f"No class is called '{part}'" in refused.output
    assert CliRunner().invoke(main, [*arguments, "drift", "--share", "0.5"]).exit_code == 2
    assert report.read_text() == written(ROWS, share=1)
    assert CliRunner().invoke(main, [*arguments, "drift"]).exit_code == 0
    assert "| drift | 2 | 2 | 0 |" in report.read_text()
    assert "| races | 12,345 | 12,343 | 2 |" in report.read_text()


def test_a_misspelt_class_is_named_and_the_others_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = tmp_path / "reliability.md"
    report.write_text(written(ROWS, share=1))
    tries(monkeypatch, ("drift", "the alias"), ("races", "two drops"))
    names = ["--only", "drift", "--only", "rases"]
    result = CliRunner().invoke(main, ["--assembly", str(tmp_path), "--report", str(report), *names])
    assert (result.exit_code, "No class is called 'rases'" in result.output) == (2, True)
    assert "| drift | 1 | 1 | 0 |" in report.read_text()


def test_without_a_report_cases_are_chosen_by_what_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries(monkeypatch, ("drift", "the alias"), ("races", "of the alias"), ("races", "of others"))
    result = CliRunner().invoke(main, ["--assembly", str(tmp_path), "--only", "the alias"])
    assert result.exit_code == 0
    assert re.findall(r"│ (\w+) +│ +(\d+)", result.output) == [("drift", "1"), ("races", "1"), ("all", "2")]
    nothing = CliRunner().invoke(main, ["--assembly", str(tmp_path), "--only", "a hook"])
    assert (nothing.exit_code, "No case is called 'a hook'" in nothing.output) == (2, True)


def test_what_has_been_tried_is_kept_where_the_run_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = tmp_path / "reliability.md"
    report.write_text(written(ROWS, share=1))

    def interrupted(*_: object) -> Iterator[Row]:
        yield Row("drift", 11)
        raise KeyboardInterrupt

    monkeypatch.setattr("verify.__main__._simulated", interrupted)
    assert CliRunner().invoke(main, ["--assembly", str(tmp_path), "--report", str(report)]).exit_code != 0
    assert "| drift | 11 | 11 | 0 |" in report.read_text()
    assert "| races | 12,345 | 12,343 | 2 |" in report.read_text()


def test_the_whole_of_it_leaves_no_row_of_a_class_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = tmp_path / "reliability.md"
    report.write_text(written(ROWS, share=1))
    monkeypatch.setattr("verify.__main__._simulated", lambda *_: [Row("stacks", 13), Row("drift", 11)])
    monkeypatch.setattr("verify.__main__.PARTS", [])
    assert CliRunner().invoke(main, ["--assembly", str(tmp_path), "--report", str(report)]).exit_code == 0
    assert re.findall(r"^\| (\w+) \| \d", report.read_text(), re.MULTILINE) == ["drift", "stacks", "all"]


def test_a_report_of_some_classes_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--report", str(tmp_path / "reliability.md"), "--only", "drift"])
    assert result.exit_code == 2
    assert "leave out --only" in result.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("failed", "code"), [(0, 0), (1, 1)])
def test_the_command_fails_where_anything_did_not_hold(
    failed: int, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verify.__main__._simulated", lambda *_: [Row("drift", 10, failed)])
    result = CliRunner().invoke(main, ["--assembly", str(tmp_path), "--only", "drift"])
    assert result.exit_code == code
    assert "drift" in result.output


def test_where_no_bar_can_be_shown_lines_say_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries(monkeypatch, *(("drift", f"case {number}") for number in range(5)))
    monkeypatch.setattr("verify.__main__.LINES_EVERY", 2)
    result = CliRunner().invoke(main, ["--assembly", str(tmp_path), "--only", "drift"])
    assert [line for line in result.output.splitlines() if " of 5 " in line] == ["2 of 5 cases tried", "4 of 5 cases tried"]


def test_a_case_that_breaks_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_world: object) -> Tried:
        raise KeyError("plan")

    world, broken = SimpleNamespace(), SimpleNamespace(run=run)
    monkeypatch.setattr(pool, "_catalogue", lambda _: (world, [broken]))
    assert pool._tried(Path("assembly"), [0]) == [Tried(["KeyError: 'plan'"])]


def test_a_share_is_a_part_of_everything() -> None:
    assert CliRunner().invoke(main, ["--share", "0"]).exit_code == 2
    assert CliRunner().invoke(main, ["--share", "1.5"]).exit_code == 2
