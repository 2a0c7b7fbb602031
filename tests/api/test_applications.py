"""Applications: create, get, list, rename, delete."""

from datetime import datetime
from typing import Any

import pytest

from tests.api.caller import Caller, Refused
from weighbridge.aws import dynamodb
from weighbridge.aws.dynamodb import Expression
from weighbridge.core.groups import DeploymentGroup
from weighbridge.store import keys, settings

NOW = "2026-11-23T06:00:00.000Z"


def refusal(api: Caller, operation: str, **arguments: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        api.call(operation, **arguments)
    return refused.value


def put_groups(application: str, *names: str) -> None:
    for name in names:
        settings.put_group(application, name, DeploymentGroup(), NOW)


def begin_deployment(application: str, group: str) -> None:
    expression = Expression()
    expression.set("activeDeployment", "d-AAAAAAAAA")
    dynamodb.update(expression.update(keys.group(application, group)))


def active_deployment(application: str, group: str) -> str | None:
    return (dynamodb.get(keys.group(application, group)) or {}).get("activeDeployment")


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("CreateApplication", {}, "ApplicationNameRequiredException"),
    ("CreateApplication", {"applicationName": "a b"}, "InvalidApplicationNameException"),
    ("CreateApplication", {"applicationName": "a/b"}, "InvalidApplicationNameException"),
    ("CreateApplication", {"applicationName": "größer"}, "InvalidApplicationNameException"),
    ("CreateApplication", {"applicationName": "shop\n"}, "InvalidApplicationNameException"),
    ("CreateApplication", {"applicationName": "a" * 101}, "InvalidApplicationNameException"),
    ("CreateApplication", {"applicationName": "shop"}, "ApplicationAlreadyExistsException"),
    ("CreateApplication", {"applicationName": "a", "computePlatform": "Server"}, "InvalidComputePlatformException"),
    ("CreateApplication", {"applicationName": "a", "computePlatform": "ECS"}, "InvalidComputePlatformException"),
    ("CreateApplication", {"applicationName": "a", "computePlatform": "lambda"}, "InvalidComputePlatformException"),
    ("CreateApplication", {"applicationName": "a", "tags": [{"Value": "a"}]}, "InvalidTagsToAddException"),
    ("CreateApplication", {"applicationName": "a", "tags": [{"Key": "k"}] * 2}, "InvalidTagsToAddException"),
    ("GetApplication", {}, "ApplicationNameRequiredException"),
    ("GetApplication", {"applicationName": "a b"}, "InvalidApplicationNameException"),
    ("GetApplication", {"applicationName": "no"}, "ApplicationDoesNotExistException"),
    ("BatchGetApplications", {}, "ApplicationNameRequiredException"),
    ("BatchGetApplications", {"applicationNames": []}, "ApplicationNameRequiredException"),
    ("BatchGetApplications", {"applicationNames": [""]}, "InvalidApplicationNameException"),
    ("BatchGetApplications", {"applicationNames": ["a b"]}, "InvalidApplicationNameException"),
    ("BatchGetApplications", {"applicationNames": ["shop", "no"]}, "ApplicationDoesNotExistException"),
    ("BatchGetApplications", {"applicationNames": [f"a{n}" for n in range(101)]}, "BatchLimitExceededException"),
    ("ListApplications", {"nextToken": ""}, "InvalidNextTokenException"),
    ("ListApplications", {"nextToken": "shop"}, "InvalidNextTokenException"),
    ("ListApplications", {"nextToken": "ä"}, "InvalidNextTokenException"),
    ("ListApplications", {"nextToken": "W10="}, "InvalidNextTokenException"),
    ("ListApplications", {"nextToken": "MQ=="}, "InvalidNextTokenException"),
    ("ListApplications", {"nextToken": "WyJBUFBMSUNBVElPTlMiLCAxXQ=="}, "InvalidNextTokenException"),
    ("ListApplications", {"nextToken": "WyJDT05GSUdTIiwgImEiXQ=="}, "InvalidNextTokenException"),
    ("ListApplications", {"nextToken": "WyJBUFBMSUNBVElPTlMiLCAiYSBiIl0="}, "InvalidNextTokenException"),
    ("UpdateApplication", {}, "ApplicationNameRequiredException"),
    ("UpdateApplication", {"applicationName": "no"}, "ApplicationDoesNotExistException"),
    ("UpdateApplication", {"applicationName": "no", "newApplicationName": "a"}, "ApplicationDoesNotExistException"),
    ("UpdateApplication", {"applicationName": "shop", "newApplicationName": ""}, "ApplicationNameRequiredException"),
    ("UpdateApplication", {"applicationName": "shop", "newApplicationName": "a b"}, "InvalidApplicationNameException"),
    ("UpdateApplication", {"applicationName": "shop", "newApplicationName": "other"}, "ApplicationAlreadyExistsException"),
    ("DeleteApplication", {}, "ApplicationNameRequiredException"),
    ("DeleteApplication", {"applicationName": "a b"}, "InvalidApplicationNameException"),
]


@pytest.mark.parametrize(("operation", "arguments", "expected"), BAD, ids=lambda value: ascii(value)[:60])
def test_bad_input(api: Caller, operation: str, arguments: dict[str, Any], expected: str) -> None:
    for name in ("shop", "other"):
        api.call("CreateApplication", applicationName=name)
    assert refusal(api, operation, **arguments).name == expected


def test_messages_are_those_that_clients_know(api: Caller) -> None:
    assert refusal(api, "GetApplication", applicationName="no").message == "No application found for name: no"
    bad = refusal(api, "CreateApplication", applicationName="a", computePlatform="EC2").message
    assert bad == "ComputePlatform 'EC2' is not valid. Valid values are [Lambda]"
    assert (
        "pass computePlatform Lambda"
        in refusal(api, "CreateApplication", applicationName="a", computePlatform="Server").message
    )


@pytest.mark.parametrize("platform", [{}, {"computePlatform": "Lambda"}])
def test_an_application_is_for_lambda(api: Caller, platform: dict[str, str]) -> None:
    name = "The._+=,@-longest" + "0" * 83
    made = api.call("CreateApplication", applicationName=name, **platform)
    application = api.call("GetApplication", applicationName=name)["application"]
    assert isinstance(application.pop("createTime"), datetime)
    assert application == {
        "applicationId": made["applicationId"],
        "applicationName": name,
        "computePlatform": "Lambda",
        "linkedToGitHub": False,
    }


def test_a_batch_answers_in_the_order_asked(api: Caller) -> None:
    for name in "abc":
        api.call("CreateApplication", applicationName=name)
    applications = api.call("BatchGetApplications", applicationNames=["c", "a", "c"])["applicationsInfo"]
    assert [application["applicationName"] for application in applications] == ["c", "a"]


def test_pages_are_stable_while_applications_come_and_go(api: Caller) -> None:
    for n in range(150):
        settings.create_application(f"a{n:03}", [], NOW)
    first = api.call("ListApplications")
    assert first["applications"] == [f"a{n:03}" for n in range(100)]
    settings.create_application("a000-earlier", [], NOW)
    settings.delete_application("a099")
    settings.create_application("a120-later", [], NOW)
    second = api.call("ListApplications", nextToken=first["nextToken"])
    assert second["applications"] == sorted([*(f"a{n:03}" for n in range(100, 150)), "a120-later"])
    assert "nextToken" not in second
    assert len(api.names("ListApplications", "applications")) == 151


def test_a_dropped_application_is_listed(api: Caller) -> None:
    put_groups("dropped", "prod")
    assert api.call("ListApplications")["applications"] == ["dropped"]
    assert api.call("GetApplication", applicationName="dropped")["application"]["applicationId"]


@pytest.mark.parametrize(("groups", "actions"), [(0, 100), (3, 100), (3, 3), (4, 4), (4, 5)])
def test_a_renamed_application_takes_everything_along(
    api: Caller, monkeypatch: pytest.MonkeyPatch, groups: int, actions: int
) -> None:
    """At once, or in several transactions where more has to move than one may write."""
    monkeypatch.setattr(dynamodb, "MOST_ACTIONS", actions)
    made = api.call("CreateApplication", applicationName="shop", tags=[{"Key": "team", "Value": "a"}])
    names = [f"g{n:02}" for n in range(groups)]
    put_groups("shop", *names)
    dynamodb.create(keys.revision("shop", "1"), {"listing": "REVISIONS#shop", "listingKey": "1", "revision": {"a": 1}})
    before = settings.group_items("shop", names)
    assert api.call("UpdateApplication", applicationName="shop", newApplicationName="store") == {}
    assert api.call("ListApplications")["applications"] == ["store"]
    application = api.call("GetApplication", applicationName="store")["application"]
    assert (application["applicationId"], application["applicationName"]) == (made["applicationId"], "store")
    assert settings.application("store")["tags"] == [{"Key": "team", "Value": "a"}]  # type: ignore[index]
    assert api.call("ListDeploymentGroups", applicationName="store")["deploymentGroups"] == names
    after = settings.group_items("store", names)
    assert {name: item["deploymentGroupId"] for name, item in after.items()} == {
        name: item["deploymentGroupId"] for name, item in before.items()
    }
    moved = {"listing": "REVISIONS#store", "listingKey": "1", "revision": {"a": 1}}
    assert dynamodb.get(keys.revision("store", "1")) == moved
    assert dynamodb.get(keys.revision("shop", "1")) is None
    assert settings.group_items("shop", names) == {}
    assert refusal(api, "GetApplication", applicationName="shop").name == "ApplicationDoesNotExistException"


@pytest.mark.parametrize("actions", [100, 4])
def test_an_application_that_deploys_keeps_its_name_until_that_is_over(
    api: Caller, monkeypatch: pytest.MonkeyPatch, actions: int
) -> None:
    """Where several transactions are needed, the same rename goes on with what an earlier one had begun."""
    monkeypatch.setattr(dynamodb, "MOST_ACTIONS", actions)
    api.call("CreateApplication", applicationName="shop")
    names = [f"g{n}" for n in range(5)]
    put_groups("shop", *names)
    begin_deployment("shop", names[-1])
    refused = refusal(api, "UpdateApplication", applicationName="shop", newApplicationName="store")
    assert refused.name == "InvalidApplicationNameException"
    assert "try again afterwards" in refused.message
    assert active_deployment("shop", names[-1]) == "d-AAAAAAAAA"
    assert settings.group("shop", names[-1]) is not None
    expression = Expression()
    expression.remove("activeDeployment")
    dynamodb.update(expression.update(keys.group("shop", names[-1])))
    api.call("UpdateApplication", applicationName="shop", newApplicationName="store")
    assert api.names("ListDeploymentGroups", "deploymentGroups", applicationName="store") == names
    assert api.call("ListApplications")["applications"] == ["store"]


def test_a_new_name_that_is_none_changes_nothing(api: Caller) -> None:
    api.call("CreateApplication", applicationName="shop")
    before = settings.application("shop")
    api.call("UpdateApplication", applicationName="shop")
    api.call("UpdateApplication", applicationName="shop", newApplicationName="shop")
    assert settings.application("shop") == before


def test_a_deleted_application_takes_its_groups_and_revisions_along(api: Caller) -> None:
    put_groups("shop", "prod", "test")
    put_groups("shopping", "prod")
    dynamodb.create(keys.revision("shop", "1"), {"listing": "REVISIONS#shop", "listingKey": "1"})
    begin_deployment("shop", "prod")
    assert api.call("DeleteApplication", applicationName="shop") == {}
    assert api.call("ListApplications")["applications"] == ["shopping"]
    assert settings.group("shopping", "prod") is not None
    assert dynamodb.get(keys.revision("shop", "1")) is None
    for name in ("prod", "test"):
        assert settings.group("shop", name) is None
    assert active_deployment("shop", "prod") == "d-AAAAAAAAA"
    api.call("CreateApplication", applicationName="shop")
    assert api.call("ListDeploymentGroups", applicationName="shop")["deploymentGroups"] == []


def test_what_does_not_exist_can_be_deleted(api: Caller) -> None:
    assert api.call("DeleteApplication", applicationName="no") == {}
