"""What docs/operations.md has to paste for who runs an installation."""

import json
from pathlib import Path
from typing import Any

import pytest

from scenarios.recipes import pasted
from scenarios.world import World, appspec
from tests.workflow.conftest import Terminal

pytestmark = pytest.mark.local_cloud  # other processes

RECIPES = pasted("Running it")


def test_groups_and_configurations_are_taken_up_again_and_nothing_is_deployed(
    world: World, codedeploy: Any, terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shop = world.shop(deploymentConfigName="Endless")
    terminal(f"application={shop.name}\n{RECIPES['Backup']}")
    saved = tmp_path / "backup" / shop.name / "prod" / "deployment-group.json"
    assert json.loads(saved.read_text())["deploymentConfigName"] == "Endless"
    codedeploy.delete_deployment_group(applicationName=shop.name, deploymentGroupName="prod")

    # The installation before had another bucket.
    old, files = f"old-{shop.name}", world.client("s3")
    files.create_bucket(Bucket=old)
    stored = {
        f"{shop.name}/prod/deployment-group.json": saved.read_text(),
        f"{shop.name}/prod/release.yaml": appspec(shop.name),
        "deployment-configs/Kept.yaml": "trafficRoutingConfig: {type: AllAtOnce}",
    }
    for key, content in stored.items():
        files.put_object(Bucket=old, Key=key, Body=content.encode())
    terminal(f"old={old} new={world.bucket}\n{RECIPES['Taking up again what was kept']}")
    group = world.until("the group", lambda: (world.item(f"GROUP#{shop.name}/prod", "GROUP") or {}).get("settings"))
    assert group["deploymentConfigName"] == "Endless"
    world.until("the configuration", lambda: world.item("CONFIG#Kept", "CONFIG"))
    there = files.list_objects_v2(Bucket=world.bucket, Prefix=f"{shop.name}/")["Contents"]
    assert {version["Key"] for version in there} == {
        f"{shop.name}/prod/deployment-group.{kind}" for kind in ("json", "yaml")
    }
