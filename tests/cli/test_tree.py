"""The live tree: what stands on the screen at which moment."""

import io
from datetime import datetime
from typing import Any

import pytest
from rich.console import Console

from tests.cli.samples import BACK, ID, at, awaiting_report, hook, hostile, progress, stopped, succeeded, turning_back
from weighbridge_cli.text import local_time
from weighbridge_cli.tree import BAR_WIDTH, LiveTree, tree

LATER = at(60)
CANARY = f"""\
● Deployment {ID}: checkout:live from version 6 to version 7
├── {"█" * 2}{"░" * (BAR_WIDTH - 2)} 10 % on version 7
├── ●    10 %  baking, 4 min 2 s left
├── ○   100 %  to come
└── alarms
    └── checkout-errors  OK
baking, 4 min 2 s left"""


def screen(seen: Any, now: datetime = LATER, extra: str = "", width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=False)
    console.print(tree(seen, now, extra))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines())


def test_a_canary() -> None:
    assert screen(progress()) == CANARY


def test_a_success_says_since_when_each_step_is_taken() -> None:
    shown = screen(succeeded(), at(304))
    assert f"✓    10 %  since {local_time(at(2), at(304))}" in shown
    assert f"✓   100 %  since {local_time(at(303), at(304))}" in shown
    assert "█" * BAR_WIDTH + " 100 % on version 7" in shown
    assert shown.endswith("Succeeded")


def test_an_alarm_that_takes_traffic_back() -> None:
    shown = screen(turning_back())
    assert "! ALARM_ACTIVE  One or more alarms have been activated <checkout-errors>" in shown
    assert "all traffic goes back" in shown
    assert f"rollback  {BACK}" in shown
    assert "checkout-errors  ALARM" in shown
    assert shown.endswith(f"rolling back to version 6 by {BACK}")


def test_a_failure_says_why_and_what_was_not_taken() -> None:
    shown = screen(stopped())
    assert "-   100 %  not taken" in shown
    assert shown.endswith("Stopped ALARM_ACTIVE: One or more alarms have been activated <checkout-errors>")


@pytest.mark.parametrize(
    ("seen", "line"),
    [
        (awaiting_report(), "● BeforeAllowTraffic  CodeDeployHook_check  running, 59 min left"),
        (progress(hooks=[hook("Succeeded")]), "✓ BeforeAllowTraffic  CodeDeployHook_check  Succeeded"),
        (progress(hooks=[hook("Failed", message="no")]), "✗ BeforeAllowTraffic  CodeDeployHook_check  Failed: no"),
        (progress(hooks=[hook("Pending", "AfterAllowTraffic")]), "○ AfterAllowTraffic  CodeDeployHook_check"),
        (
            turning_back(rollbackHeldUp={"code": "X", "message": "no right"}),
            "! rollback held up  no right",
        ),
        (
            turning_back(interruption={"code": "MANUAL_STOP", "message": "m", "rollback": False}),
            "traffic stays where it is",
        ),
    ],
)
def test_hooks_and_turns(seen: Any, line: str) -> None:
    assert line in [each.lstrip("├└─│ ") for each in screen(seen).splitlines()]


def test_a_line_of_the_callers_own() -> None:
    assert "v6: 90, v7: 10" in screen(progress(), extra="v6: 90, v7: 10")


def test_nothing_that_others_wrote_is_an_instruction_to_the_terminal() -> None:
    shown = screen(hostile(), width=4000)
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert "[red]" in shown


def test_it_stays_on_the_screen_and_so_does_the_one_before() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)
    with LiveTree(console, lambda: at(60)) as live:
        live.say("[bold]as it is[/bold]")
        live.show(succeeded())
        live.show(progress(deploymentId="d-SECONDONE"))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "[bold]as it is[/bold]" in text
    assert f"✓ Deployment {ID}" in text
    assert "● Deployment d-SECONDONE" in text


def test_before_the_first_look_nothing_is_shown() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)
    with LiveTree(console, lambda: at(60)):
        pass
    assert console.file.getvalue() == ""  # type: ignore[attr-defined]
