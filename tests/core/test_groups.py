"""The settings of groups: what is read, and what a wrong file says."""

import json
from typing import Any

import pytest

from weighbridge.core import groups
from weighbridge.core.documents import load
from weighbridge.core.errors import InvalidDocument

TOPIC = "arn:aws:sns:eu-west-1:123456789012:topic"


def test_what_the_api_tells_of_a_group_is_a_file_for_it() -> None:
    """The answer of GetDeploymentGroup as the CLI prints it, for a group without and for one with settings."""
    bare: dict[str, Any] = {
        "applicationName": "shop",
        "deploymentGroupId": "3b7c0d8e-9f10-4a1b-8a2c-6a5f0e3d2c1b",
        "deploymentGroupName": "prod",
        "deploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
        "ec2TagFilters": [],
        "onPremisesInstanceTagFilters": [],
        "autoScalingGroups": [],
        "serviceRoleArn": "arn:aws:iam::123456789012:role/WeighbridgeServiceRole-shop",
        "triggerConfigurations": [],
        "alarmConfiguration": {"enabled": False, "ignorePollAlarmFailure": False, "alarms": []},
        "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
        "outdatedInstancesStrategy": "UPDATE",
        "blueGreenDeploymentConfiguration": None,
        "computePlatform": "Lambda",
        "ecsServices": [],
        "terminationHookEnabled": False,
    }
    last = {"deploymentId": "d-AAAAAAAAA", "status": "Succeeded", "endTime": "2026-11-23T06:00:00Z"}
    full = bare | {
        "alarmConfiguration": {"enabled": True, "ignorePollAlarmFailure": False, "alarms": [{"name": "errors"}]},
        "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
        "targetRevision": {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "0" * 64}},
        "lastSuccessfulDeployment": last,
        "lastAttemptedDeployment": last,
    }
    for info in (bare, full):
        settings = {name: info[name] for name in info if name in SETTINGS}
        expected = groups.parse("shop", "prod", settings)
        for document in ({"deploymentGroupInfo": info}, info, load(json.dumps({"deploymentGroupInfo": info}))):
            assert groups.parse("shop", "prod", document) == expected
    assert expected.alarm_configuration
    assert expected.alarm_configuration.watched() == ["errors"]


SETTINGS = {
    "applicationName",
    "deploymentGroupName",
    "deploymentConfigName",
    "serviceRoleArn",
    "triggerConfigurations",
    "alarmConfiguration",
    "autoRollbackConfiguration",
    "deploymentStyle",
    "computePlatform",
}


def test_an_alarms_arn_that_was_kept_once_stays_readable() -> None:
    stored = {
        "alarmConfiguration": {"enabled": True, "alarms": [{"name": "arn:aws:cloudwatch:eu-west-3:123456789012:alarm:red"}]}
    }
    group = groups.DeploymentGroup.read(stored)
    assert group.alarm_configuration
    assert group.alarm_configuration.watched() == [stored["alarmConfiguration"]["alarms"][0]["name"]]  # type: ignore[index]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"alarmConfiguration": {"enabled": True, "alarms": []}}, "at least one alarms attached"),
        ({"alarmConfiguration": {"alarms": [{"name": "a"}, {"name": "a"}]}}, "named twice"),
        ({"alarmConfiguration": {"alarms": [{"name": f"a{n}"} for n in range(51)]}}, "at most 50 alarms"),
        ({"alarmConfiguration": {"alarms": [{"name": "x" * 256}]}}, "at most 255"),
        ({"alarmConfiguration": {"alarms": [{"name": f"{n:02}" + "é" * 253} for n in range(50)]}}, "have 25400 bytes together; at most 16384"),
        ({"autoRollbackConfiguration": {"events": ["DEPLOYMENT_ON_FIRE"]}}, "must be"),
        ({"serviceRoleArn": "role"}, "serviceRoleArn: 'role' is not a valid ARN of an IAM role; write one such as arn:aws:iam::123456789012:role/NAME"),
        ({"serviceRoleArn": "arn:aws:iam::{{ account }}:role/x"}, "serviceRoleArn: the placeholder '{{ account }}' was left in"),
        ({"deploymentConfigName": "a b"}, "deploymentConfigName: 'a b' is not a valid name; use 1 to 100 letters, digits"),
        ({"triggerConfigurations": [{"triggerName": "n", "triggerTargetArn": "topic", "triggerEvents": ["DeploymentStart"]}]}, "'topic' is not a valid ARN of an SNS topic"),
        ({"alarmConfiguration": {"alarms": [{"name": "arn:aws:cloudwatch:eu-west-3:123456789012:alarm:red: hot"}]}}, "give its name alone, 'red: hot', and see that it is in this installation's account and region, not only in eu-west-3 of 123456789012"),
        ({"serviceRoleArn": ["role"]}, "serviceRoleArn: must be text, not a list"),
        ({"deploymentStyle": {"deploymentType": "IN_PLACE", "deploymentOption": "WITH_TRAFFIC_CONTROL"}}, "must be 'BLUE_GREEN'"),
        ({"ec2TagFilters": [{"Key": "a"}]}, "For Lambda deployment group, ec2TagFilters can not be specified"),
        ({"deploymentGroupInfo": {"loadBalancerInfo": {"elbInfoList": []}}}, "For Lambda deployment group, loadBalancerInfo can not be specified"),
        ({"deploymentGroupInfo": {"deploymentGroupName": "test"}}, "give both the same name"),
        ({"deploymentGroupInfo": []}, "must be a mapping of keys to values, not a list"),
        ({"alarmConfigurations": {}}, "did you mean 'alarmConfiguration'"),
        ({"aliases": []}, "aliases: list should have at least 1 item"),
        ({"aliases": ["checkout"]}, "'checkout' names no alias; write the function and the alias, such as checkout:live"),
        ({"aliases": ["checkout:*"]}, "names no alias"),
        ({"aliases": ["checkout:live\n"]}, "names no alias"),
        ({"aliases": [f"f:a{n}" for n in range(101)]}, "at most 100 aliases can be named, not 101"),
        ({"aliases": "checkout:live"}, "aliases: must be a list, not text"),
        ({"deploymentGroupName": "test"}, "give both the same name"),
        ({"triggerConfigurations": [{"triggerName": n, "triggerTargetArn": TOPIC, "triggerEvents": ["DeploymentStart"]} for n in "ab"]}, "Duplicate Trigger target arn"),
        ("text", "The file must be a mapping"),
    ],
)  # fmt: skip
def test_a_wrong_group_says_what_to_change(document: Any, says: str) -> None:
    with pytest.raises(InvalidDocument, match=says):
        groups.parse("shop", "prod", document)


def test_as_many_alarms_as_a_group_may_watch_may_have_the_longest_ascii_names() -> None:
    names = [f"{n:02}" + "x" * 253 for n in range(groups.MOST_ALARMS)]
    group = groups.parse("shop", "prod", {"alarmConfiguration": {"alarms": [{"name": name} for name in names]}})
    assert group.alarm_configuration
    assert group.alarm_configuration.watched() == names


def test_a_group_reads_back_as_it_is_kept() -> None:
    group = groups.parse("shop", "prod", {
        "applicationName": "shop", "deploymentConfigName": "c", "tags": [{"Key": "team", "Value": "a"}],
        "serviceRoleArn": "arn:aws:iam::123456789012:role/path/team-a",
        "alarmConfiguration": {"alarms": [{"name": "a"}]},
        "triggerConfigurations": [{"triggerName": "n", "triggerTargetArn": TOPIC, "triggerEvents": ["DeploymentStart"]}],
    })  # fmt: skip
    stored = json.loads(json.dumps(group.model_dump(mode="json", by_alias=True, exclude_none=True)))
    assert groups.DeploymentGroup.read(stored) == group
