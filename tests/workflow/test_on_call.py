"""What docs/operations.md has to paste when on call, as it stands, in the order of a bad night."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from scenarios.recipes import pasted
from scenarios.world import Alias, Shop, World
from tests.architecture.blocks import blocks
from tests.workflow.conftest import Terminal

pytestmark = pytest.mark.local_cloud  # other processes

RECIPES = pasted("On call")
Paste = Callable[..., str]


@pytest.fixture
def paste(terminal: Terminal) -> Paste:
    """Pastes recipes into one terminal, about that shop and after other lines of the user's; returns what it prints."""

    def run(shop: Shop, *titles: str, first: str = "") -> str:
        about = RECIPES[""].replace("shop", shop.name).replace("checkout", shop.name)
        return terminal("\n".join([about, first, *(RECIPES[title] for title in titles)]))

    return run


def test_there_are_six() -> None:
    assert list(RECIPES) == [
        "",
        "What runs now",
        "Why did it fail",
        "Where is the hook's log",
        "Stop it",
        "Forward although the alarm is red",
        "Back to an older version",
    ]


def watched_by(world: World) -> tuple[Shop, str]:
    alarm = world.alarm()
    settings: dict[str, Any] = {"alarmConfiguration": {"enabled": True, "alarms": [{"name": alarm}]}}
    return world.shop(deploymentConfigName="Endless", **settings), alarm


def test_a_hook_has_failed(world: World, paste: Paste) -> None:
    shop, _ = watched_by(world)
    hook = world.hook(
        "print('the schema is three columns short')\nreturn {'status': 'Failed', 'message': 'no such column'}"
    )
    failed = world.ended(world.drop(shop, BeforeAllowTraffic=hook))
    said = paste(shop, "Why did it fail", "Where is the hook's log")
    assert f'"{failed.id}"' in said
    assert '"HOOK_EXECUTION_FAILURE"' in said
    assert "no such column" in said
    assert "the schema is three columns short" in said


def test_what_runs_is_stopped_and_sent_forward_and_back(world: World, paste: Paste) -> None:
    shop, alarm = watched_by(world)
    first = world.drop(shop, "3")
    world.in_bake(first)
    said = paste(shop, "What runs now", "Stop it")
    [line] = [line for line in said.splitlines() if first in line]
    assert f"|  {shop.name}" in line
    assert "InProgress" in line
    assert '"3": 0.1' in said
    assert world.ended(first).outcome == ("Stopped", "MANUAL_STOP")
    assert world.alias(shop) == Alias("1", {})

    world.set_alarm(alarm, "ALARM")
    paste(shop, "Why did it fail", "Forward although the alarm is red")
    known = {first, world.ended(first).record["rollbackInfo"]["rollbackDeploymentId"]}
    records = world.records()  # and not executions, of which other scenarios have made one up
    [second] = {record["deploymentId"] for record in records if record["applicationName"] == shop.name} - known
    world.in_bake(second)
    assert world.alias(shop) == Alias("1", {"3": 0.1})
    paste(shop, "Stop it")
    assert world.ended(second).outcome == ("Stopped", "MANUAL_STOP")

    older = RECIPES["Back to an older version"].replace("version=6", "version=2")
    paste(shop, first=older)
    world.until("the older version", lambda: world.alias(shop) == Alias("2", {}))


def test_what_else_there_is_to_paste(world: World, terminal: Terminal) -> None:
    shown, stop, give_up = (
        block.text.replace("TABLE", world.outputs["TableName"])
        for block in blocks("docs/operations.md")
        if not block.language and block.heading in {"More about a deployment", "When a rollback is held up"}
    )
    shop, _ = watched_by(world)
    stopped = world.drop(shop)
    world.in_bake(stopped)
    record = json.loads(terminal(shown.replace("d-…", stopped)))["Item"]
    assert "TrafficShifted" in {entry["M"]["event"]["S"] for entry in record["timeline"]["L"]}
    terminal(stop.replace("d-…", stopped))
    assert world.ended(stopped).outcome == ("Stopped", "MANUAL_STOP")
    assert world.alias(shop) == Alias("1", {})
    left = world.drop(shop, "3")
    world.in_bake(left)
    terminal(give_up.replace("d-…", left))
    assert world.ended(left).outcome == ("Stopped", "MANUAL_STOP")
    assert world.alias(shop) == Alias("1", {"3": 0.1})
