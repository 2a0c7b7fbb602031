"""group and config, by what they ask of the installation."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.fake import Fake, missing
from tests.cli.schema import check
from weighbridge.core import configs, groups
from weighbridge.core.documents import load

GROUP: dict[str, Any] = {
    "applicationName": "shop",
    "deploymentGroupName": "prod",
    "deploymentConfigName": "Canary",
    "alarmConfiguration": {"enabled": True, "ignorePollAlarmFailure": False, "alarms": [{"name": "checkout-errors"}]},
}


def test_a_group_is_shown_as_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Fake(get_deployment_group={"deploymentGroupInfo": GROUP})
    shown = cloud.run(monkeypatch, "group", "show", "shop/prod").stdout
    assert groups.parse("shop", "prod", load(shown)).deployment_config_name == "Canary"
    check(json.loads(cloud.run(monkeypatch, "group", "show", "shop/prod", "--json").stdout), "group")


def test_the_names_of_all_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Fake(
        list_applications={"applications": ["shop"]}, list_deployment_groups={"deploymentGroups": ["prod", "test"]}
    )
    assert cloud.run(monkeypatch, "group", "show").stdout == "shop/prod\nshop/test\n"
    check(json.loads(cloud.run(monkeypatch, "group", "show", "--json").stdout), "groups")


def test_a_file_is_dropped_and_checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "g.yaml"
    file.write_text("{}")
    cloud = Fake(get_drop={"dropInfo": {"status": "Accepted"}})
    assert cloud.run(monkeypatch, "group", "set", "shop/prod", str(file)).stdout == "shop/prod is as g.yaml says.\n"
    assert cloud.of("put_object")[0]["Key"] == "shop/prod/deployment-group.yaml"
    refused = Fake(get_drop={"dropInfo": {"status": "Refused", "errorInformation": {"message": "Unknown key 'aliasses'"}}})
    done = refused.run(monkeypatch, "group", "set", "shop/prod", str(file))
    assert (done.exit_code, "Unknown key 'aliasses'" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        (["--config", "Linear"], {"deploymentConfigName": "Linear"}),
        (
            ["--alarm", "a", "--alarm", "b"],
            {"alarmConfiguration": {"enabled": True, "alarms": [{"name": "a"}, {"name": "b"}]}},
        ),
        (["--no-alarms"], {"alarmConfiguration": {"enabled": False, "alarms": []}}),
        (["--no-rollback"], {"autoRollbackConfiguration": {"enabled": False, "events": []}}),
        (["--role", "arn"], {"serviceRoleArn": "arn"}),
    ],
)
def test_options_change_what_they_name(
    monkeypatch: pytest.MonkeyPatch, options: list[str], changes: dict[str, Any]
) -> None:
    cloud = Fake(update_deployment_group={})
    assert cloud.run(monkeypatch, "group", "set", "shop/prod", *options).exit_code == 0
    assert cloud.of("update_deployment_group") == [
        {"applicationName": "shop", "currentDeploymentGroupName": "prod", **changes}
    ]


def test_a_group_that_is_not_there_is_made_with_a_role(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = missing("ApplicationDoesNotExistException", "No application found for name: shop")
    cloud = Fake(update_deployment_group=gone, create_application={}, create_deployment_group={})
    done = cloud.run(monkeypatch, "group", "set", "shop/prod", "--role", "arn", "--rollback")
    assert done.stdout == "shop/prod is made.\n"
    [made] = cloud.of("create_deployment_group")
    assert (made["serviceRoleArn"], made["autoRollbackConfiguration"]["enabled"]) == ("arn", True)
    without = Fake(update_deployment_group=gone).run(monkeypatch, "group", "set", "shop/prod", "--config", "x")
    assert (without.exit_code, "give a FILE or --role" in without.stderr) == (2, True)


@pytest.mark.parametrize("arguments", [[], ["--alarm", "a", "--no-alarms"]])
def test_what_says_nothing_or_two_things_is_refused(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    assert Fake().run(monkeypatch, "group", "set", "shop/prod", *arguments).exit_code == 2


def test_configurations(monkeypatch: pytest.MonkeyPatch) -> None:
    routing = {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": 20, "linearInterval": 3}}
    cloud = Fake(
        create_deployment_config={},
        get_deployment_config={"deploymentConfigInfo": {"deploymentConfigName": "Mine", "trafficRoutingConfig": routing}},
        list_deployment_configs={
            "deploymentConfigsList": ["CodeDeployDefault.LambdaAllAtOnce", "CodeDeployDefault.OneAtATime", "Mine"]
        },
    )
    assert cloud.run(monkeypatch, "config", "set", "Mine", "--linear", "20@3m").stdout == "Mine is made.\n"
    assert cloud.of("create_deployment_config")[0]["trafficRoutingConfig"] == routing
    shown = yaml.safe_load(cloud.run(monkeypatch, "config", "show", "Mine").stdout)
    assert configs.parse("Mine", load(yaml.safe_dump(shown))).percentage == 20
    assert cloud.run(monkeypatch, "config", "show").stdout == "CodeDeployDefault.LambdaAllAtOnce\nMine\n"
    check(json.loads(cloud.run(monkeypatch, "config", "show", "--json").stdout), "configs")
    check(json.loads(cloud.run(monkeypatch, "config", "show", "Mine", "--json").stdout), "config")
    assert cloud.run(monkeypatch, "config", "set", "Mine", "--canary", "1").exit_code == 2
