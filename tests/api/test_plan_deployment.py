"""What a deployment would do, by the API."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.api.caller import Caller, Refused
from tests.aws.account import client_error, create_alias, keep_begun, refuse
from tests.core.samples import at
from weighbridge.aws import clients, cloudwatch, dynamodb, lambda_aliases
from weighbridge.core.deployment import stamp
from weighbridge.core.groups import DeploymentGroup
from weighbridge.core.service_role import ServiceRole
from weighbridge.store import settings

NAMES = {"applicationName": "shop-app", "deploymentGroupName": "prod"}
CANARY = "CodeDeployDefault.LambdaCanary10Percent5Minutes"


def inline(target: str = "2", function: str = "shop", **hooks: str) -> dict[str, Any]:
    properties = {"Name": function, "Alias": "live", "TargetVersion": target}
    document: dict[str, Any] = {
        "version": 0.0,
        "Resources": [{"shop": {"Type": "AWS::Lambda::Function", "Properties": properties}}],
    }
    if hooks:
        document["Hooks"] = [{event: function} for event, function in hooks.items()]
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(document)}}


@pytest.fixture(autouse=True)
def group(place: SimpleNamespace) -> None:
    assert place
    group_settings({"deploymentConfigName": CANARY})


def group_settings(values: dict[str, Any]) -> None:
    settings.put_group("shop-app", "prod", DeploymentGroup.read(values), stamp(at(0)))


def plan(api: Caller, revision: dict[str, Any] | None = None, **arguments: Any) -> dict[str, Any]:
    shown: dict[str, Any] = api.call("PlanDeployment", **NAMES, revision=revision or inline(), **arguments)["plan"]
    return shown


def findings(shown: dict[str, Any]) -> list[tuple[str, str]]:
    return [(finding["severity"], finding["code"]) for finding in shown["findings"]]


def test_the_steps_have_weights_and_times_and_nothing_is_written(api: Caller, place: SimpleNamespace) -> None:
    table = {"TableName": place.table}
    before = clients.client("dynamodb").scan(**table)["Items"]
    shown = plan(api)
    assert shown["steps"] == [
        {"weight": 10, "bakeSeconds": 300, "startsAfterSeconds": 0},
        {"weight": 100, "bakeSeconds": 0, "startsAfterSeconds": 300},
    ]
    assert (shown["functionName"], shown["alias"], shown["currentVersion"], shown["targetVersion"]) == (
        "shop", "live", "1", "2",
    )  # fmt: skip
    assert shown["deploymentConfigName"] == CANARY
    assert len(shown["rollbackEvents"]) == 3
    assert clients.client("dynamodb").scan(**table)["Items"] == before
    assert clients.client("stepfunctions").list_executions(stateMachineArn=place.machine)["executions"] == []


def test_what_nothing_watches_is_a_warning(api: Caller) -> None:
    [finding] = plan(api)["findings"]
    assert finding["severity"] == "Warning"
    assert "No alarm and no hook" in finding["message"]


def test_the_call_may_say_another_configuration(api: Caller) -> None:
    shown = plan(api, deploymentConfigName="CodeDeployDefault.LambdaAllAtOnce")
    assert [step["weight"] for step in shown["steps"]] == [100]


def test_all_errors_are_told_at_once(api: Caller) -> None:
    group_settings({"alarmConfiguration": {"enabled": True, "alarms": [{"name": "gone"}]}})
    shown = plan(api, inline(target="9"))
    assert findings(shown) == [
        ("Error", "CODEDEPLOY_RESOURCE_CANNOT_BE_FOUND"),
        ("Error", "INVALID_LAMBDA_CONFIGURATION"),
    ]
    assert shown["alarms"] == [{"name": "gone", "state": "Missing"}]
    assert "has no version 9" in shown["findings"][1]["message"]
    assert "steps" not in shown


def test_a_red_alarm_is_an_error(api: Caller) -> None:
    clients.client("cloudwatch").put_metric_alarm(
        AlarmName="red", MetricName="Errors", Namespace="AWS/Lambda", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold", Statistic="Sum",
    )  # fmt: skip
    clients.client("cloudwatch").set_alarm_state(AlarmName="red", StateValue="ALARM", StateReason="test")
    group_settings({"alarmConfiguration": {"enabled": True, "alarms": [{"name": "red"}]}})
    shown = plan(api)
    assert findings(shown) == [("Error", "ALARM_ACTIVE")]
    assert shown["alarms"] == [{"name": "red", "state": "ALARM"}]


def test_alarms_that_cannot_be_read_may_be_ignored(api: Caller) -> None:
    watched = {"enabled": True, "ignorePollAlarmFailure": True, "alarms": [{"name": "gone"}]}
    group_settings({"alarmConfiguration": watched})
    assert findings(plan(api)) == [("Warning", "")]


def test_a_deployment_that_holds_the_alias_or_the_group_is_an_error(api: Caller) -> None:
    keep_begun("d-BBBBBBBBB")
    [error] = [finding for finding in plan(api)["findings"] if finding["severity"] == "Error"]
    assert error["code"] == "RESOURCE_LIMIT_EXCEEDED"
    assert "d-BBBBBBBBB" in error["message"]


@pytest.mark.parametrize(
    ("revision", "code", "says"),
    [
        ({"revisionType": "AppSpecContent", "appSpecContent": {"content": "a: ["}}, "INVALID_LAMBDA_CONFIGURATION", "yaml"),
        (inline(function="shoe"), "INVALID_LAMBDA_FUNCTION", "no Lambda function named 'shoe'"),
        (inline(BeforeAllowTraffic="Any_check"), "INVALID_LAMBDA_CONFIGURATION", "hooks must be named"),
    ],
)
def test_what_the_start_would_refuse_is_an_error(api: Caller, revision: dict[str, Any], code: str, says: str) -> None:
    [error] = [finding for finding in plan(api, revision)["findings"] if finding["severity"] == "Error"]
    assert error["code"] == code
    assert says in error["message"]


def test_it_is_looked_at_by_the_role_of_the_group(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    role = "arn:aws:iam::123456789012:role/WeighbridgeServiceRole-shop"
    watched = {"enabled": True, "alarms": [{"name": "errors"}]}
    group_settings({"serviceRoleArn": role, "alarmConfiguration": watched})
    seen: list[ServiceRole | None] = []

    def by(as_role: ServiceRole | None, _session: str, service: str) -> object:
        seen.append(as_role)
        return clients.client(service)

    for module in (cloudwatch, lambda_aliases):
        monkeypatch.setattr(module, "client_as", by)
    shown = plan(api)
    assert seen == [ServiceRole(role, "shop-app/prod")] * 2
    assert shown["serviceRoleArn"] == role


def test_a_group_that_is_not_there_is_an_error(api: Caller) -> None:
    shown = api.call("PlanDeployment", applicationName="shop-app", deploymentGroupName="next", revision=inline())["plan"]
    assert findings(shown) == [("Error", "DEPLOYMENT_GROUP_MISSING")]


def test_an_alias_that_is_there_already_is_codedeploys_error(api: Caller) -> None:
    create_alias("2")
    [error] = plan(api)["findings"]
    assert "nothing to shift" in error["message"]


def test_a_deployment_that_cannot_be_looked_at_is_asked_for_again(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "lambda", "get_alias", client_error("TooManyRequestsException", "GetAlias", 429))
    with pytest.raises(Refused, match="ThrottlingException"):
        plan(api)
    group_settings({"alarmConfiguration": {"enabled": True, "alarms": [{"name": "errors"}]}})
    refuse(monkeypatch, "cloudwatch", "describe_alarms", client_error("Throttling", "DescribeAlarms", 400))
    with pytest.raises(Refused, match="ThrottlingException"):
        plan(api)


def test_members_of_servers_are_refused_as_in_a_deployment(api: Caller) -> None:
    with pytest.raises(Refused, match="InvalidFileExistsBehavior"):
        plan(api, fileExistsBehavior="DISALLOW")
    with pytest.raises(Refused, match="RevisionRequired"):
        api.call("PlanDeployment", **NAMES)
    assert dynamodb.name()
