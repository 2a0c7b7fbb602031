"""Applications, groups and configurations in the table."""

from typing import Any

import pytest

from weighbridge.aws import clients, dynamodb
from weighbridge.aws.dynamodb import Expression
from weighbridge.core.configs import PREDEFINED, DeploymentConfig
from weighbridge.core.groups import DeploymentGroup, parse
from weighbridge.store import keys, settings
from weighbridge.store.keys import Kind

FULL: dict[str, Any] = {
    "deploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
    "serviceRoleArn": "arn:aws:iam::123456789012:role/Deployer",
    "alarmConfiguration": {"ignorePollAlarmFailure": True, "alarms": [{"name": "errors"}]},
    "autoRollbackConfiguration": {"events": ["DEPLOYMENT_STOP_ON_ALARM"]},
    "triggerConfigurations": [
        {
            "triggerName": "all",
            "triggerTargetArn": "arn:aws:sns:eu-west-1:123456789012:deployments",
            "triggerEvents": ["DeploymentStart"],
        }
    ],
    "tags": [{"Key": "team", "Value": "größer"}],
}


def _put(document: dict[str, Any], now: str = "2026-11-23T06:00:00.000Z") -> DeploymentGroup:
    group = parse("shop-app", "prod", document)
    settings.put_group("shop-app", "prod", group, now)
    return group


def _item(kind: Kind, name: str) -> dict[str, Any]:
    item = dynamodb.get(keys.resource(kind, name))
    assert item is not None
    return item


@pytest.mark.parametrize("document", [FULL, {}], ids=["every setting", "no setting"])
def test_a_group_comes_back_as_it_went(document: dict[str, Any]) -> None:
    group = _put(document)
    stored = settings.group("shop-app", "prod")
    assert stored is not None
    assert stored[1] == group
    assert stored[0] == _item("GROUP", "shop-app/prod")["deploymentGroupId"]


def test_an_update_clears_what_is_left_out_and_keeps_what_the_group_is() -> None:
    _put(FULL)
    group, application = _item("GROUP", "shop-app/prod"), _item("APPLICATION", "shop-app")
    expression = Expression()
    expression.set("activeDeployment", "d-AAAAAAAAA")
    dynamodb.update(expression.update(keys.group("shop-app", "prod")))
    _put({"alarmConfiguration": {"alarms": [{"name": "other"}]}}, "2026-11-24T06:00:00.000Z")
    updated = _item("GROUP", "shop-app/prod")
    assert "serviceRoleArn" not in updated["settings"]
    assert updated["settings"]["alarmConfiguration"]["alarms"] == [{"name": "other"}]
    assert updated["activeDeployment"] == "d-AAAAAAAAA"
    assert updated["updateTime"] == "2026-11-24T06:00:00.000Z"
    for attribute in ("deploymentGroupId", "createTime"):
        assert updated[attribute] == group[attribute]
    assert _item("APPLICATION", "shop-app") == application


def test_a_group_makes_its_application() -> None:
    assert not settings.has_application("shop-app")
    assert settings.group("shop-app", "prod") is None
    _put({})
    assert settings.has_application("shop-app")
    assert settings.group("shop-app", "test") is None
    assert _item("APPLICATION", "shop-app")["computePlatform"] == "Lambda"


def test_predefined_configurations_need_no_table() -> None:
    for name, config in PREDEFINED.items():
        assert settings.config(name) == config


def test_a_configuration_is_created_once_and_never_changes() -> None:
    config = DeploymentConfig("mine", "TimeBasedLinear", 30, 7)
    assert settings.config("mine") is None
    assert settings.create_config(config, "2026-11-23T06:00:00.000Z")
    assert not settings.create_config(DeploymentConfig("mine", "TimeBasedCanary", 5, 1), "2026-11-24T06:00:00.000Z")
    assert settings.config("mine") == config
    assert _item("CONFIG", "mine")["createTime"] == "2026-11-23T06:00:00.000Z"


def test_what_is_kept_is_listed() -> None:
    _put(FULL)
    settings.create_application("another", [], "2026-11-23T06:00:00.000Z")
    settings.create_config(DeploymentConfig("mine", "AllAtOnce"), "2026-11-23T06:00:00.000Z")
    assert dynamodb.listed(settings.APPLICATIONS) == (["another", "shop-app"], False)
    assert dynamodb.listed(settings.APPLICATIONS, "another") == (["shop-app"], False)
    assert dynamodb.listed(settings.APPLICATIONS, limit=1) == (["another"], True)
    assert dynamodb.listed(settings.groups_of("shop-app")) == (["prod"], False)
    assert dynamodb.listed(settings.CONFIGS) == (["mine"], False)


def test_items_that_were_left_unread_are_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    client = clients.client("dynamodb")
    answer = client.batch_get_item

    def half(RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        [(name, asked)] = RequestItems.items()
        answered: dict[str, Any]
        if len(asked["Keys"]) == 1:
            answered = answer(RequestItems=RequestItems)
            return answered
        first, rest = asked["Keys"][:1], asked["Keys"][1:]
        answered = answer(RequestItems={name: asked | {"Keys": first}})
        return answered | {"UnprocessedKeys": {name: asked | {"Keys": rest}}}

    for name in "abc":
        settings.create_application(name, [], "2026-11-23T06:00:00.000Z")
    monkeypatch.setattr(client, "batch_get_item", half)
    assert sorted(application["applicationName"] for application in settings.applications("abcd")) == ["a", "b", "c"]
