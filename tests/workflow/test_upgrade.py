"""An installation is upgraded while a deployment runs."""

import json

import pytest

from acceptance.upgrade import ADDED, upgrade
from scenarios.world import PATIENCE, Alias, World

pytestmark = pytest.mark.local_cloud  # CloudFormation


def test_a_deployment_goes_on_through_an_upgrade(world: World) -> None:
    functions, shifter = world.client("lambda"), world.function_of("ShiftTraffic")
    before = functions.get_function_configuration(FunctionName=shifter)["CodeSha256"]
    # A bake that outlasts the upgrade, which takes as long as it takes in whatever time the cloud runs.
    canary = {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 120}}
    world.put("deployment-configs/TwoHours.yaml", json.dumps({"trafficRoutingConfig": canary}))
    world.until("the configuration", lambda: world.item("CONFIG#TwoHours", "CONFIG"))
    shop = world.shop(deploymentConfigName="TwoHours")
    with upgrade(world.client, "Weighbridge") as update:
        deployment_id = world.drop(shop)
        world.in_bake(deployment_id)
        update.begin()
        assert update.ended(PATIENCE) == "UPDATE_COMPLETE"
    upgraded = functions.get_function_configuration(FunctionName=shifter)
    assert upgraded["CodeSha256"] != before
    assert ADDED in upgraded["Environment"]["Variables"]
    assert world.record(deployment_id)["status"] == "InProgress"
    deployment = world.ended(deployment_id)
    assert deployment.outcome == ("Succeeded", None)
    assert deployment.weights[-1] == 1.0
    assert world.alias(shop) == Alias("2", {})
