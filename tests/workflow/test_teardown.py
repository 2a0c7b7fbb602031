"""`make destroy` while a deployment is open, as far as the CDK CLI, which the local cloud cannot answer."""

import os
import subprocess
import sys

import pytest

from local.cloud import CREDENTIALS, ROOT
from scenarios.world import Alias, World


def _teardown(world: World, *options: str) -> subprocess.CompletedProcess[str]:
    environment = CREDENTIALS | {
        "PATH": os.environ["PATH"],
        "AWS_REGION": world.cloud.region,
        "AWS_ENDPOINT_URL": world.cloud.endpoint,
    }
    command = [sys.executable, "-m", "infra.teardown", *options]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=200)


@pytest.mark.local_cloud  # another process
def test_an_open_deployment_keeps_the_stack_until_it_is_stopped_and_its_traffic_is_back(world: World) -> None:
    # Whoever switched automatic rollback off is not left with a split alias that nobody looks after.
    shop = world.shop(deploymentConfigName="Endless", autoRollbackConfiguration={"enabled": False})
    deployment_id = world.drop(shop)
    world.in_bake(deployment_id)
    refused = _teardown(world)
    assert refused.returncode == 1
    assert (
        f"  {deployment_id} of {shop.name}/prod is InProgress, {shop.name}:live has 10 % on version 2\n" in refused.stderr
    )
    assert world.record(deployment_id)["status"] == "InProgress"
    stopped = _teardown(world, "--stop")
    assert (stopped.returncode, stopped.stderr) == (0, "")
    assert f"Stopping {deployment_id}\n" in stopped.stdout
    assert world.alias(shop) == Alias("1", {})
    assert world.ended(deployment_id).outcome == ("Stopped", "MANUAL_STOP")
    assert _teardown(world).returncode == 0
