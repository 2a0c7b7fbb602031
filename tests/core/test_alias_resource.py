import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from weighbridge.core.alias_resource import Request, alias_in, application_of, check_duration, read_wish
from weighbridge.core.configs import PREDEFINED, DeploymentConfig
from weighbridge.core.errors import InvalidDocument
from weighbridge.core.names import ALL_AT_ONCE, valid_name

STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/5e7b0a40-0f1c-11ef-9d2c-0a1b2c3d4e5f"
EVENT = {
    "RequestType": "Update",
    "ResponseURL": "https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/x?Signature=s3cr3t",
    "StackId": STACK,
    "RequestId": "request-1",
    "ResourceType": "Custom::WeighbridgeAlias",
    "LogicalResourceId": "LiveWeighbridge",
    "PhysicalResourceId": "arn:aws:lambda:eu-west-1:123456789012:function:checkout:live",
    "ResourceProperties": {"FunctionName": "checkout", "Name": "live", "TargetVersion": "7"},
}
ALL: dict[str, Any] = {
    "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:weighbridge-cloudformation",
    "ServiceTimeout": "120",
    "FunctionName": "checkout",
    "Name": "live",
    "TargetVersion": "7",
    "DeploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
    "AlarmConfiguration": {"Enabled": "true", "Alarms": [{"Name": "errors"}], "IgnorePollAlarmFailure": "false"},
    "AutoRollbackConfiguration": {"Enabled": "true", "Events": ["DEPLOYMENT_FAILURE"]},
    "TriggerConfigurations": [
        {
            "TriggerName": "news",
            "TriggerTargetArn": "arn:aws:sns:eu-west-1:123456789012:news",
            "TriggerEvents": ["DeploymentSuccess"],
        }
    ],
    "Hooks": {"BeforeAllowTraffic": "CodeDeployHook_pre", "AfterAllowTraffic": "CodeDeployHook_post"},
    "ServiceRoleArn": "arn:aws:iam::123456789012:role/WeighbridgeServiceRole",
    "Start": "AfterStack",
    "OnRunning": "Queue",
    "Redeploy": "1",
    "WaitHandle": "",
    "Enabled": "true",
}


def wish(**changes: Any) -> Any:
    properties = {key: value for key, value in (ALL | changes).items() if value is not None}
    return read_wish(properties, "stack@shop", "eu-west-1", "123456789012")


def test_a_request_is_read() -> None:
    request = Request.read(EVENT)
    assert (request.kind, request.stack_id, request.logical_id, request.request_id) == (
        "Update",
        STACK,
        "LiveWeighbridge",
        "request-1",
    )
    assert application_of(request.stack_id) == "stack@shop"
    assert alias_in(request.physical_id) == ("checkout", "live")


def test_a_request_that_is_shown_does_not_show_its_secrets() -> None:
    properties = ALL | {"Start": "DuringStack", "WaitHandle": "https://x?Signature=s3cr3t"}
    request = Request.read(EVENT | {"ResourceProperties": properties})
    assert "s3cr3t" not in f"{request!r} {wish(**properties)!r}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"RequestType": "Read"},
        {"ResourceType": "AWS::Lambda::Alias"},
        {"ResourceType": None},
        {"StackId": "shop"},
        {"StackId": f"{STACK}/../other"},
        {"LogicalResourceId": "no spaces"},
        {"LogicalResourceId": 7},
        {"RequestId": ""},
        {"RequestId": "a\nb"},
        {"RequestId": "x" * 257},
        {"ResponseURL": None},
        {"ResponseURL": "x" * 4097},
        {"PhysicalResourceId": ["x"]},
        {"ResourceProperties": "x"},
    ],
)
def test_what_is_no_request_is_refused_without_saying_what_is_in_it(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidDocument) as refused:
        Request.read(EVENT | wrong)
    assert "s3cr3t" not in str(refused.value)


@pytest.mark.parametrize("event", [None, [], "x", {}])
def test_anything_else_is_no_request(event: Any) -> None:
    with pytest.raises(InvalidDocument):
        Request.read(event)


def test_the_properties_are_those_of_a_deployment_group() -> None:
    asked = wish()
    assert (asked.alias, asked.group_name, asked.config_name) == (
        "checkout:live",
        "checkout-live",
        "CodeDeployDefault.LambdaCanary10Percent5Minutes",
    )
    assert asked.spec.hooks == {"BeforeAllowTraffic": "CodeDeployHook_pre", "AfterAllowTraffic": "CodeDeployHook_post"}
    assert "Hooks" not in json.loads(asked.without_hooks)
    assert asked.group.aliases == ["checkout:live"]
    assert asked.group.alarm_configuration is not None
    assert asked.group.alarm_configuration.watched() == ["errors"]
    assert asked.group.auto_rollback_configuration is not None
    assert asked.group.auto_rollback_configuration.rolls_back_on() == {"DEPLOYMENT_FAILURE"}
    assert [trigger.trigger_name for trigger in asked.group.trigger_configurations] == ["news"]
    assert (asked.start, asked.on_running, asked.redeploy, asked.wait_handle) == ("AfterStack", "Queue", "1", "")


def test_what_is_left_out_is_codedeploys_default() -> None:
    asked = read_wish(EVENT["ResourceProperties"], "stack@shop", "eu-west-1", "123456789012")  # type: ignore[arg-type]
    assert (asked.config_name, asked.start, asked.on_running, asked.redeploy) == (ALL_AT_ONCE, "AfterStack", "Queue", "")
    assert asked.group.service_role_arn is None


def test_what_is_not_enabled_moves_at_once_without_hooks_and_alarms() -> None:
    asked = wish(Enabled="false")
    assert asked.config_name == ALL_AT_ONCE
    assert asked.spec.hooks == {}
    assert asked.group.alarm_configuration is None


def test_a_function_may_be_given_by_its_arn() -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:checkout"
    assert wish(FunctionName=arn).alias == "checkout:live"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"FunctionName": None}, "FunctionName: is missing"),
        ({"TargetVersion": "$LATEST"}, "cannot be deployed gradually"),
        ({"Name": "1"}, "'1' is not a valid alias name"),
        ({"Nmae": "live"}, "Unknown key 'Nmae'; did you mean 'Name'?"),
        ({"Start": "Later"}, "Start: must be 'AfterStack' or 'DuringStack'"),
        ({"OnRunning": "Wait"}, "OnRunning: must be 'Queue', 'Replace' or 'Fail'"),
        ({"Enabled": "perhaps"}, "Enabled: must be true or false"),
        ({"WaitHandle": "https://x"}, "WaitHandle is for Start: DuringStack"),
        ({"DeploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minute"}, "did you mean"),
        ({"ServiceRoleArn": "role"}, "serviceRoleArn: 'role' is not a valid ARN of an IAM role"),
        ({"AlarmConfiguration": {"Enabled": "true"}}, "Alarm list cannot be null"),
        ({"FunctionName": "f" * 64, "Name": "a" * 40}, "may have 100 characters at most"),
        ({"FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:x"}, "another account or region"),
        ({"FunctionName": "arn:aws:lambda:eu-west-1:999999999999:function:x"}, "another account or region"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        wish(**change)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("minutes", "handle", "fits"),
    [(55, "", True), (56, "", False), (705, "https://x", True), (706, "https://x", False)],
)
def test_cloudformation_waits_for_an_hour_or_for_twelve(minutes: int, handle: str, fits: bool) -> None:
    asked, config = wish(Start="DuringStack", WaitHandle=handle), DeploymentConfig("Own", "TimeBasedCanary", 10, minutes)
    if fits:
        check_duration(asked, config)
        return
    with pytest.raises(InvalidDocument) as refused:
        check_duration(asked, config)
    assert f"Own shifts traffic for {minutes} minutes" in str(refused.value)


def test_after_the_stack_a_deployment_takes_as_long_as_it_likes() -> None:
    check_duration(wish(), DeploymentConfig("Own", "TimeBasedCanary", 10, 2880))


def test_a_linear_configuration_counts_all_its_steps() -> None:
    with pytest.raises(InvalidDocument, match="for 90 minutes"):
        check_duration(wish(Start="DuringStack"), PREDEFINED["CodeDeployDefault.LambdaLinear10PercentEvery10Minutes"])


def test_a_creation_that_was_refused_stands_for_no_alias() -> None:
    assert alias_in("refused-1234") is None
    assert alias_in("arn:aws:lambda:eu-west-1:123456789012:function:checkout") is None


def test_a_stack_named_like_a_team_gets_neither_its_groups_nor_its_roles() -> None:
    application = application_of(STACK.replace("/shop/", "/team-a/"))
    assert application == "stack@team-a"
    assert valid_name(application)
    # As in the trust policy of a team's role in docs/operations.md.
    assert not fnmatchcase(f"{application}/checkout-live", "team-a/*")


def test_no_name_of_a_stack_passes_for_another_application() -> None:
    with pytest.raises(InvalidDocument):
        Request.read(EVENT | {"StackId": STACK.replace("/shop/", "/team@a/")})
