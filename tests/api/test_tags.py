"""Tags of applications, groups and configurations."""

from typing import Any

import pytest

from tests.api.caller import Caller
from tests.api.test_applications import NOW, refusal
from weighbridge.aws import dynamodb
from weighbridge.core.configs import DeploymentConfig
from weighbridge.core.groups import DeploymentGroup
from weighbridge.store import keys, settings, tags

PREFIX = "arn:aws:codedeploy:eu-west-1:123456789012"
ARNS = [f"{PREFIX}:application:shop", f"{PREFIX}:deploymentgroup:shop/prod", f"{PREFIX}:deploymentconfig:mine"]
TEAM = {"Key": "team", "Value": "a"}


@pytest.fixture(autouse=True)
def _shop(place: object) -> None:  # noqa: ARG001
    settings.put_group("shop", "prod", DeploymentGroup(), NOW)
    settings.create_config(DeploymentConfig("mine", "AllAtOnce"), NOW)


def tags_of(api: Caller, arn: str) -> list[dict[str, str]]:
    answer = api.call("ListTagsForResource", ResourceArn=arn)
    assert "NextToken" not in answer
    tags: list[dict[str, str]] = answer["Tags"]
    return tags


@pytest.mark.parametrize("arn", ARNS)
def test_tags_come_change_and_go(api: Caller, arn: str) -> None:
    assert tags_of(api, arn) == []
    assert api.call("TagResource", ResourceArn=arn, Tags=[TEAM, {"Key": "größe"}]) == {}
    assert tags_of(api, arn) == [TEAM, {"Key": "größe", "Value": ""}]
    api.call("TagResource", ResourceArn=arn, Tags=[{"Key": "team", "Value": "b"}])
    assert {tag["Key"]: tag["Value"] for tag in tags_of(api, arn)} == {"team": "b", "größe": ""}
    assert api.call("UntagResource", ResourceArn=arn, TagKeys=["team", "none"]) == {}
    assert tags_of(api, arn) == [{"Key": "größe", "Value": ""}]


def test_tags_are_given_at_creation(api: Caller) -> None:
    api.call("CreateApplication", applicationName="tagged", tags=[TEAM])
    assert tags_of(api, f"{PREFIX}:application:tagged") == [TEAM]


def test_a_dropped_group_has_the_tags_of_its_file(api: Caller) -> None:
    settings.put_group("shop", "prod", DeploymentGroup.read({"tags": [TEAM]}), NOW)
    assert tags_of(api, ARNS[1]) == [TEAM]


BAD_ARNS = [
    ("shop", "InvalidArnException"),
    ("arn:aws:codedeploy", "InvalidArnException"),
    (f"{PREFIX}:application:", "InvalidArnException"),
    (f"{PREFIX}:application", "InvalidArnException"),
    (f"{PREFIX}:application:a b", "InvalidArnException"),
    (f"{PREFIX}:application:shop\n", "InvalidArnException"),
    (f"{PREFIX}:application:shop/prod", "InvalidArnException"),
    (f"{PREFIX}:deploymentgroup:shop", "InvalidArnException"),
    (f"{PREFIX}:deploymentgroup:shop/prod/more", "InvalidArnException"),
    (f"{PREFIX}:application:{'a' * 1000}", "InvalidArnException"),
    (f"{PREFIX}:instance:a", "ArnNotSupportedException"),
    ("arn:aws:lambda:eu-west-1:123456789012:function:shop", "ArnNotSupportedException"),
    ("arn:aws:s3:::bucket", "ArnNotSupportedException"),
    ("", "ResourceArnRequiredException"),
    (None, "ResourceArnRequiredException"),
]


@pytest.mark.parametrize(("arn", "expected"), BAD_ARNS, ids=lambda value: ascii(value)[:60])
def test_bad_arns(api: Caller, arn: str | None, expected: str) -> None:
    assert refusal(api, "TagResource", ResourceArn=arn, Tags=[TEAM]).name == expected
    assert refusal(api, "UntagResource", ResourceArn=arn, TagKeys=["team"]).name == expected
    assert refusal(api, "ListTagsForResource", ResourceArn=arn).name == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("application:no", "ApplicationDoesNotExistException"),
        ("deploymentgroup:shop/no", "DeploymentGroupDoesNotExistException"),
        ("deploymentgroup:no/prod", "DeploymentGroupDoesNotExistException"),
        ("deploymentconfig:no", "DeploymentConfigDoesNotExistException"),
        ("deploymentconfig:CodeDeployDefault.LambdaAllAtOnce", "DeploymentConfigDoesNotExistException"),
    ],
)
def test_what_is_not_there_has_no_tags(api: Caller, name: str, expected: str) -> None:
    arn = f"{PREFIX}:{name}"
    assert refusal(api, "TagResource", ResourceArn=arn, Tags=[TEAM]).name == expected
    assert refusal(api, "UntagResource", ResourceArn=arn, TagKeys=["team"]).name == expected
    assert refusal(api, "ListTagsForResource", ResourceArn=arn).name == "InvalidArnException"


@pytest.mark.parametrize(
    ("operation", "arguments", "expected"),
    [
        ("TagResource", {}, "TagRequiredException"),
        ("TagResource", {"Tags": []}, "TagRequiredException"),
        ("TagResource", {"Tags": [{"Value": "a"}]}, "InvalidTagsToAddException"),
        ("TagResource", {"Tags": [{"Key": "a" * 129}]}, "InvalidTagsToAddException"),
        ("TagResource", {"Tags": [{"Key": "a", "Value": "v" * 257}]}, "InvalidTagsToAddException"),
        ("TagResource", {"Tags": [TEAM, TEAM]}, "InvalidTagsToAddException"),
        ("TagResource", {"Tags": [{"Key": "AWS:a"}]}, "InvalidTagsToAddException"),
        ("TagResource", {"Tags": [{"Key": f"k{n}"} for n in range(51)]}, "InvalidTagsToAddException"),
        ("UntagResource", {}, "TagRequiredException"),
        ("UntagResource", {"TagKeys": []}, "TagRequiredException"),
        ("ListTagsForResource", {"NextToken": "any"}, "ValidationException"),
    ],
    ids=lambda value: ascii(value)[:60],
)
def test_bad_input(api: Caller, operation: str, arguments: dict[str, Any], expected: str) -> None:
    assert refusal(api, operation, ResourceArn=ARNS[0], **arguments).name == expected


@pytest.mark.parametrize("arn", ARNS)
def test_a_resource_has_at_most_fifty_tags(api: Caller, arn: str) -> None:
    fifty = [{"Key": f"k{n}", "Value": ""} for n in range(50)]
    api.call("TagResource", ResourceArn=arn, Tags=fifty)
    assert refusal(api, "TagResource", ResourceArn=arn, Tags=[TEAM]).name == "InvalidTagsToAddException"
    assert tags_of(api, arn) == fifty


def test_tags_that_others_add_meanwhile_are_kept(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    outdated = [dynamodb.get(keys.application("shop"))]
    assert tags.change("APPLICATION", "shop", lambda _: [TEAM])
    get = dynamodb.get
    monkeypatch.setattr(dynamodb, "get", lambda key: outdated.pop() if outdated else get(key))
    api.call("TagResource", ResourceArn=ARNS[0], Tags=[{"Key": "stage", "Value": "b"}])
    assert tags_of(api, ARNS[0]) == [TEAM, {"Key": "stage", "Value": "b"}]


def test_tags_that_change_all_the_time_are_to_be_tried_again(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    outdated = dynamodb.get(keys.application("shop"))
    tags.change("APPLICATION", "shop", lambda _: [TEAM])
    monkeypatch.setattr(dynamodb, "get", lambda _: outdated)
    assert refusal(api, "TagResource", ResourceArn=ARNS[0], Tags=[{"Key": "k"}]).name == "ThrottlingException"
