"""Deployment configurations: the predefined and the custom."""

from typing import Any

import pytest

from tests.api.caller import Caller
from tests.api.test_applications import NOW, refusal
from weighbridge.core.configs import OTHER_PLATFORMS, PREDEFINED, DeploymentConfig
from weighbridge.core.groups import DeploymentGroup
from weighbridge.store import settings

ROUTING = "InvalidTrafficRoutingConfigurationException"


def canary(percentage: int, minutes: int) -> dict[str, Any]:
    block = {"canaryPercentage": percentage, "canaryInterval": minutes}
    return {"trafficRoutingConfig": {"type": "TimeBasedCanary", "timeBasedCanary": block}}


def linear(percentage: int, minutes: int) -> dict[str, Any]:
    block = {"linearPercentage": percentage, "linearInterval": minutes}
    return {"trafficRoutingConfig": {"type": "TimeBasedLinear", "timeBasedLinear": block}}


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"deploymentConfigName": None}, "DeploymentConfigNameRequiredException", "deploymentConfigName is missing"),
    ({"deploymentConfigName": "a b"}, "InvalidDeploymentConfigNameException", "'a b' is not a valid name"),
    (
        {"deploymentConfigName": "CodeDeployDefault.Mine", **canary(10, 5)},
        "InvalidDeploymentConfigNameException",
        "The prefix CodeDeployDefault. is reserved for predefined configuration names",
    ),
    ({"computePlatform": "Server"}, "InvalidComputePlatformException", "pass computePlatform Lambda"),
    (
        {"minimumHealthyHosts": {"type": "HOST_COUNT", "value": 1}, **canary(10, 5)},
        "InvalidMinimumHealthyHostValueException",
        "minimum healthy hosts should be null for Lambda deployment configuration",
    ),
    (
        {"zonalConfig": {"monitorDurationInSeconds": 1}, **canary(10, 5)},
        "InvalidZonalDeploymentConfigurationException",
        "Zonal deployments are only supported with EC2 deployments",
    ),
    ({}, ROUTING, "Traffic routing configuration cannot be null nor empty for deployment configurations on this platform."),
    ({"trafficRoutingConfig": {}}, ROUTING, "type: is missing"),
    ({"trafficRoutingConfig": {"type": "TimeBasedFlexible"}}, ROUTING, "'TimeBasedFlexible' is not valid"),
    (
        {"trafficRoutingConfig": {"type": "TimeBasedCanary"}},
        ROUTING,
        "TimeBasedCanaryConfiguration should not be null for TimeBasedCanary type",
    ),
    (
        {"trafficRoutingConfig": canary(10, 5)["trafficRoutingConfig"] | {"type": "AllAtOnce"}},
        ROUTING,
        "TimeBasedCanaryConfiguration should be null for AllAtOnce type",
    ),
    ({"trafficRoutingConfig": {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 5}}}, ROUTING, "canaryInterval"),
    (canary(0, 5), ROUTING, "Valid traffic routing percentage is from 1 to 99"),
    (canary(100, 5), ROUTING, "Valid traffic routing percentage is from 1 to 99"),
    (canary(10, 0), ROUTING, "Canary interval must be between 1 and 2880 minutes (2 days)"),
    (canary(10, 2881), ROUTING, "Canary interval must be between 1 and 2880 minutes (2 days)"),
    (linear(10, 0), ROUTING, "Total Traffic shifting intervals must be positive integers up to 2880 minutes (2 days)"),
    (linear(10, 289), ROUTING, "Total Traffic shifting intervals must be positive integers up to 2880 minutes (2 days)"),
    (linear(1, 29), ROUTING, "Total Traffic shifting intervals"),
    ({"deploymentConfigName": "taken", **canary(10, 5)}, "DeploymentConfigAlreadyExistsException", "taken already"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "expected", "message"), BAD, ids=lambda value: ascii(value)[:60])
def test_bad_configurations(api: Caller, arguments: dict[str, Any], expected: str, message: str) -> None:
    settings.create_config(DeploymentConfig("taken", "AllAtOnce"), NOW)
    refused = refusal(api, "CreateDeploymentConfig", **{"deploymentConfigName": "mine", **arguments})
    assert refused.name == expected
    assert message in refused.message


@pytest.mark.parametrize(
    ("operation", "arguments", "expected"),
    [
        ("GetDeploymentConfig", {}, "DeploymentConfigNameRequiredException"),
        ("GetDeploymentConfig", {"deploymentConfigName": "a b"}, "InvalidDeploymentConfigNameException"),
        ("GetDeploymentConfig", {"deploymentConfigName": "no"}, "DeploymentConfigDoesNotExistException"),
        ("GetDeploymentConfig", {"deploymentConfigName": "CodeDeployDefault.Any"}, "DeploymentConfigDoesNotExistException"),
        ("ListDeploymentConfigs", {"nextToken": "no"}, "InvalidNextTokenException"),
        ("DeleteDeploymentConfig", {}, "DeploymentConfigNameRequiredException"),
        ("DeleteDeploymentConfig", {"deploymentConfigName": "a b"}, "InvalidDeploymentConfigNameException"),
        *(
            ("DeleteDeploymentConfig", {"deploymentConfigName": f"CodeDeployDefault.{name}"}, "InvalidOperationException")
            for name in ("LambdaAllAtOnce", "OneAtATime", "ECSAllAtOnce", "LambdaCanary10Percent5Minute", "Mine")
        ),
    ],
    ids=lambda value: ascii(value)[:60],
)  # fmt: skip
def test_bad_input(api: Caller, operation: str, arguments: dict[str, Any], expected: str) -> None:
    assert refusal(api, operation, **arguments).name == expected


@pytest.mark.parametrize(
    "routing",
    [canary(99, 2880), linear(99, 2880), linear(50, 1440), linear(1, 28), {"trafficRoutingConfig": {"type": "AllAtOnce"}}],
)
def test_a_configuration_comes_back_as_it_went(api: Caller, routing: dict[str, Any]) -> None:
    made = api.call("CreateDeploymentConfig", deploymentConfigName="mine", **routing)
    info = api.call("GetDeploymentConfig", deploymentConfigName="mine")["deploymentConfigInfo"]
    assert info.pop("createTime")
    assert info == {
        "deploymentConfigId": made["deploymentConfigId"],
        "deploymentConfigName": "mine",
        "computePlatform": "Lambda",
        **routing,
    }


def test_the_predefined_ones_are_there_and_come_first(api: Caller) -> None:
    settings.create_config(DeploymentConfig("Another", "AllAtOnce"), NOW)
    assert api.call("ListDeploymentConfigs") == {"deploymentConfigsList": [*PREDEFINED, *OTHER_PLATFORMS, "Another"]}
    assert (len(PREDEFINED), len(OTHER_PLATFORMS)) == (9, 8)
    infos = [api.call("GetDeploymentConfig", deploymentConfigName=name)["deploymentConfigInfo"] for name in PREDEFINED]
    assert [info["deploymentConfigName"] for info in infos] == list(PREDEFINED)
    assert len({info["deploymentConfigId"] for info in infos}) == 9
    assert infos[0]["trafficRoutingConfig"] == canary(10, 5)["trafficRoutingConfig"]


def test_those_of_other_platforms_are_told_with_their_platform(api: Caller) -> None:
    infos = [api.call("GetDeploymentConfig", deploymentConfigName=name)["deploymentConfigInfo"] for name in OTHER_PLATFORMS]
    assert {info["deploymentConfigName"]: info["computePlatform"] for info in infos} == OTHER_PLATFORMS
    ours = api.call("GetDeploymentConfig", deploymentConfigName=next(iter(PREDEFINED)))["deploymentConfigInfo"]
    assert len({info["deploymentConfigId"] for info in (ours, *infos)}) == 9


def test_all_are_listed_page_by_page(api: Caller) -> None:
    names = [f"c{n:03}" for n in range(120)]
    for name in names:
        settings.create_config(DeploymentConfig(name, "AllAtOnce"), NOW)
    assert len(api.call("ListDeploymentConfigs")["deploymentConfigsList"]) == 100
    assert api.names("ListDeploymentConfigs", "deploymentConfigsList") == [*PREDEFINED, *OTHER_PLATFORMS, *names]


def test_a_configuration_in_use_stays(api: Caller) -> None:
    settings.create_config(DeploymentConfig("mine", "AllAtOnce"), NOW)
    for number in range(3):
        group = DeploymentGroup.read({"deploymentConfigName": "mine"} if number == 2 else {})
        settings.put_group(f"shop-{number}", "prod", group, NOW)
    refused = refusal(api, "DeleteDeploymentConfig", deploymentConfigName="mine")
    assert refused.name == "DeploymentConfigInUseException"
    assert "shop-2/prod" in refused.message
    api.call("DeleteDeploymentGroup", applicationName="shop-2", deploymentGroupName="prod")
    assert api.call("DeleteDeploymentConfig", deploymentConfigName="mine") == {}
    assert settings.config("mine") is None
    assert api.call("ListDeploymentConfigs")["deploymentConfigsList"] == [*PREDEFINED, *OTHER_PLATFORMS]
    assert api.call("DeleteDeploymentConfig", deploymentConfigName="mine") == {}
