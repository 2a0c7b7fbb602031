"""What the demo shows of a deployment while it runs: what the command shows, in the time of its cloud."""

import io
from typing import Any

import pytest
from rich.console import Console

from local.demo import display
from local.demo.display import PlainLines, Tree
from local.demo.progress import scaled
from local.demo.traffic import Requests
from tests.cli.samples import at, entry, progress, succeeded

REQUESTS = Requests({"6": 5, "7": 4}, {"7": 3})


@pytest.fixture(autouse=True)
def _at_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "now", lambda: at(3))


def test_a_bake_ends_when_it_does_here() -> None:
    seen = scaled(progress(), 0.01)
    assert seen["waitsUntil"] == at(5)
    assert seen["steps"][0]["bakeSeconds"] == 3
    assert "waitsUntil" not in scaled(succeeded(), 0.01)


def printed(console: Console) -> str:
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_plain_lines_tell_changes_only_and_who_answered() -> None:
    console = Console(file=io.StringIO(), soft_wrap=True)
    with PlainLines(console) as plain:
        later: Any = progress(timeline=[*progress()["timeline"], entry(3, "TrafficShifted", "20 % …")])
        for seen in (progress(), progress(), later):
            plain.show(seen, REQUESTS)
    lines = printed(console).splitlines()
    assert lines[0].startswith("Deployment d-ABCDEFGHI: checkout:live from version 6")
    assert lines[-1].endswith("TrafficShifted: 20 % …  [v6: 5, v7: 4 (3 failed)]")
    assert len(lines) == 1 + 4 + 1


def test_a_terminal_has_the_tree_of_the_command() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)
    with Tree(console) as tree:
        tree.say("Dropped [it]")
        tree.show(progress(waitsUntil=at(5)), REQUESTS)
    text = printed(console)
    assert "Dropped [it]" in text
    assert "●    10 %  baking, 2 s left" in text
    assert "v6: 5, v7: 4 (3 failed)" in text
