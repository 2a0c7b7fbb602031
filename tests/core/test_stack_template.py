"""The macro: which templates are converted into what, and which are refused."""

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.core.errors import InvalidDocument
from weighbridge.core.stack_template import HOOK_VARIABLE, convert

PROVIDER = "weighbridge-cloudformation"
HOOK_URL = "https://hooks.lambda-url.us-east-1.on.aws/"
Template = dict[str, Any]


def template(**changes: Any) -> Template:
    """A template whose alias CodeDeploy shifts, with everything that is taken over; `changes` are attributes of the alias."""
    alias = {
        "Type": "AWS::Lambda::Alias",
        "Condition": "IsProduction",
        "DependsOn": ["Errors"],
        "UpdatePolicy": {
            "CodeDeployLambdaAliasUpdate": {
                "ApplicationName": {"Ref": "App"},
                "DeploymentGroupName": {"Ref": "Group"},
                "BeforeAllowTrafficHook": {"Ref": "Before"},
            }
        },
        "Properties": {
            "Name": "live",
            "FunctionName": {"Ref": "Checkout"},
            "FunctionVersion": {"Fn::GetAtt": ["Version7", "Version"]},
        },
    }
    return {
        "Conditions": {"IsProduction": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Parameters": {"Stage": {"Type": "String"}},
        "Resources": {
            "Checkout": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "checkout"}},
            "Before": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "a.b"}},
            "Version7": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Checkout"}}},
            "Errors": {"Type": "AWS::CloudWatch::Alarm", "Properties": {}},
            "App": {"Type": "AWS::CodeDeploy::Application", "Properties": {"ComputePlatform": "Lambda"}},
            "Group": {
                "Type": "AWS::CodeDeploy::DeploymentGroup",
                "Properties": {
                    "ApplicationName": {"Ref": "App"},
                    "ServiceRoleArn": "arn:aws:iam::000000000000:role/CodeDeploy",
                    "DeploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
                    "AlarmConfiguration": {"Enabled": True, "Alarms": [{"Name": {"Ref": "Errors"}}]},
                    "AutoRollbackConfiguration": {"Enabled": True, "Events": ["DEPLOYMENT_STOP_ON_ALARM"]},
                },
            },
            "Live": {**alias, **changes},
            "Permission": {
                "Type": "AWS::Lambda::Permission",
                "DependsOn": "Live",
                "Properties": {"FunctionName": {"Ref": "Live"}, "SourceArn": {"Fn::Sub": "${Live}/*/${!Live}/${Stage}"}},
            },
            "Mapping": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": {
                    "FunctionName": {"Fn::GetAtt": "Live.AliasArn"},
                    "Tags": [{"Value": {"Fn::Sub": ["${Live}${Of}", {"Of": {"Ref": "Live"}}]}}],
                },
            },
        },
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Live", "AliasArn"]}}, "Name": {"Value": {"Ref": "Stage"}}},
    }


def opting(**options: Any) -> Template:
    """The template with options for Weighbridge."""
    return {**template(), "Metadata": {"Weighbridge": options}}


def converted(of: Template, hook_url: str = "") -> dict[str, Any]:
    return convert(of, PROVIDER, hook_url).template


def references(node: Any) -> Iterator[str]:
    """Every logical id or parameter that part of a template refers to."""
    if isinstance(node, list):
        for item in node:
            yield from references(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            match key, value:
                case ("Ref" | "DependsOn", str()):
                    yield value
                case ("DependsOn", list()):
                    yield from value
                case ("Fn::GetAtt", str()):
                    yield value.partition(".")[0]
                case ("Fn::GetAtt", [str(name), *_]):
                    yield name
            yield from references(value)


def test_an_alias_that_codedeploy_shifts_is_owned_with_the_settings_of_its_group() -> None:
    result = convert(template(), PROVIDER)
    assert result.renamed == {"Live": "LiveWeighbridge"}
    resources = result.template["Resources"]
    assert "Live" not in resources
    assert resources["LiveWeighbridge"] == {
        "Type": "Custom::WeighbridgeAlias",
        "Condition": "IsProduction",
        "DependsOn": ["Errors"],
        "Properties": {
            "ServiceToken": {
                "Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:weighbridge-cloudformation"
            },
            "ServiceTimeout": 120,
            "FunctionName": {"Ref": "Checkout"},
            "Name": "live",
            "TargetVersion": {"Fn::GetAtt": ["Version7", "Version"]},
            "DeploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
            "AlarmConfiguration": {"Enabled": True, "Alarms": [{"Name": {"Ref": "Errors"}}]},
            "AutoRollbackConfiguration": {"Enabled": True, "Events": ["DEPLOYMENT_STOP_ON_ALARM"]},
            "Hooks": {"BeforeAllowTraffic": {"Ref": "Before"}},
        },
    }


def test_every_reference_follows_and_nothing_else_changes() -> None:
    before, after = template(), converted(template())
    resources = after["Resources"]
    assert resources["Permission"] == {
        "Type": "AWS::Lambda::Permission",
        "DependsOn": "LiveWeighbridge",
        "Properties": {
            "FunctionName": {"Ref": "LiveWeighbridge"},
            "SourceArn": {"Fn::Sub": "${LiveWeighbridge}/*/${!Live}/${Stage}"},
        },
    }
    assert resources["Mapping"]["Properties"] == {
        "FunctionName": {"Fn::GetAtt": "LiveWeighbridge.AliasArn"},
        "Tags": [{"Value": {"Fn::Sub": ["${LiveWeighbridge}${Of}", {"Of": {"Ref": "LiveWeighbridge"}}]}}],
    }
    assert after["Outputs"]["Arn"] == {"Value": {"Fn::GetAtt": ["LiveWeighbridge", "AliasArn"]}}
    for untouched in ("Checkout", "Before", "Errors", "App", "Group"):
        assert resources[untouched] == before["Resources"][untouched]
    assert {name: after[name] for name in ("Conditions", "Parameters")} == {
        name: before[name] for name in ("Conditions", "Parameters")
    }


def test_a_variable_of_a_substitution_hides_the_resource_of_its_name() -> None:
    before = template()
    before["Outputs"] = {"A": {"Value": {"Fn::Sub": ["${Live}", {"Live": "x"}]}}}
    assert converted(before)["Outputs"] == before["Outputs"]


def test_the_version_before_outlives_the_update() -> None:
    retained = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
    version = converted(template())["Resources"]["Version7"]
    assert {name: version[name] for name in retained} == retained
    before = template()
    before["Resources"]["Version7"]["DeletionPolicy"] = "Delete"
    assert converted(before)["Resources"]["Version7"]["DeletionPolicy"] == "Delete", "as the template says itself"


def test_hooks_report_to_weighbridge_where_it_hears_them() -> None:
    hook = converted(template(), HOOK_URL)["Resources"]["Before"]
    assert hook["Properties"]["Environment"] == {"Variables": {HOOK_VARIABLE: HOOK_URL}}
    before = template()
    own = {"Variables": {HOOK_VARIABLE: "https://own.example", "A": {"Ref": "Stage"}}}
    before["Resources"]["Before"]["Properties"]["Environment"] = own
    assert converted(before, HOOK_URL)["Resources"]["Before"]["Properties"]["Environment"] == own


@pytest.mark.parametrize(
    "untouched",
    [
        {"Resources": {}},
        {"Resources": {"Live": {"Type": "AWS::Lambda::Alias", "Properties": {"Name": "live"}}}},
        {"Resources": {"Live": {"Type": "AWS::Lambda::Alias", "UpdatePolicy": {"AutoScalingRollingUpdate": {}}}}},
        {"Resources": {"Live": {"Type": "AWS::Lambda::Alias", "UpdatePolicy": {"Ref": "AWS::NoValue"}}}},
        {"Resources": {"Fn::ForEach::Aliases": ["Name", ["a"], {}]}},
        {"Metadata": {"Weighbridge": {"Start": "DuringStack"}}, "Resources": {"A": {"Type": "AWS::SNS::Topic"}}},
    ],
)
def test_what_codedeploy_does_not_shift_is_left_alone(untouched: Template) -> None:
    result = convert(untouched, PROVIDER, HOOK_URL)
    assert (result.template, result.renamed) == (untouched, {})


@pytest.mark.parametrize("inner", [True, False])
def test_a_policy_behind_a_condition_shifts_where_it_holds(inner: bool) -> None:
    policy = template()["Resources"]["Live"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    decided: dict[str, Any] = {"Fn::If": ["IsProduction", policy, {"Ref": "AWS::NoValue"}]}
    if inner:
        decided = {"CodeDeployLambdaAliasUpdate": decided}
    else:
        decided["Fn::If"][1] = {"CodeDeployLambdaAliasUpdate": policy}
    properties = converted(template(UpdatePolicy=decided))["Resources"]["LiveWeighbridge"]["Properties"]
    assert properties["Enabled"] == {"Fn::If": ["IsProduction", True, False]}


def test_a_policy_behind_a_condition_that_must_not_hold() -> None:
    policy = template()["Resources"]["Live"]["UpdatePolicy"]
    decided = {"Fn::If": ["IsProduction", {"Ref": "AWS::NoValue"}, policy]}
    before = {**template(UpdatePolicy=decided), "Metadata": {"Weighbridge": {"Enabled": {"Fn::If": ["X", True, False]}}}}
    properties = converted(before)["Resources"]["LiveWeighbridge"]["Properties"]
    assert properties["Enabled"] == {"Fn::If": ["IsProduction", False, {"Fn::If": ["X", True, False]}]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Enabled", False),
        ("Enabled", {"Fn::If": ["IsProduction", True, False]}),
        ("OnRunning", "Replace"),
        ("ServiceRoleArn", {"Fn::GetAtt": ["Role", "Arn"]}),
        ("Redeploy", "2"),
        ("Start", "AfterStack"),
    ],
)
def test_an_option_of_the_template_is_passed_on(name: str, value: Any) -> None:
    properties = converted({**template(), "Metadata": {"Weighbridge": {name: value}}})["Resources"]["LiveWeighbridge"][
        "Properties"
    ]
    assert properties[name] == value


def test_the_first_step_of_moving_a_stack_only_says_that_the_alias_outlives_its_resource() -> None:
    before = opting(Prepare=True)
    resources = converted(before)["Resources"]
    assert resources.pop("WeighbridgePrepared") == {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    prepared = resources.pop("Live")
    assert prepared.pop("Metadata") == {"Weighbridge": "prepared"}
    assert (prepared.pop("DeletionPolicy"), prepared.pop("UpdateReplacePolicy")) == ("Retain", "Retain")
    alias = before["Resources"].pop("Live")
    assert (prepared, resources) == (alias, before["Resources"])


LONG = "CodeDeployDefault.LambdaLinear10PercentEvery10Minutes"


@pytest.mark.parametrize(
    ("config", "waits"),
    [
        ("CodeDeployDefault.LambdaCanary10Percent30Minutes", False),
        (LONG, True),
        ({"Ref": "Config"}, True),
        ({"Fn::Sub": ["CodeDeployDefault.Lambda${ConfigName}", {"ConfigName": "AllAtOnce"}]}, False),
        ({"Fn::Sub": ["CodeDeployDefault.Lambda${ConfigName}", {"ConfigName": "Linear10PercentEvery10Minutes"}]}, True),
    ],
)
def test_during_the_stack_a_condition_waits_for_what_a_resource_cannot(config: Any, waits: bool) -> None:
    before = opting(Start="DuringStack")
    before["Resources"]["Group"]["Properties"]["DeploymentConfigName"] = config
    resources = converted(before)["Resources"]
    properties = resources["LiveWeighbridge"]["Properties"]
    handle = "LiveWeighbridgeVersion7Handle"
    assert (properties.get("WaitHandle"), properties["ServiceTimeout"]) == (
        ({"Ref": handle}, 120) if waits else (None, 3600)
    )
    assert resources.get(handle) == (
        {"Type": "AWS::CloudFormation::WaitConditionHandle", "Condition": "IsProduction"} if waits else None
    )
    assert resources.get("LiveWeighbridgeVersion7Ended") == (
        {
            "Type": "AWS::CloudFormation::WaitCondition",
            "Condition": "IsProduction",
            "DependsOn": "LiveWeighbridge",
            "Properties": {"Handle": {"Ref": handle}, "Timeout": "42300", "Count": 1},
        }
        if waits
        else None
    )


def _of_group(name: str, value: Any) -> Template:
    changed = template()
    changed["Resources"]["Group"][name] = value
    return changed


def _of_alias(**properties: Any) -> Template:
    changed = template()
    changed["Resources"]["Live"]["Properties"] |= properties
    return changed


def _by(group: Any) -> Template:
    return template(UpdatePolicy={"CodeDeployLambdaAliasUpdate": {"ApplicationName": "a", "DeploymentGroupName": group}})


def _deep() -> Template:
    node: Any = {}
    for _ in range(100_000):
        node = [node]
    return {**template(), "Outputs": {"A": {"Value": node}}}


@pytest.mark.parametrize(
    ("refused", "says"),
    [
        ({}, "no template with Resources"),
        ([], "not in an Fn::Transform"),
        ("Live", "not in an Fn::Transform"),
        (_by("a-group"), r"The deployment group of Live, 'a-group', is not a resource of this template"),
        (_by({"Fn::ImportValue": "x"}), "The deployment group of Live"),
        (_by({"Ref": "Errors"}), "The deployment group of Live"),
        (_by({"Ref": "Nothing"}), "The deployment group of Live"),
        (template(UpdatePolicy={"CodeDeployLambdaAliasUpdate": "x"}), "The deployment group of Live"),
        (_of_alias(RoutingConfig={}), "Live has RoutingConfig"),
        (_of_alias(ProvisionedConcurrencyConfig={}), "Live has ProvisionedConcurrencyConfig"),
        (template(Properties={"Name": "live"}), "Live has no FunctionName"),
        (template(Properties={"Fn::If": ["A", {}, {}]}), "The Properties of Live must be written out"),
        (_of_group("Properties", {"Fn::Transform": {}}), "The Properties of Group must be written out"),
        ({**template(), "Metadata": {"Weighbridge": "x"}}, "must be a mapping of options"),
        (opting(Strat="x"), "no option 'Strat': did you mean Start"),
        ({**template(), "Metadata": {"Weighbridge": {"X" * 500: 1}}}, f"no option '{'X' * 100}': there are"),
        (opting(Start={"Ref": "A"}), "Start must be AfterStack or DuringStack"),
        (opting(Prepare={"Ref": "A"}), "Prepare must be true or false"),
        (template(UpdatePolicy={"Fn::If": ["A", {"B": 1}, {"C": 1}]}), "an Fn::If with two policies"),
    ],
)
def test_what_is_not_understood_is_refused_with_what_to_change(refused: Template, says: str) -> None:
    with pytest.raises(InvalidDocument, match=says):
        convert(refused, PROVIDER, HOOK_URL)


def test_a_template_that_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(InvalidDocument, match="nested too deeply"):
        convert(_deep(), PROVIDER)


def test_a_logical_id_that_is_taken_is_refused() -> None:
    taken = template()
    taken["Resources"]["LiveWeighbridge"] = {"Type": "AWS::SNS::Topic"}
    with pytest.raises(InvalidDocument, match="Live would become LiveWeighbridge, which the template has already"):
        convert(taken, PROVIDER)


def test_a_hook_whose_environment_is_an_expression_is_refused_where_it_has_to_report() -> None:
    expression = template()
    expression["Resources"]["Before"]["Properties"]["Environment"] = {"Fn::If": ["A", {}, {}]}
    assert converted(expression)["Resources"]["Before"] == expression["Resources"]["Before"]
    with pytest.raises(InvalidDocument, match=f"The environment of the hook Before .* {HOOK_VARIABLE}"):
        convert(expression, PROVIDER, HOOK_URL)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Ref", "Fn::If", "Fn::Sub", "Fn::GetAtt", "DependsOn", "Live", "A"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(whole=JSON, attribute=st.sampled_from(["UpdatePolicy", "Properties", "Metadata", "Type"]))
def test_whatever_is_sent_is_converted_or_refused(whole: Any, attribute: str) -> None:
    sent = template(**{attribute: whole})
    before = copy.deepcopy(sent)
    with suppress(InvalidDocument):
        result = convert(sent, PROVIDER, HOOK_URL).template
        assert json.loads(json.dumps(result)) == result
    assert sent == before, "what was sent is not changed"


@given(elsewhere=JSON)
def test_no_reference_is_left_dangling_and_converting_again_changes_nothing(elsewhere: Any) -> None:
    sent = template()
    sent["Resources"]["Topic"] = {"Type": "AWS::SNS::Topic", "Properties": {"Anything": elsewhere}}
    result = convert(sent, PROVIDER, HOOK_URL)
    assert "Live" not in list(references(result.template))
    assert convert(result.template, PROVIDER, HOOK_URL).template == result.template
