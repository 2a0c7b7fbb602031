"""Applications, groups and configurations by CodeDeploy's own clients: stock boto3 and the real `aws deploy`."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from scenarios.world import World, allow
from tests.workflow.conftest import Cli

STYLE = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
ROLE = "arn:aws:iam::000000000000:role/WeighbridgeServiceRole-shop"
CANARY = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
_numbers = itertools.count(1)


@pytest.fixture
def name() -> str:
    return f"by-api-{next(_numbers)}"


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as error:
        call()
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return str(error.value.response["Error"]["Code"])


def listed(codedeploy: Any, operation: str, member: str, **arguments: Any) -> list[str]:
    pages = codedeploy.get_paginator(operation).paginate(**arguments)
    return [name for page in pages for name in page[member]]


def test_the_life_of_an_application_by_boto3(codedeploy: Any, name: str) -> None:
    created = codedeploy.create_application(
        applicationName=name, computePlatform="Lambda", tags=[{"Key": "team", "Value": "a"}]
    )
    assert refused(lambda: codedeploy.create_application(applicationName=name)) == "ApplicationAlreadyExistsException"
    application = codedeploy.get_application(applicationName=name)["application"]
    assert (application["applicationId"], application["computePlatform"]) == (created["applicationId"], "Lambda")

    group = {"applicationName": name, "deploymentGroupName": "prod"}
    made = codedeploy.create_deployment_group(
        **group,
        deploymentConfigName=CANARY,
        serviceRoleArn=ROLE,
        deploymentStyle=STYLE,
        alarmConfiguration={"enabled": True, "alarms": [{"name": "errors"}]},
        autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
    )
    codedeploy.update_deployment_group(
        applicationName=name,
        currentDeploymentGroupName="prod",
        newDeploymentGroupName="live",
        autoRollbackConfiguration={"enabled": False},
    )
    assert refused(lambda: codedeploy.get_deployment_group(**group)) == "DeploymentGroupDoesNotExistException"

    codedeploy.update_application(applicationName=name, newApplicationName=f"{name}-renamed")
    info = codedeploy.get_deployment_group(applicationName=f"{name}-renamed", deploymentGroupName="live")[
        "deploymentGroupInfo"
    ]
    assert info["deploymentGroupId"] == made["deploymentGroupId"]
    assert info["deploymentConfigName"] == CANARY
    assert info["alarmConfiguration"]["alarms"] == [{"name": "errors"}]
    assert info["autoRollbackConfiguration"] == {"enabled": False, "events": []}
    assert name not in listed(codedeploy, "list_applications", "applications")
    assert listed(codedeploy, "list_deployment_groups", "deploymentGroups", applicationName=f"{name}-renamed") == ["live"]

    arn = f"arn:aws:codedeploy:us-east-1:000000000000:application:{name}-renamed"
    codedeploy.tag_resource(ResourceArn=arn, Tags=[{"Key": "stage", "Value": "prod"}])
    codedeploy.untag_resource(ResourceArn=arn, TagKeys=["team"])
    assert codedeploy.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "stage", "Value": "prod"}]

    codedeploy.delete_application(applicationName=f"{name}-renamed")
    assert f"{name}-renamed" not in listed(codedeploy, "list_applications", "applications")
    assert (
        refused(lambda: codedeploy.get_application(applicationName=f"{name}-renamed")) == "ApplicationDoesNotExistException"
    )


def test_the_life_of_a_configuration_by_boto3(codedeploy: Any, name: str) -> None:
    linear = {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": 25, "linearInterval": 3}}
    codedeploy.create_deployment_config(deploymentConfigName=name, computePlatform="Lambda", trafficRoutingConfig=linear)
    info = codedeploy.get_deployment_config(deploymentConfigName=name)["deploymentConfigInfo"]
    assert info["trafficRoutingConfig"] == linear
    names = listed(codedeploy, "list_deployment_configs", "deploymentConfigsList")
    assert {name, CANARY, "CodeDeployDefault.LambdaAllAtOnce"} <= set(names)

    codedeploy.create_application(applicationName=name)
    group = {"applicationName": name, "deploymentGroupName": "prod"}
    codedeploy.create_deployment_group(**group, deploymentConfigName=name, serviceRoleArn=ROLE, deploymentStyle=STYLE)
    assert (
        refused(lambda: codedeploy.delete_deployment_config(deploymentConfigName=name)) == "DeploymentConfigInUseException"
    )
    assert codedeploy.delete_deployment_group(**group)["hooksNotCleanedUp"] == []
    codedeploy.delete_deployment_config(deploymentConfigName=name)
    assert (
        refused(lambda: codedeploy.get_deployment_config(deploymentConfigName=name))
        == "DeploymentConfigDoesNotExistException"
    )
    assert refused(lambda: codedeploy.delete_deployment_config(deploymentConfigName=CANARY)) == "InvalidOperationException"


def test_the_life_of_an_application_by_the_command_line(deploy: Cli, name: str) -> None:
    assert deploy("create-application", "--application-name", name, "--compute-platform", "Lambda")["applicationId"]
    assert "ApplicationAlreadyExistsException" in deploy("create-application", "--application-name", name)
    said = deploy("create-application", "--application-name", f"{name}-s", "--compute-platform", "Server")
    assert "InvalidComputePlatformException" in said
    assert "pass computePlatform Lambda" in said
    routing = "type=TimeBasedCanary,timeBasedCanary={canaryPercentage=20,canaryInterval=2}"
    made = deploy(
        "create-deployment-config",
        "--deployment-config-name",
        name,
        "--compute-platform",
        "Lambda",
        "--traffic-routing-config",
        routing,
    )
    assert made["deploymentConfigId"]
    group = ("--application-name", name, "--deployment-group-name", "prod")
    style = "deploymentType=BLUE_GREEN,deploymentOption=WITH_TRAFFIC_CONTROL"
    settings = ("--service-role-arn", ROLE, "--deployment-config-name", name)
    assert "InvalidDeploymentStyleException" in deploy("create-deployment-group", *group, *settings)
    assert deploy("create-deployment-group", *group, *settings, "--deployment-style", style)["deploymentGroupId"]
    info = deploy("get-deployment-group", *group)["deploymentGroupInfo"]
    assert (info["deploymentConfigName"], info["deploymentStyle"], info["computePlatform"]) == (name, STYLE, "Lambda")
    assert deploy("batch-get-deployment-groups", "--application-name", name, "--deployment-group-names", "prod", "no")[
        "errorMessage"
    ]
    assert name in deploy("list-applications")["applications"]
    assert name in deploy("list-deployment-configs")["deploymentConfigsList"]
    assert deploy("delete-deployment-group", *group) == {"hooksNotCleanedUp": []}
    assert deploy("delete-application", "--application-name", name) is None
    assert deploy("delete-deployment-config", "--deployment-config-name", name) is None
    assert "ApplicationDoesNotExistException" in deploy("get-application", "--application-name", name)


def test_what_was_dropped_is_listed(world: World, codedeploy: Any) -> None:
    shop = world.shop(deploymentConfigName="Brief", tags=[{"Key": "team", "Value": "shop"}])
    assert shop.name in listed(codedeploy, "list_applications", "applications")
    assert listed(codedeploy, "list_deployment_groups", "deploymentGroups", applicationName=shop.name) == ["prod"]
    info = codedeploy.get_deployment_group(applicationName=shop.name, deploymentGroupName="prod")["deploymentGroupInfo"]
    assert info["deploymentConfigName"] == "Brief"
    arn = f"arn:aws:codedeploy:us-east-1:000000000000:deploymentgroup:{shop.name}/prod"
    assert codedeploy.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "shop"}]
    assert {"Brief", "Endless"} <= set(listed(codedeploy, "list_deployment_configs", "deploymentConfigsList"))
    brief = codedeploy.get_deployment_config(deploymentConfigName="Brief")["deploymentConfigInfo"]
    canary = {"canaryPercentage": 10, "canaryInterval": world.brief_minutes}
    assert brief["trafficRoutingConfig"]["timeBasedCanary"] == canary


def test_what_was_created_is_deployed_by_drops(world: World, codedeploy: Any) -> None:
    shop = world.shop()
    codedeploy.delete_application(applicationName=shop.name)
    missing = world.ended(world.drop(shop, "2"))
    assert missing.outcome == ("Failed", "APPLICATION_MISSING")
    codedeploy.create_application(applicationName=shop.name)
    acts = allow("lambda:*", f"arn:aws:lambda:us-east-1:000000000000:function:{shop.name}")
    role = world.role(f"WeighbridgeServiceRole-{shop.name}", world.recipes(shop.name).trust, acts)
    codedeploy.create_deployment_group(
        applicationName=shop.name, deploymentGroupName="prod", serviceRoleArn=role, deploymentStyle=STYLE
    )
    assert world.ended(world.drop(shop, "2")).outcome == ("Succeeded", None)
    world.put(f"{shop.name}/prod/deployment-group.yaml", yaml.safe_dump({"deploymentConfigName": "Brief"}))

    def taken_over() -> bool:
        answer = codedeploy.get_deployment_group(applicationName=shop.name, deploymentGroupName="prod")
        return bool(answer["deploymentGroupInfo"]["deploymentConfigName"] == "Brief")

    world.until("the group's new configuration", taken_over)


def test_a_deployment_ends_as_usual_though_its_group_is_gone(world: World, codedeploy: Any) -> None:
    shop = world.shop(deploymentConfigName="Brief")
    deployment = world.drop(shop, "2")
    world.in_bake(deployment)
    group = {"applicationName": shop.name, "currentDeploymentGroupName": "prod", "newDeploymentGroupName": "live"}
    assert refused(lambda: codedeploy.update_deployment_group(**group)) == "InvalidInputException"
    codedeploy.delete_application(applicationName=shop.name)
    assert world.ended(deployment).outcome == ("Succeeded", None)
    assert world.is_free(shop)
    assert refused(lambda: codedeploy.get_application(applicationName=shop.name)) == "ApplicationDoesNotExistException"
