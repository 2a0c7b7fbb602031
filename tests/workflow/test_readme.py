"""What the README offers in place of what there is not yet, and how events/README.md has a handler called."""

from pathlib import Path

import pytest

from local.cloud import ROOT
from scenarios.world import Alias, World
from tests.architecture.blocks import blocks
from tests.workflow.conftest import Terminal
from tests.workflow.test_hooks import silent_hook, told

pytestmark = pytest.mark.local_cloud  # other processes

WATCHES, APPROVES = (block.text for block in blocks("README.md") if block.heading == "What it does not do yet")


def test_a_person_approves_and_alarms_are_watched_after_all_traffic_has_moved(world: World, terminal: Terminal) -> None:
    alarm = world.alarm()
    shop = world.shop(alarmConfiguration={"enabled": True, "alarms": [{"name": alarm}]})
    asks, queue = silent_hook(world)
    watches = "CodeDeployHook_watches"
    world.function(watches, WATCHES.replace("sleep(600)", "sleep(10)"))
    deployment_id = world.drop(shop, BeforeAllowTraffic=asks, AfterAllowTraffic=watches)
    payload = told(world, queue)
    names = ("DeploymentId", "LifecycleEventHookExecutionId")
    terminal("\n".join([*(f"{name}='{payload[name]}'" for name in names), APPROVES]))
    world.in_hook(deployment_id, "AfterAllowTraffic")
    assert world.alias(shop) == Alias("2", {})
    world.set_alarm(alarm, "ALARM")
    deployment = world.ended(deployment_id)
    assert deployment.outcome == ("Stopped", "ALARM_ACTIVE")
    assert deployment.record["hooks"]["BeforeAllowTraffic"]["answer"]["status"] == "Succeeded"
    assert world.alias(shop) == Alias("1", {})


def test_a_handler_is_called_with_an_event(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "events").symlink_to(ROOT / "events")
    [block] = blocks("events/README.md")
    said = terminal(block.text)
    assert '"StatusCode": 200' in said
    assert "FunctionError" not in said
    assert (tmp_path / "answer.json").read_text() == "null"
