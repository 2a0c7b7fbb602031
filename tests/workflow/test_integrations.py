"""The GitHub action and the GitLab component, their shell steps run with the real command, against the local cloud."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from scenarios.world import World
from tests.integrations.pipelines import on_github, on_gitlab

pytestmark = pytest.mark.local_cloud  # other processes


def test_the_action_deploys_waits_and_says_what_came_of_it(
    world: World, at_cloud: Mapping[str, str], tmp_path: Path
) -> None:
    shop = world.shop()
    inputs = {"function": shop.name, "target": "2", "group": f"{shop.name}/prod", "description": "github-deployment:42"}
    runs, outputs = on_github(inputs, at_cloud, tmp_path / "first")
    assert [run.returncode for run in runs] == [0, 0], runs[-1].stderr
    deployment = world.ended(outputs["deployment-id"])
    assert deployment.outcome == ("Succeeded", None)
    assert (outputs["status"], outputs["live-version"]) == ("Succeeded", "2")
    assert deployment.record["description"] == "github-deployment:42"
    # Run again, as a job is that somebody starts once more.
    runs, outputs = on_github(inputs, at_cloud, tmp_path / "again")
    assert [run.returncode for run in runs] == [0, 0], runs[-1].stderr
    assert (outputs["deployment-id"], outputs["live-version"]) == ("", "2")


def test_the_action_fails_as_the_deployment_does(world: World, at_cloud: Mapping[str, str], tmp_path: Path) -> None:
    shop = world.shop(alarmConfiguration={"alarms": [{"name": world.alarm(state="ALARM")}]})
    inputs = {"function": shop.name, "target": "2", "group": f"{shop.name}/prod"}
    runs, outputs = on_github(inputs, at_cloud, tmp_path)
    assert [run.returncode for run in runs] == [0, 1], runs[-1].stderr
    assert (outputs["status"], outputs["live-version"]) == ("Stopped", "1")
    assert "::error title=Weighbridge" in runs[-1].stdout
    assert world.alias(shop).version == "1"


def test_the_component_deploys_and_fails_as_the_deployment_does(
    world: World, at_cloud: Mapping[str, str], tmp_path: Path
) -> None:
    shop = world.shop()
    inputs = {"function": shop.name, "target": "2", "group": f"{shop.name}/prod", "version": "0.1.0"}
    run = on_gitlab(inputs, at_cloud, tmp_path / "first")
    assert run.returncode == 0, run.stderr
    assert world.alias(shop).version == "2"
    run = on_gitlab(inputs | {"target": "99"}, at_cloud, tmp_path / "second")
    assert run.returncode == 1, run.stderr
    assert world.alias(shop).version == "2"
