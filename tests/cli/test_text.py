"""Text that others wrote, and figures for people."""

from datetime import timedelta

import pytest

from tests.cli.samples import HOSTILE, NOON
from weighbridge_cli.text import (
    clean,
    duration,
    iso,
    local_time,
    markdown,
    percent,
    plain_line,
    sentence_list,
    table,
    workflow_message,
    workflow_property,
)


def test_nothing_that_does_not_print() -> None:
    assert clean(HOSTILE).isprintable()
    assert clean("x" * 3000).endswith("…")


def test_a_line_is_no_workflow_command() -> None:
    assert plain_line("::error::x") == " ::error::x"
    assert plain_line("  ##[error]x").startswith("   ##")
    assert plain_line("a ::b::") == "a ::b::"


def test_workflow_commands_are_escaped_by_githubs_rules() -> None:
    assert workflow_message("50 %\r\n::set") == "50 %25%0D%0A::set"
    assert workflow_property("a:b,c") == "a%3Ab%2Cc"


def test_markdown_stays_in_its_cell() -> None:
    cell = markdown("<b>|`x`\n[a](http://b)")
    assert not set("<>|`[]()\n") & set(cell)
    assert markdown("checkout-errors OK") == "checkout-errors OK"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (-3, "0 s"), (59.6, "1 min"), (192, "3 min 12 s"), (3600, "1 h"), (90_061, "1 d 1 h"), (172_800, "2 d")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_figures() -> None:
    assert [percent(share) for share in (0, 10.0, 33.333, 100)] == ["0 %", "10 %", "33.3 %", "100 %"]
    assert iso(NOON) == "2026-01-05T12:00:00.000Z"
    assert local_time(NOON) == f"{NOON.astimezone():%Y-%m-%d %H:%M:%S}"
    assert local_time(NOON, NOON + timedelta(days=2)) == local_time(NOON)
    assert len(local_time(NOON, NOON)) == len("12:00:00")


def test_tables_are_aligned_and_cut() -> None:
    lines = table(("A", "B"), [("x" * 100, "y" * 100), ("\x1b", "z")])
    assert lines[0] == f"{'A':<60}  B"
    assert lines[1] == f"{'x' * 59}…  {'y' * 100}"
    assert lines[2] == f"{chr(92)}x1b{' ' * 56}  z"


def test_lists_of_names() -> None:
    assert [sentence_list(names) for names in (["a"], ["a", "b", "c"])] == ["a", "a, b or c"]
