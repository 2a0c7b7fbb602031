"""Files that are dropped together, and files that are dropped again."""

import json

import pytest

from scenarios.world import Alias, Shop, World, appspec

CANARY = "CodeDeployDefault.LambdaCanary10Percent5Minutes"


@pytest.mark.parametrize("first", ["group", "file"])
def test_a_new_group_and_its_first_file_in_one_upload_are_deployed(world: World, first: str) -> None:
    shop = world.shop()
    group = f"{shop.name}/fresh/deployment-group.yaml"
    if first == "group":
        world.put(group, json.dumps({"deploymentConfigName": CANARY}))
    deployment_id = world.drop_file(shop, appspec(shop.name), group="fresh")
    if first == "file":
        world.put(group, json.dumps({"deploymentConfigName": CANARY}))
    deployment = world.ended(deployment_id)
    assert deployment.outcome == ("Succeeded", None)
    assert deployment.weights == [0.1, 1.0]


def test_a_changed_group_counts_for_the_file_that_came_with_it(world: World) -> None:
    shop = world.shop()
    world.pause(2 / world.cloud.time_scale)  # S3 tells the time of a file in whole seconds
    world.put(f"{shop.name}/prod/deployment-group.yaml", json.dumps({"deploymentConfigName": CANARY}))
    assert world.ended(world.drop(shop)).weights == [0.1, 1.0]


def _release(world: World, shop: Shop, version: str, current: str | None = None) -> str:
    return world.drop_file(shop, appspec(shop.name, version, current=current), f"release-{version}.yaml")


def test_a_folder_of_old_releases_uploaded_again_takes_nothing_back(world: World) -> None:
    shop = world.shop(versions=5)
    for version in ("2", "3", "4"):
        assert world.ended(_release(world, shop, version)).outcome == ("Succeeded", None)
    uploaded = [_release(world, shop, version) for version in ("2", "5", "3")]
    oldest, new, old = (world.ended(deployment_id) for deployment_id in uploaded)
    assert new.outcome == ("Succeeded", None)
    assert world.alias(shop) == Alias("5", {})
    for refused in (oldest, old):
        assert refused.outcome == ("Failed", "INVALID_LAMBDA_CONFIGURATION")
        assert "This very file has been deployed before, and version " in refused.message
    assert world.ended(_release(world, shop, "3", current="5")).outcome == ("Succeeded", None)


def test_a_file_for_the_version_that_is_live_succeeds_without_its_hook(world: World) -> None:
    shop = world.shop(deploymentConfigName=CANARY)
    refusing = world.hook('return {"status": "Failed"}')
    content = appspec(shop.name, "1", current=None, BeforeAllowTraffic=refusing)
    deployment = world.ended(world.drop_file(shop, content, "live.yaml"))
    assert (deployment.outcome, deployment.weights) == (("Succeeded", None), [1.0])
    assert world.alias(shop) == Alias("1", {})
