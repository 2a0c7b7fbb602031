"""Deployment groups: create, get, list, update, rename, delete."""

import json
from typing import Any

import pytest

from tests.api.caller import Caller
from tests.api.test_applications import NOW, active_deployment, begin_deployment, put_groups, refusal
from tests.core.samples import members
from weighbridge.aws import dynamodb
from weighbridge.aws.dynamodb import Expression
from weighbridge.core import planning
from weighbridge.core.configs import DeploymentConfig
from weighbridge.core.documents import load
from weighbridge.core.groups import DeploymentGroup, parse
from weighbridge.core.rollback_rule import ROLLBACK_EVENTS
from weighbridge.store import keys, settings

ROLE = "arn:aws:iam::123456789012:role/Deployer"
STYLE = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
CANARY = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
NAMES = {"applicationName": "shop", "deploymentGroupName": "prod"}
NEW: dict[str, Any] = NAMES | {"deploymentGroupName": "new", "serviceRoleArn": ROLE, "deploymentStyle": STYLE}
STYLE_SENTENCE = (
    "For LAMBDA deployment, the deployment type must be BLUE_GREEN, and deployment option must be WITH_TRAFFIC_CONTROL."
)
NO_EVENTS = "Deployment Groups need to have at least one event specified when auto rollback is enabled"
NO_ALARMS = "Deployment Groups need to have at least one alarms attached if they are monitored."


def trigger(number: int, topic: int | None = None, *events: str) -> dict[str, Any]:
    return {
        "triggerName": f"trigger-{number}",
        "triggerTargetArn": f"arn:aws:sns:eu-west-1:123456789012:topic-{number if topic is None else topic}",
        "triggerEvents": list(events) or ["DeploymentStart"],
    }


def alarms(*names: str) -> dict[str, Any]:
    return {"enabled": True, "alarms": [{"name": name} for name in names]}


def not_for_lambda(member: str) -> str:
    return f"For Lambda deployment group, {member} can not be specified"


# What both a new group and a change of one are refused for: members, exception, message.
BAD_SETTINGS: list[tuple[dict[str, Any], str, str]] = [
    ({"deploymentStyle": {"deploymentType": "IN_PLACE"}}, "InvalidDeploymentStyleException", STYLE_SENTENCE),
    ({"deploymentStyle": {"deploymentType": "BLUE_GREEN"}}, "InvalidDeploymentStyleException", STYLE_SENTENCE),
    ({"deploymentStyle": {"deploymentType": "GREEN"}}, "InvalidDeploymentStyleException", "'GREEN' is not valid"),
    ({"serviceRoleArn": "Deployer"}, "InvalidRoleException", "serviceRoleArn"),
    ({"serviceRoleArn": "arn:aws:iam::123456789012:user/Deployer"}, "InvalidRoleException", "serviceRoleArn"),
    ({"serviceRoleArn": "arn:aws:iam::111122223333:role/Deployer"}, "InvalidRoleException", "is of account 111122223333, and this"),
    ({"deploymentConfigName": "a b"}, "InvalidDeploymentConfigNameException", "deploymentConfigName"),
    ({"deploymentConfigName": "no"}, "DeploymentConfigDoesNotExistException", "No Deployment Configuration found for name: no"),
    (
        {"deploymentConfigName": "Canary10Percent5Minutes"},
        "DeploymentConfigDoesNotExistException",
        f"No Deployment Configuration found for name: Canary10Percent5Minutes; did you mean '{CANARY}'?",
    ),
    *(
        (
            {"deploymentConfigName": f"CodeDeployDefault.{name}"},
            "InvalidDeploymentConfigNameException",
            f"CodeDeployDefault.{name} does not match expected compute platform, correct compute platform should be Lambda; ",
        )
        for name in ("OneAtATime", "HalfAtATime", "AllAtOnce", "ECSAllAtOnce", "ECSCanary10Percent5Minutes")
    ),
    ({"alarmConfiguration": {"enabled": True}}, "InvalidAlarmConfigException", "Alarm list cannot be null."),
    ({"alarmConfiguration": alarms()}, "InvalidAlarmConfigException", NO_ALARMS),
    ({"alarmConfiguration": alarms("arn:aws:cloudwatch:eu-west-3:123456789012:alarm:red")}, "InvalidAlarmConfigException", "give its name alone, 'red'"),
    ({"alarmConfiguration": alarms("a", "a")}, "InvalidAlarmConfigException", "named twice"),
    ({"alarmConfiguration": alarms("")}, "InvalidAlarmConfigException", "alarms[0].name"),
    ({"alarmConfiguration": alarms("a" * 256)}, "InvalidAlarmConfigException", "alarms[0].name"),
    ({"alarmConfiguration": {"enabled": True, "alarms": [{}]}}, "InvalidAlarmConfigException", "name: is missing"),
    ({"alarmConfiguration": alarms(*map(str, range(51)))}, "AlarmsLimitExceededException", "at most 50 alarms"),
    ({"autoRollbackConfiguration": {"enabled": True}}, "InvalidAutoRollbackConfigException", NO_EVENTS),
    ({"autoRollbackConfiguration": {"enabled": True, "events": []}}, "InvalidAutoRollbackConfigException", NO_EVENTS),
    ({"autoRollbackConfiguration": {"events": ["ANY"]}}, "InvalidAutoRollbackConfigException", "'ANY' is not valid"),
    ({"triggerConfigurations": [trigger(1), trigger(1, 2)]}, "InvalidTriggerConfigException", "Duplicate Trigger target name detected"),
    ({"triggerConfigurations": [trigger(1), trigger(2, 1)]}, "InvalidTriggerConfigException", "Duplicate Trigger target arn detected"),
    ({"triggerConfigurations": [trigger(1) | {"triggerTargetArn": "topic"}]}, "InvalidTriggerConfigException", "triggerTargetArn"),
    ({"triggerConfigurations": [trigger(1) | {"triggerEvents": []}]}, "InvalidTriggerConfigException", "triggerEvents"),
    ({"triggerConfigurations": [trigger(1, 1, "InstanceStart")]}, "InvalidTriggerConfigException", "triggerEvents"),
    ({"triggerConfigurations": [trigger(1, 1, "Any")]}, "InvalidTriggerConfigException", "'Any' is not valid"),
    (
        {"triggerConfigurations": [trigger(number) for number in range(11)]},
        "TriggerTargetsLimitExceededException",
        "Deployment Groups cannot contain more than 10 TriggerTargets.",
    ),
    ({"ec2TagFilters": [{"Key": "a"}]}, "InvalidEC2TagException", not_for_lambda("ec2TagFilters")),
    ({"ec2TagSet": {"ec2TagSetList": []}}, "InvalidEC2TagCombinationException", not_for_lambda("ec2TagSet")),
    ({"onPremisesInstanceTagFilters": [{"Key": "a"}]}, "InvalidTagException", not_for_lambda("onPremisesInstanceTagFilters")),
    ({"onPremisesTagSet": {"onPremisesTagSetList": []}}, "InvalidOnPremisesTagCombinationException", not_for_lambda("onPremisesTagSet")),
    ({"autoScalingGroups": ["a"]}, "InvalidAutoScalingGroupException", not_for_lambda("autoScalingGroups")),
    ({"ecsServices": [{"serviceName": "a"}]}, "InvalidECSServiceException", not_for_lambda("ecsServices")),
    ({"loadBalancerInfo": {"elbInfoList": []}}, "InvalidLoadBalancerInfoException", not_for_lambda("loadBalancerInfo")),
    (
        {"blueGreenDeploymentConfiguration": {"deploymentReadyOption": {}}},
        "InvalidBlueGreenDeploymentConfigurationException",
        not_for_lambda("blueGreenDeploymentConfiguration"),
    ),
    ({"terminationHookEnabled": True}, "InvalidInputException", not_for_lambda("terminationHookEnabled")),
    ({"outdatedInstancesStrategy": "IGNORE"}, "InvalidInputException", not_for_lambda("outdatedInstancesStrategy")),
]  # fmt: skip
BAD_NAMES: list[tuple[dict[str, Any], str]] = [
    ({"applicationName": None}, "ApplicationNameRequiredException"),
    ({"applicationName": "a b"}, "InvalidApplicationNameException"),
    ({"applicationName": "no"}, "ApplicationDoesNotExistException"),
    ({"deploymentGroupName": None}, "DeploymentGroupNameRequiredException"),
    ({"deploymentGroupName": ""}, "DeploymentGroupNameRequiredException"),
    ({"deploymentGroupName": "a/b"}, "InvalidDeploymentGroupNameException"),
    ({"deploymentGroupName": "a" * 101}, "InvalidDeploymentGroupNameException"),
]


@pytest.fixture(autouse=True)
def _shop(place: object) -> None:  # noqa: ARG001
    put_groups("shop", "prod", "other")


def info_of(api: Caller, **names: str) -> dict[str, Any]:
    info: dict[str, Any] = api.call("GetDeploymentGroup", **(NAMES | names))["deploymentGroupInfo"]
    return info


@pytest.mark.parametrize(("members", "expected", "message"), BAD_SETTINGS, ids=lambda value: ascii(value)[:60])
def test_bad_settings(api: Caller, members: dict[str, Any], expected: str, message: str) -> None:
    current = {"applicationName": "shop", "currentDeploymentGroupName": "prod"}
    for operation, arguments in (("CreateDeploymentGroup", NEW), ("UpdateDeploymentGroup", current)):
        refused = refusal(api, operation, **(arguments | members))
        assert refused.name == expected
        assert message in refused.message
    assert settings.group("shop", "new") is None


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        *BAD_NAMES,
        ({"serviceRoleArn": None}, "RoleRequiredException"),
        ({"serviceRoleArn": ""}, "RoleRequiredException"),
        ({"deploymentStyle": None}, "InvalidDeploymentStyleException"),
        ({"deploymentGroupName": "prod"}, "DeploymentGroupAlreadyExistsException"),
        ({"tags": [{"Key": ""}]}, "InvalidTagsToAddException"),
        ({"tags": [{"Key": "k" * 129}]}, "InvalidTagsToAddException"),
        ({"tags": [{"Key": "k", "Value": "v" * 257}]}, "InvalidTagsToAddException"),
        ({"tags": [{"Key": f"k{n}"} for n in range(51)]}, "InvalidTagsToAddException"),
        ({"tags": [{"Key": "aws:k"}]}, "InvalidTagsToAddException"),
    ],
    ids=lambda value: ascii(value)[:60],
)
def test_bad_new_groups(api: Caller, members: dict[str, Any], expected: str) -> None:
    assert refusal(api, "CreateDeploymentGroup", **(NEW | members)).name == expected


@pytest.mark.parametrize(
    ("members", "expected"), [*BAD_NAMES, ({"deploymentGroupName": "no"}, "DeploymentGroupDoesNotExistException")]
)
def test_bad_names(api: Caller, members: dict[str, Any], expected: str) -> None:
    names = NAMES | members
    assert refusal(api, "GetDeploymentGroup", **names).name == expected
    current = {"applicationName": names["applicationName"], "currentDeploymentGroupName": names["deploymentGroupName"]}
    assert refusal(api, "UpdateDeploymentGroup", **current).name == expected
    if "DoesNotExist" in expected:
        assert api.call("DeleteDeploymentGroup", **names) == {"hooksNotCleanedUp": []}
    else:
        assert refusal(api, "DeleteDeploymentGroup", **names).name == expected


@pytest.mark.parametrize(
    ("operation", "arguments", "expected"),
    [
        ("ListDeploymentGroups", {}, "ApplicationNameRequiredException"),
        ("ListDeploymentGroups", {"applicationName": "no"}, "ApplicationDoesNotExistException"),
        ("ListDeploymentGroups", {"applicationName": "shop", "nextToken": "no"}, "InvalidNextTokenException"),
        # the token of another list
        ("ListDeploymentGroups", {"applicationName": "shop", "nextToken": "WyJBUFBMSUNBVElPTlMiLCAic2hvcCJd"}, "InvalidNextTokenException"),
        ("BatchGetDeploymentGroups", {"deploymentGroupNames": ["prod"]}, "ApplicationNameRequiredException"),
        ("BatchGetDeploymentGroups", {"applicationName": "shop"}, "DeploymentGroupNameRequiredException"),
        ("BatchGetDeploymentGroups", {"applicationName": "shop", "deploymentGroupNames": ["a b"]}, "InvalidDeploymentGroupNameException"),
        ("BatchGetDeploymentGroups", {"applicationName": "no", "deploymentGroupNames": ["prod"]}, "ApplicationDoesNotExistException"),
        ("BatchGetDeploymentGroups", {"applicationName": "shop", "deploymentGroupNames": [f"g{n}" for n in range(101)]}, "BatchLimitExceededException"),
        ("UpdateDeploymentGroup", {"applicationName": "shop", "currentDeploymentGroupName": "prod", "newDeploymentGroupName": "other"}, "DeploymentGroupAlreadyExistsException"),
        ("UpdateDeploymentGroup", {"applicationName": "shop", "currentDeploymentGroupName": "prod", "newDeploymentGroupName": "a b"}, "InvalidDeploymentGroupNameException"),
    ],
    ids=lambda value: ascii(value)[:90],
)  # fmt: skip
def test_bad_input(api: Caller, operation: str, arguments: dict[str, Any], expected: str) -> None:
    assert refusal(api, operation, **arguments).name == expected


def test_the_group_that_is_missing_is_named(api: Caller) -> None:
    refused = refusal(api, "GetDeploymentGroup", applicationName="shop", deploymentGroupName="no")
    assert refused.message == "No Deployment Group found for name: no"


def test_a_group_comes_back_as_it_went(api: Caller) -> None:
    sent = NEW | {
        "deploymentConfigName": CANARY,
        "alarmConfiguration": alarms("errors", "latency") | {"ignorePollAlarmFailure": True},
        "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
        "triggerConfigurations": [trigger(number) for number in range(10)],
        # What clients send where they have nothing to say.
        "ec2TagFilters": [],
        "autoScalingGroups": [],
        "terminationHookEnabled": False,
        "outdatedInstancesStrategy": "UPDATE",
    }
    made = api.call("CreateDeploymentGroup", **sent, tags=[{"Key": "team", "Value": "a"}])
    answered = info_of(api, deploymentGroupName="new")
    nothing: dict[str, Any] = {"onPremisesInstanceTagFilters": [], "ecsServices": []}
    assert answered == {**sent, **nothing, "deploymentGroupId": made["deploymentGroupId"], "computePlatform": "Lambda"}
    group = settings.group("shop", "new")
    assert group is not None
    assert [tag.key for tag in group[1].tags] == ["team"]


def test_what_is_told_of_a_group_is_a_file_for_it(api: Caller) -> None:
    on = {"alarmConfiguration": alarms("a"), "triggerConfigurations": [trigger(1)]}
    api.call("CreateDeploymentGroup", **NEW, **on, autoRollbackConfiguration={"events": ["DEPLOYMENT_FAILURE"]})
    for name in ("prod", "new"):
        document = {"deploymentGroupInfo": info_of(api, deploymentGroupName=name)}
        settings.put_group("shop", "copy", parse("shop", name, load(json.dumps(document))), NOW)
        info = info_of(api, deploymentGroupName="copy")
        names = {"deploymentGroupName": name, "deploymentGroupId": document["deploymentGroupInfo"]["deploymentGroupId"]}
        assert {"deploymentGroupInfo": info | names} == document


def test_what_was_left_unsaid_is_said(api: Caller) -> None:
    info = info_of(api)
    assert info["deploymentConfigName"] == "CodeDeployDefault.LambdaAllAtOnce"
    assert info["alarmConfiguration"] == {"enabled": False, "ignorePollAlarmFailure": False, "alarms": []}
    assert info["triggerConfigurations"] == []
    assert info["deploymentStyle"] == STYLE
    absent = {"autoRollbackConfiguration", "serviceRoleArn", "targetRevision", "lastAttemptedDeployment"}
    assert not absent & set(info)
    assert "lastSuccessfulDeployment" not in info


def test_what_a_file_leaves_unsaid_is_on_and_kept_outright(api: Caller) -> None:
    document = {"autoRollbackConfiguration": {}, "alarmConfiguration": {"alarms": [{"name": "a"}]}}
    settings.put_group("shop", "prod", DeploymentGroup.read(document), NOW)
    item = settings.group_item("shop", "prod")
    assert item
    assert [item["settings"][member]["enabled"] for member in document] == [True, True]
    assert info_of(api)["autoRollbackConfiguration"] == {"enabled": True, "events": list(ROLLBACK_EVENTS)}
    assert info_of(api)["alarmConfiguration"] == alarms("a") | {"ignorePollAlarmFailure": False}


OFF: list[tuple[dict[str, Any], dict[str, Any]]] = [
    # What clients with plain booleans, such as those of Go, leave of `false`: nothing.
    (
        {"autoRollbackConfiguration": {"events": ["DEPLOYMENT_FAILURE"]}},
        {"autoRollbackConfiguration": {"enabled": False, "events": ["DEPLOYMENT_FAILURE"]}},
    ),
    ({"autoRollbackConfiguration": {}}, {"autoRollbackConfiguration": {"enabled": False, "events": []}}),
    (
        {"alarmConfiguration": {"alarms": [{"name": "x"}]}},
        {"alarmConfiguration": {"enabled": False, "ignorePollAlarmFailure": False, "alarms": [{"name": "x"}]}},
    ),
    (
        {"alarmConfiguration": {"enabled": None, "alarms": [{"name": "x"}]}},
        {"alarmConfiguration": {"enabled": False, "ignorePollAlarmFailure": False, "alarms": [{"name": "x"}]}},
    ),
    (
        {"alarmConfiguration": {"alarms": []}},
        {"alarmConfiguration": {"enabled": False, "ignorePollAlarmFailure": False, "alarms": []}},
    ),
    (
        {"alarmConfiguration": {}},
        {"alarmConfiguration": {"enabled": False, "ignorePollAlarmFailure": False, "alarms": []}},
    ),
]


@pytest.mark.parametrize(("sent", "shown"), OFF, ids=lambda value: ascii(value)[:60])
def test_what_a_call_leaves_of_enabled_is_off(api: Caller, sent: dict[str, Any], shown: dict[str, Any]) -> None:
    on = {
        "alarmConfiguration": alarms("a"),
        "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
    }
    api.call("CreateDeploymentGroup", **NEW, **on)
    api.call("UpdateDeploymentGroup", applicationName="shop", currentDeploymentGroupName="new", **sent)
    api.call("CreateDeploymentGroup", **(NEW | {"deploymentGroupName": "another"}), **sent)
    for name in ("new", "another"):
        info = info_of(api, deploymentGroupName=name)
        assert info == info | shown
        # Stored settings say it outright: what reads them takes what is absent for on.
        item = settings.group_item("shop", name)
        assert item
        assert [item["settings"][member]["enabled"] for member in sent] == [False]
    group = settings.group("shop", "new")
    assert group
    watched = planning.watched_alarms(members(), group[1])["names"]
    rolls_back = planning.roll_back_on(members(), group[1])
    assert (watched, rolls_back["failure"]) == (([], True) if "alarmConfiguration" in sent else (["a"], False))


def test_a_group_tells_its_last_deployments(api: Caller) -> None:
    last = {"deploymentId": "d-AAAAAAAAA", "status": "Succeeded", "createTime": NOW, "endTime": NOW}
    expression = Expression()
    for attribute in ("lastAttemptedDeployment", "lastSuccessfulDeployment"):
        expression.set(attribute, last)
    expression.set("targetRevision", {"revisionType": "S3", "s3Location": {"bucket": "drops", "key": "a.yaml"}})
    dynamodb.update(expression.update(keys.group("shop", "prod")))
    info = info_of(api)
    assert info["targetRevision"]["s3Location"]["key"] == "a.yaml"
    for attribute in ("lastAttemptedDeployment", "lastSuccessfulDeployment"):
        assert info[attribute]["deploymentId"] == "d-AAAAAAAAA"
        assert info[attribute]["endTime"].isoformat().startswith("2026-11-23T06:00:00")


def test_an_update_keeps_what_it_leaves_out_and_replaces_what_it_gives(api: Caller) -> None:
    api.call(
        "CreateDeploymentGroup",
        **NEW,
        deploymentConfigName=CANARY,
        alarmConfiguration=alarms("a", "b"),
        triggerConfigurations=[trigger(1)],
        tags=[{"Key": "team", "Value": "a"}],
    )
    current = {"applicationName": "shop", "currentDeploymentGroupName": "new"}
    answer = api.call("UpdateDeploymentGroup", **current, alarmConfiguration={"enabled": False, "alarms": []})
    assert answer == {"hooksNotCleanedUp": []}
    info = info_of(api, deploymentGroupName="new")
    assert info["alarmConfiguration"] == {"enabled": False, "ignorePollAlarmFailure": False, "alarms": []}
    assert (info["deploymentConfigName"], info["serviceRoleArn"]) == (CANARY, ROLE)
    assert info["triggerConfigurations"] == [trigger(1)]
    api.call("UpdateDeploymentGroup", **current, triggerConfigurations=[])
    assert info_of(api, deploymentGroupName="new")["triggerConfigurations"] == []
    group = settings.group("shop", "new")
    assert group is not None
    assert [tag.key for tag in group[1].tags] == ["team"]


def test_the_aliases_that_a_group_is_for_outlast_what_clients_do(api: Caller) -> None:
    # The protocol has no member for them: they are dropped, and neither shown nor changed by clients.
    group = DeploymentGroup.read({"aliases": ["checkout:live"], "serviceRoleArn": ROLE})
    settings.put_group("shop", "prod", group, NOW)
    named = {"applicationName": "shop", "currentDeploymentGroupName": "prod"}
    api.call("UpdateDeploymentGroup", **named, serviceRoleArn=ROLE, newDeploymentGroupName="live")
    info = api.call("GetDeploymentGroup", applicationName="shop", deploymentGroupName="live")["deploymentGroupInfo"]
    assert "aliases" not in info
    stored = settings.group("shop", "live")
    assert stored
    assert stored[1].aliases == ["checkout:live"]


def test_an_update_keeps_a_configuration_that_is_gone_by_now(api: Caller) -> None:
    settings.put_group("shop", "prod", DeploymentGroup.read({"deploymentConfigName": "gone"}), NOW)
    api.call("UpdateDeploymentGroup", applicationName="shop", currentDeploymentGroupName="prod", serviceRoleArn=ROLE)
    assert info_of(api)["deploymentConfigName"] == "gone"


def test_a_renamed_group_is_the_same_group(api: Caller) -> None:
    before = info_of(api)
    settings.create_config(DeploymentConfig("mine", "AllAtOnce"), NOW)
    current = {"applicationName": "shop", "currentDeploymentGroupName": "prod"}
    api.call("UpdateDeploymentGroup", **current, newDeploymentGroupName="live", deploymentConfigName="mine")
    expected = before | {"deploymentGroupName": "live", "deploymentConfigName": "mine"}
    assert info_of(api, deploymentGroupName="live") == expected
    assert api.call("ListDeploymentGroups", applicationName="shop")["deploymentGroups"] == ["live", "other"]
    assert settings.group("shop", "prod") is None
    again = {"applicationName": "shop", "currentDeploymentGroupName": "live", "newDeploymentGroupName": "live"}
    api.call("UpdateDeploymentGroup", **again)
    assert info_of(api, deploymentGroupName="live") == expected


def test_a_group_that_deploys_keeps_its_name(api: Caller) -> None:
    begin_deployment("shop", "prod")
    current = {"applicationName": "shop", "currentDeploymentGroupName": "prod"}
    refused = refusal(api, "UpdateDeploymentGroup", **current, newDeploymentGroupName="live")
    assert refused.name == "InvalidInputException"
    assert "try again afterwards" in refused.message
    api.call("UpdateDeploymentGroup", **current, deploymentConfigName=CANARY)
    assert info_of(api)["deploymentConfigName"] == CANARY
    assert active_deployment("shop", "prod") == "d-AAAAAAAAA"


def test_a_name_is_not_free_while_a_deployment_of_a_deleted_group_holds_it(api: Caller) -> None:
    begin_deployment("shop", "prod")
    api.call("DeleteDeploymentGroup", **NAMES)
    current = {"applicationName": "shop", "currentDeploymentGroupName": "other"}
    refused = refusal(api, "UpdateDeploymentGroup", **current, newDeploymentGroupName="prod")
    assert refused.name == "DeploymentGroupAlreadyExistsException"
    assert active_deployment("shop", "prod") == "d-AAAAAAAAA"


def test_a_deleted_group_leaves_its_lock_to_the_deployment_that_runs(api: Caller) -> None:
    begin_deployment("shop", "prod")
    before = info_of(api)
    assert api.call("DeleteDeploymentGroup", **NAMES) == {"hooksNotCleanedUp": []}
    assert refusal(api, "GetDeploymentGroup", **NAMES).name == "DeploymentGroupDoesNotExistException"
    assert api.call("ListDeploymentGroups", applicationName="shop")["deploymentGroups"] == ["other"]
    assert dynamodb.get(keys.group("shop", "prod")) == {"activeDeployment": "d-AAAAAAAAA"}
    api.call("CreateDeploymentGroup", **(NEW | NAMES))
    assert info_of(api)["deploymentGroupId"] != before["deploymentGroupId"]
    assert active_deployment("shop", "prod") == "d-AAAAAAAAA"


def test_settings_that_others_change_meanwhile_are_not_overwritten(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    outdated = settings.group_item("shop", "prod")
    settings.put_group("shop", "prod", DeploymentGroup.read({"deploymentConfigName": CANARY}), NOW)
    monkeypatch.setattr(settings, "group_item", lambda *_: outdated)
    current = {"applicationName": "shop", "currentDeploymentGroupName": "prod", "serviceRoleArn": ROLE}
    assert refusal(api, "UpdateDeploymentGroup", **current).name == "ThrottlingException"
    assert refusal(api, "UpdateDeploymentGroup", **current, newDeploymentGroupName="live").name == "InvalidInputException"
    monkeypatch.undo()


def test_a_batch_never_answers_more_than_fits(api: Caller) -> None:
    names = [f"g{number}" for number in range(20)]
    put_groups("shop", *names)
    for name in names:
        expression = Expression()
        # Each of these is four bytes long once it is in a text in a text.
        expression.set("targetRevision", {"revisionType": "S3", "s3Location": {"bucket": "drops", "key": '"' * 75_000}})
        dynamodb.update(expression.update(keys.group("shop", name)))
    answer = api.call("BatchGetDeploymentGroups", applicationName="shop", deploymentGroupNames=names)
    number = len(answer["deploymentGroupsInfo"])
    assert 10 < number < 20
    assert answer["errorMessage"] == f"{20 - number} of the groups did not fit into one answer; ask for fewer at once."


def test_a_batch_names_the_groups_that_are_missing(api: Caller) -> None:
    answer = api.call(
        "BatchGetDeploymentGroups", applicationName="shop", deploymentGroupNames=["prod", "no", "other", "prod"]
    )
    assert [info["deploymentGroupName"] for info in answer["deploymentGroupsInfo"]] == ["prod", "other"]
    assert answer["errorMessage"] == "No Deployment Group found for name: no"
    full = api.call("BatchGetDeploymentGroups", applicationName="shop", deploymentGroupNames=["prod"])
    assert "errorMessage" not in full


def test_groups_are_listed_page_by_page(api: Caller) -> None:
    names = [f"g{n:03}" for n in range(101)]
    put_groups("many", *names)
    assert api.names("ListDeploymentGroups", "deploymentGroups", applicationName="many") == names
    assert api.call("ListDeploymentGroups", applicationName="many")["applicationName"] == "many"
