"""Where aliases are, by the API."""

from types import SimpleNamespace

import pytest

from tests.api.caller import Caller, Refused
from tests.aws.account import (
    ALIAS,
    FUNCTION,
    client_error,
    create_alias,
    keep_begun,
    keep_planned,
    kept,
    new_record,
    refuse,
)
from tests.core.samples import at, plan
from weighbridge.aws import dynamodb
from weighbridge.aws.lambda_aliases import Lambda
from weighbridge.core.deployment import begun, shifted
from weighbridge.core.endings import succeeded
from weighbridge.core.groups import DeploymentGroup
from weighbridge.core.plan import routing_after
from weighbridge.core.service_role import ServiceRole
from weighbridge.store import deployments, keys, settings

D = "d-AAAAAAAAA"
NAMED = {"functionName": FUNCTION, "alias": ALIAS}
INFO = {"functionName": "shop", "functionAlias": "live", "targetVersion": "2"}


def begin(deployment_id: str, alias: str = "shop:live") -> None:
    record = new_record(deployment_id, deploymentGroupName=deployment_id)
    deployments.create(record)
    change = begun("config", group_id="g", alarms=(), alias=alias, now=at(1), function=INFO)
    deployments.begin(record, change)


def test_an_alias_that_is_being_deployed_says_by_what(api: Caller) -> None:
    create_alias("1", {"2": 0.25})
    begin(D)
    [info] = api.call("ListAliases", **NAMED)["aliases"]
    assert (info["version"], info["additionalVersionWeights"]) == ("1", {"2": 25})
    assert (info["activeDeploymentId"], info["lastDeployment"]["targetVersion"]) == (D, "2")
    assert (info["applicationName"], info["deploymentGroupName"]) == ("shop-app", D)
    assert "lastSuccess" not in info


def test_after_a_success_it_says_which(api: Caller) -> None:
    sample = plan()
    keep_planned()
    for step in range(len(sample["steps"])):
        deployments.update(D, shifted(sample, step, routing_after(sample, step), "r", at(step)))
    assert deployments.end(kept(), succeeded(kept(), at(99)))
    [info] = api.call("ListAliases", **NAMED)["aliases"]
    assert info["lastSuccess"] == {"deploymentId": D, "targetVersion": "2"}
    assert "activeDeploymentId" not in info


def test_a_named_one_need_not_have_been_deployed(api: Caller) -> None:
    assert api.call("ListAliases", **NAMED)["aliases"] == [{**NAMED, "version": "1"}]


@pytest.mark.parametrize("named", [{"functionName": "shop", "alias": "dead"}, {"functionName": "shoe", "alias": "live"}])
def test_one_that_is_not_there_is_no_alias(api: Caller, named: dict[str, str]) -> None:
    with pytest.raises(Refused) as caught:
        api.call("ListAliases", **named)
    assert caught.value.name == "AliasDoesNotExistException"


def test_all_are_listed_page_by_page_and_those_of_one_function(api: Caller) -> None:
    names = [f"{function}:{number:02}" for function in ("shop", "shop-2", "shoq") for number in range(15)]
    for number, name in enumerate(names):
        begin(f"d-{number:09}", name)
    pages = api.names("ListAliases", "aliases")
    assert sorted(f"{info['functionName']}:{info['alias']}" for info in pages) == sorted(names)  # type: ignore[index]
    of_one = api.names("ListAliases", "aliases", functionName="shop")
    assert [info["functionName"] for info in of_one] == ["shop"] * 15  # type: ignore[index]
    assert {info["notLookedAt"] for info in of_one} != {""}  # type: ignore[index]


def test_pages_of_one_function_go_on_where_they_ended(api: Caller) -> None:
    for number in range(25):
        begin(f"d-{number:09}", f"shop:{number:02}")
    begin("d-ZZZZZZZZZ", "shoq:live")
    listed = api.names("ListAliases", "aliases", functionName="shop")
    assert [info["alias"] for info in listed] == [f"{number:02}" for number in range(25)]  # type: ignore[index]


def test_one_that_may_not_be_looked_at_is_listed_without_a_version(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_begun()
    for arguments in (NAMED, {}):
        refuse(monkeypatch, "lambda", "get_alias", client_error("AccessDeniedException", "GetAlias", 403))
        [info] = api.call("ListAliases", **arguments)["aliases"]
        assert "version" not in info
        assert "GetAlias" in info["notLookedAt"]


def test_it_is_looked_at_by_the_role_of_the_group_that_deployed_it(
    api: Caller, place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place
    role = "arn:aws:iam::123456789012:role/WeighbridgeServiceRole-shop"
    settings.put_group("shop-app", "prod", DeploymentGroup.read({"serviceRoleArn": role}), "2026-11-23T06:00:00.000Z")
    keep_begun()
    seen: list[ServiceRole | None] = []

    def by(session: str, as_role: ServiceRole | None) -> Lambda:
        seen.append(as_role)
        return Lambda(session, None)

    monkeypatch.setattr("weighbridge.api.aliases.Lambda", by)
    [info] = api.call("ListAliases", **NAMED)["aliases"]
    assert seen == [ServiceRole(role, "shop-app/prod")]
    assert info["version"] == "1"


def test_one_that_is_throttled_is_asked_for_again_by_its_name_and_passed_over_in_a_list(
    api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_begun()
    throttled = client_error("TooManyRequestsException", "GetAlias", 429)
    refuse(monkeypatch, "lambda", "get_alias", throttled)
    with pytest.raises(Refused, match="ThrottlingException"):
        api.call("ListAliases", **NAMED)
    refuse(monkeypatch, "lambda", "get_alias", throttled)
    [info] = api.call("ListAliases")["aliases"]
    assert info["notLookedAt"]


def test_what_a_stack_wants_stands_beside_it(api: Caller) -> None:
    item = {"function": FUNCTION, "name": ALIAS, "committed": {"target": "3", "deploymentId": D}}
    assert dynamodb.create(keys.wanted(f"{FUNCTION}:{ALIAS}"), item)
    [info] = api.call("ListAliases", **NAMED)["aliases"]
    assert (info["wantedVersion"], info["wantedDeploymentId"]) == ("3", D)


@pytest.mark.parametrize(
    "arguments",
    [{"alias": "live"}, {"functionName": "a:b"}, {"functionName": "x/y", "alias": "live"}, {**NAMED, "alias": "a b"}],
)
def test_names_that_cannot_be_are_refused(api: Caller, arguments: dict[str, str]) -> None:
    with pytest.raises(Refused) as caught:
        api.call("ListAliases", **arguments)
    assert caught.value.name == "InvalidInputException"
