"""An installation is upgraded while a deployment runs."""

import io
import json
import zipfile
from typing import Any

import pytest

from local.deployment import TEMPLATES, without_left_out
from tests.workflow.world import Alias, World

pytestmark = pytest.mark.local_cloud  # CloudFormation


def _upgraded(world: World) -> dict[str, Any]:
    """The template of the stack with other code, another layer and one variable more for every function."""
    template = world.client("cloudformation").get_template(StackName="Weighbridge")["TemplateBody"]
    template = without_left_out(template if isinstance(template, dict) else json.loads(template))
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Function":
            properties["Environment"]["Variables"]["UPGRADED"] = "yes"
            properties["Code"]["S3Key"] = _changed(world, properties["Code"])
        elif resource["Type"] == "AWS::Lambda::LayerVersion":
            properties["Content"]["S3Key"] = _changed(world, properties["Content"])
    return template


def _changed(world: World, asset: dict[str, Any]) -> str:
    """The key of an asset that has one file more."""
    s3 = world.client("s3")
    bucket = asset["S3Bucket"]
    bucket = bucket if isinstance(bucket, str) else f"cdk-hnb659fds-assets-000000000000-{world.cloud.region}"
    content = io.BytesIO(s3.get_object(Bucket=bucket, Key=asset["S3Key"])["Body"].read())
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("upgraded.txt", "yes")
    key = f"upgraded-{asset['S3Key']}"
    s3.put_object(Bucket=bucket, Key=key, Body=content.getvalue())
    return key


def test_a_deployment_goes_on_through_an_upgrade(world: World) -> None:
    cloudformation, functions = world.client("cloudformation"), world.client("lambda")
    shifter = world.function_of("ShiftTraffic")
    before = functions.get_function_configuration(FunctionName=shifter)["CodeSha256"]
    # A bake that outlasts the upgrade, which takes as long as it takes in whatever time the cloud runs.
    canary = {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 120}}
    world.put("deployment-configs/TwoHours.yaml", json.dumps({"trafficRoutingConfig": canary}))
    world.until("the configuration", lambda: world.item("CONFIG#TwoHours", "CONFIG"))
    shop = world.shop(deploymentConfigName="TwoHours")
    deployment_id = world.drop(shop)
    world.in_bake(deployment_id)
    world.client("s3").put_object(Bucket=TEMPLATES, Key="upgraded.json", Body=json.dumps(_upgraded(world)).encode())
    cloudformation.update_stack(
        StackName="Weighbridge",
        TemplateURL=f"{world.cloud.endpoint}/{TEMPLATES}/upgraded.json",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    )

    def status() -> str | None:
        now: str = cloudformation.describe_stacks(StackName="Weighbridge")["Stacks"][0]["StackStatus"]
        return None if now.endswith("IN_PROGRESS") else now

    assert world.until("the upgrade", status) == "UPDATE_COMPLETE"
    upgraded = functions.get_function_configuration(FunctionName=shifter)
    assert upgraded["CodeSha256"] != before
    assert upgraded["Environment"]["Variables"]["UPGRADED"] == "yes"
    assert world.record(deployment_id)["status"] == "InProgress"
    deployment = world.ended(deployment_id)
    assert deployment.outcome == ("Succeeded", None)
    assert deployment.weights[-1] == 1.0
    assert world.alias(shop) == Alias("2", {})
