"""What Terraform's AWS provider asks for an application, a configuration and a group: by replay, and by Terraform itself.

A plan is empty where what the provider makes of the answers is what is configured. It is written for the SDK for Go, whose
booleans are plain: one that is false is not sent. The replay needs nothing; Terraform is run where it is installed and
TERRAFORM_PLUGINS names a directory with the provider, as `terraform providers mirror` makes it.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.api.caller import Caller
from tests.api.served import served

NAMES = {"applicationName": "shop", "deploymentGroupName": "prod"}
ROLE = "arn:aws:iam::123456789012:role/WeighbridgeServiceRole-shop"
ARN = "arn:aws:codedeploy:eu-west-1:123456789012:deploymentgroup:shop/prod"
STYLE = {"deploymentOption": "WITH_TRAFFIC_CONTROL", "deploymentType": "BLUE_GREEN"}
TRIGGER = {
    "triggerEvents": ["DeploymentFailure"],
    "triggerName": "team",
    "triggerTargetArn": "arn:aws:sns:eu-west-1:123456789012:deployments",
}
GROUP = NAMES | {
    "deploymentConfigName": "Slow",
    "deploymentStyle": STYLE,
    "outdatedInstancesStrategy": "UPDATE",
    "serviceRoleArn": ROLE,
    "tags": [{"Key": "team", "Value": "a"}],
}
ON = {
    "alarmConfiguration": {"alarms": [{"name": "errors"}], "enabled": True},
    "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
    "triggerConfigurations": [TRIGGER],
}
CHANGE = {"applicationName": "shop", "currentDeploymentGroupName": "prod", "serviceRoleArn": ROLE}
SWITCHED_OFF = {
    "alarmConfiguration": {"alarms": [{"name": "errors"}]},
    "autoRollbackConfiguration": {"events": ["DEPLOYMENT_FAILURE"]},
    "triggerConfigurations": [],
}
REMOVED: dict[str, Any] = {"alarmConfiguration": {"alarms": []}, "autoRollbackConfiguration": {"events": []}}


@pytest.fixture
def configured(api: Caller) -> Caller:
    """With the application and the configuration that the group refers to."""
    api.call("CreateApplication", applicationName="shop", computePlatform="Lambda")
    linear = {"type": "TimeBasedLinear", "timeBasedLinear": {"linearInterval": 3, "linearPercentage": 20}}
    api.call("CreateDeploymentConfig", computePlatform="Lambda", deploymentConfigName="Slow", trafficRoutingConfig=linear)
    return api


def blocks(api: Caller) -> dict[str, Any]:
    """The group's blocks as the provider keeps them after it has read the group; where all is off and empty there is none."""
    group = api.call("GetDeploymentGroup", **NAMES)["deploymentGroupInfo"]
    assert api.call("ListTagsForResource", ResourceArn=ARN)["Tags"] == GROUP["tags"]
    same = ("applicationName", "deploymentGroupName", "deploymentConfigName", "serviceRoleArn", "deploymentStyle")
    assert {name: group[name] for name in same} == {name: GROUP[name] for name in same}
    assert (group["computePlatform"], group["outdatedInstancesStrategy"]) == ("Lambda", "UPDATE")
    for empty in ("autoScalingGroups", "ec2TagFilters", "onPremisesInstanceTagFilters", "ecsServices"):
        assert group[empty] == []
    assert not {"loadBalancerInfo", "blueGreenDeploymentConfiguration", "ec2TagSet"} & set(group)
    block: dict[str, Any] = {"triggers": [trigger["triggerName"] for trigger in group["triggerConfigurations"]]}
    # The provider reads `enabled` of whatever is there, and crashes where it is not.
    if (alarms := group.get("alarmConfiguration")) and (alarms["enabled"] or alarms["alarms"]):
        named = [alarm["name"] for alarm in alarms["alarms"]]
        block["alarms"] = (alarms["enabled"], named, alarms["ignorePollAlarmFailure"])
    if (rollback := group.get("autoRollbackConfiguration")) and (rollback["enabled"] or rollback["events"]):
        block["rollback"] = (rollback["enabled"], rollback["events"])
    return block


def test_a_group_without_blocks_has_an_empty_second_plan(configured: Caller) -> None:
    configured.call("CreateDeploymentGroup", **GROUP)
    assert blocks(configured) == {"triggers": []}


def test_blocks_are_created_switched_off_and_removed_with_an_empty_plan_after_each(configured: Caller) -> None:
    configured.call("CreateDeploymentGroup", **GROUP, **ON)
    on = {
        "alarms": (True, ["errors"], False),
        "rollback": (True, ["DEPLOYMENT_FAILURE"]),
        "triggers": ["team"],
    }
    assert blocks(configured) == blocks(configured) == on
    configured.call("UpdateDeploymentGroup", **CHANGE, **SWITCHED_OFF)
    off = {"alarms": (False, ["errors"], False), "rollback": (False, ["DEPLOYMENT_FAILURE"]), "triggers": []}
    assert blocks(configured) == off
    configured.call("UpdateDeploymentGroup", **CHANGE, **REMOVED)
    assert blocks(configured) == {"triggers": []}
    configured.call("UpdateDeploymentGroup", **CHANGE, **ON)
    assert blocks(configured) == on


def test_what_is_destroyed_elsewhere_is_found_missing_and_a_second_destruction_is_one(configured: Caller) -> None:
    configured.call("CreateDeploymentGroup", **GROUP)
    assert configured.call("DeleteDeploymentGroup", **NAMES) == {"hooksNotCleanedUp": []}
    missing = configured.raw("GetDeploymentGroup", json.dumps(NAMES))["Error"]["Code"]
    assert missing == "DeploymentGroupDoesNotExistException"
    assert configured.call("DeleteDeploymentGroup", **NAMES) == {"hooksNotCleanedUp": []}
    configured.call("DeleteDeploymentConfig", deploymentConfigName="Slow")
    configured.call("DeleteApplication", applicationName="shop")
    missing = configured.raw("GetApplication", json.dumps({"applicationName": "shop"}))["Error"]["Code"]
    assert missing == "ApplicationDoesNotExistException"


# ------------------------------------------------------------------------------------------------ Terraform itself

PLUGINS = os.environ.get("TERRAFORM_PLUGINS", "")
CONFIGURATION = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "local"
  secret_key                  = "local"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}
resource "aws_codedeploy_app" "shop" {
  name             = "shop"
  compute_platform = "Lambda"
}
resource "aws_codedeploy_deployment_config" "slow" {
  deployment_config_name = "Slow"
  compute_platform       = "Lambda"
  traffic_routing_config {
    type = "TimeBasedLinear"
    time_based_linear {
      interval   = 3
      percentage = 20
    }
  }
}
resource "aws_codedeploy_deployment_group" "prod" {
  app_name               = aws_codedeploy_app.shop.name
  deployment_group_name  = "prod"
  deployment_config_name = aws_codedeploy_deployment_config.slow.id
  service_role_arn       = "arn:aws:iam::123456789012:role/WeighbridgeServiceRole-shop"
  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }
  BLOCKS
}
"""
ALARM_AND_ROLLBACK = """
  alarm_configuration {
    alarms  = ["errors"]
    enabled = ENABLED
  }
  auto_rollback_configuration {
    enabled = ENABLED
    events  = ["DEPLOYMENT_FAILURE"]
  }
"""


def _by_terraform(api: Caller, tmp_path: Path) -> None:
    with served(api) as url:
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"}

        def terraform(*arguments: str) -> None:
            command = ["terraform", *arguments, "-no-color"]
            settings = environment | {"AWS_ENDPOINT_URL_CODEDEPLOY": url}
            done = subprocess.run(command, cwd=tmp_path, env=settings, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr

        stages = [ALARM_AND_ROLLBACK.replace("ENABLED", enabled) for enabled in ("true", "false")]
        for number, stage in enumerate([*stages, ""]):
            (tmp_path / "main.tf").write_text(CONFIGURATION.replace("BLOCKS", stage), encoding="utf-8")
            if number == 0:
                terraform("init", f"-plugin-dir={PLUGINS}")
            terraform("apply", "-auto-approve")
            terraform("plan", "-detailed-exitcode")
        terraform("destroy", "-auto-approve")
    assert api.call("ListApplications")["applications"] == []


if PLUGINS and shutil.which("terraform"):

    @pytest.mark.timeout(900)
    def test_terraform_itself_plans_nothing_after_each_change(api: Caller, tmp_path: Path) -> None:
        _by_terraform(api, tmp_path)
