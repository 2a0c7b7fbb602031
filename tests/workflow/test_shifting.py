"""Deployments that go well, through the real state machine with the real handlers."""

import re
from io import BytesIO
from zipfile import ZipFile

import pytest
import yaml

from scenarios.world import Alias, World, appspec, zipped
from tests.workflow.variants import variants

LINEAR = "CodeDeployDefault.LambdaLinear10PercentEvery1Minute"
CANARY = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
ALL_AT_ONCE = "CodeDeployDefault.LambdaAllAtOnce"


def test_a_linear_deployment_goes_through_every_weight_once_and_in_order(world: World) -> None:
    notices, shop = world.notices, world.shop(deploymentConfigName=LINEAR)
    deployment = world.ended(world.drop(shop))
    assert deployment.outcome == ("Succeeded", None)
    assert deployment.weights == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert len({entry["revisionId"] for entry in deployment.timeline("TrafficShifted")}) == 10
    assert deployment.lifecycle == ["Succeeded"] * 3
    assert world.alias(shop) == Alias("2", {})
    assert world.is_free(shop)
    seen = notices.of(deployment.id, "SUCCESS")
    assert [notice["detail"]["state"] for notice in seen if "state" in notice["detail"]] == ["START", "SUCCESS"]
    assert [
        notice["detail"]["weight"] for notice in seen if notice["detail-type"] == "Deployment Traffic Shifted"
    ] == deployment.weights


def test_a_step_costs_four_transitions(world: World) -> None:
    shop = world.shop(deploymentConfigName=LINEAR)
    states = world.ended(world.drop(shop)).states
    first, last = states.index("Shift traffic"), states.index("Shift all traffic")
    assert (last - first) / states.count("Shift traffic") == 4
    assert len(states) <= 50


def test_a_canary_waits_once(world: World) -> None:
    shop = world.shop(deploymentConfigName=CANARY)
    deployment_id = world.drop(shop)
    world.in_bake(deployment_id)
    assert world.alias(shop) == Alias("1", {"2": 0.1})
    assert world.ended(deployment_id).weights == [0.1, 1.0]
    assert world.alias(shop) == Alias("2", {})


def test_all_at_once_is_one_shift(world: World) -> None:
    shop = world.shop(deploymentConfigName=ALL_AT_ONCE)
    deployment = world.ended(world.drop(shop))
    assert deployment.weights == [1.0]
    assert deployment.record["lambdaFunctionInfo"]["targetVersionWeight"] == 1
    assert world.alias(shop) == Alias("2", {})


def test_a_group_without_a_configuration_shifts_all_at_once(world: World) -> None:
    shop = world.shop()
    deployment = world.ended(world.drop(shop, current=None))
    assert deployment.record["deploymentConfigName"] == ALL_AT_ONCE
    assert deployment.record["lambdaFunctionInfo"]["currentVersion"] == "1"


def test_the_execution_is_named_after_the_deployment_and_the_next_one_goes_on_from_there(world: World) -> None:
    shop = world.shop()
    first = world.ended(world.drop(shop))
    assert re.fullmatch(r"d-[0-9A-Z]{9}", first.id)
    assert first.execution["name"] == first.id
    second = world.ended(world.drop(shop, "3", current="2"))
    assert second.outcome == ("Succeeded", None)
    assert world.alias(shop) == Alias("3", {})


def test_a_custom_configuration_that_does_not_divide_100_ends_with_the_remainder(world: World) -> None:
    document = {
        "trafficRoutingConfig": {
            "type": "TimeBasedLinear",
            "timeBasedLinear": {"linearPercentage": 33, "linearInterval": 1},
        }
    }
    world.put("deployment-configs/Thirds.yaml", yaml.safe_dump(document))
    shop = world.shop(deploymentConfigName="Thirds")
    assert world.ended(world.drop(shop)).weights == [0.33, 0.66, 0.99, 1.0]


def test_a_second_drop_of_the_group_updates_it(world: World) -> None:
    shop = world.shop(deploymentConfigName=CANARY)
    world.group(shop, deploymentConfigName=ALL_AT_ONCE)
    assert world.ended(world.drop(shop)).weights == [1.0]


@pytest.mark.parametrize("kind", variants("S3", "AppSpecContent", "String"))
def test_a_request_on_the_bus_is_a_deployment(world: World, kind: str) -> None:
    shop = world.shop(deploymentConfigName="Endless")
    content = appspec(shop.name)
    if kind == "S3":
        world.put(f"{shop.name}/elsewhere.txt", content)
        revision = {"s3Location": {"bucket": world.bucket, "key": f"{shop.name}/elsewhere.txt", "bundleType": "YAML"}}
    else:
        revision = {("string" if kind == "String" else "appSpecContent"): {"content": content}}
    deployment_id = world.request(
        shop,
        {"revision": {"revisionType": kind, **revision}, "deploymentConfigName": ALL_AT_ONCE, "description": "by event"},
    )
    deployment = world.ended(deployment_id)
    assert deployment.outcome == ("Succeeded", None)
    assert deployment.record["description"] == "by event"
    assert deployment.weights == [1.0]


def test_a_json_file_is_a_revision_too(world: World) -> None:
    shop = world.shop()
    text = (
        '{"version": 0.0, "Resources": [{"f": {"Type": "AWS::Lambda::Function", "Properties": '
        f'{{"Name": "{shop.name}", "Alias": "live", "CurrentVersion": "1", "TargetVersion": "2"}}}}}}]}}'
    )
    assert world.ended(world.drop_file(shop, text, "release.json")).outcome == ("Succeeded", None)


def test_a_bundle_in_folders_below_the_group_is_a_revision_too(world: World) -> None:
    shop, archive = world.shop(), BytesIO()
    with ZipFile(archive, "w") as opened:
        opened.writestr("appspec.yml", appspec(shop.name))
        opened.writestr("index.py", "code")
    dropped = world.drop_file(shop, archive.getvalue(), "2026/11/BuildArtif/x8Kd2.zip")
    assert world.ended(dropped).outcome == ("Succeeded", None)


@pytest.mark.local_cloud  # snapshots
def test_a_version_whose_snapshot_failed_gets_no_traffic(world: World) -> None:
    shop, functions = world.shop(), world.client("lambda")
    functions.update_function_configuration(FunctionName=shop.name, SnapStart={"ApplyOn": "PublishedVersions"})
    functions.update_function_code(FunctionName=shop.name, ZipFile=zipped("raise RuntimeError('cannot be imported')"))
    version = functions.publish_version(FunctionName=shop.name)["Version"]
    named = {"FunctionName": shop.name, "Qualifier": version}
    world.until("the failed snapshot", lambda: functions.get_function_configuration(**named)["State"] == "Failed")
    deployment = world.ended(world.drop(shop, version))
    assert deployment.outcome == ("Failed", "INVALID_LAMBDA_CONFIGURATION")
    assert f"Version {version} of {shop.name} is Failed (" in deployment.message
    assert deployment.weights == []
    assert world.alias(shop) == Alias("1", {})
