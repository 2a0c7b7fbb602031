"""Deployment configurations: the nine predefined ones, the bounds of custom ones, and the steps they stand for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.samples import members
from weighbridge.core import groups
from weighbridge.core.configs import OTHER_PLATFORMS, PREDEFINED, RESERVED, DeploymentConfig, missing, parse, steps
from weighbridge.core.errors import InvalidDocument, ResourceCannotBeFound
from weighbridge.core.planning import config_name


def test_the_nine_predefined_ones() -> None:
    assert {
        (config.name.removeprefix("CodeDeployDefault.Lambda"), config.percentage, config.minutes)
        for config in PREDEFINED.values()
    } == {
        ("Canary10Percent5Minutes", 10, 5),
        ("Canary10Percent10Minutes", 10, 10),
        ("Canary10Percent15Minutes", 10, 15),
        ("Canary10Percent30Minutes", 10, 30),
        ("Linear10PercentEvery1Minute", 10, 1),
        ("Linear10PercentEvery2Minutes", 10, 2),
        ("Linear10PercentEvery3Minutes", 10, 3),
        ("Linear10PercentEvery10Minutes", 10, 10),
        ("AllAtOnce", 0, 0),
    }


def test_a_canary_shifts_twice() -> None:
    assert steps(PREDEFINED["CodeDeployDefault.LambdaCanary10Percent5Minutes"]) == [
        {"weight": 0.1, "bakeSeconds": 300},
        {"weight": 1.0, "bakeSeconds": 0},
    ]


def test_a_linear_one_shifts_ten_times_with_nine_intervals() -> None:
    planned = steps(PREDEFINED["CodeDeployDefault.LambdaLinear10PercentEvery1Minute"])
    assert [step["weight"] for step in planned] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert [step["bakeSeconds"] for step in planned] == [60] * 9 + [0]


def test_all_at_once_is_the_last_step_alone() -> None:
    assert steps(PREDEFINED["CodeDeployDefault.LambdaAllAtOnce"]) == [{"weight": 1.0, "bakeSeconds": 0}]


def test_what_does_not_divide_100_ends_with_the_remainder() -> None:
    assert [step["weight"] for step in steps(DeploymentConfig("c", "TimeBasedLinear", 33, 1))] == [0.33, 0.66, 0.99, 1.0]


@given(st.integers(1, 99), st.integers(1, 2880), st.sampled_from(["TimeBasedCanary", "TimeBasedLinear"]))
def test_weights_rise_to_one_and_time_adds_up(percentage: int, minutes: int, kind: str) -> None:
    planned = steps(DeploymentConfig("c", kind, percentage, minutes))  # type: ignore[arg-type]
    weights = [step["weight"] for step in planned]
    assert weights == sorted(set(weights))
    assert weights[0] > 0
    assert weights[-1] == 1
    assert all(weight * 100 == pytest.approx(round(weight * 100)) for weight in weights)
    assert sum(step["bakeSeconds"] for step in planned) == 60 * minutes * (len(planned) - 1)
    increments = {round(after - before, 6) for before, after in zip([0.0, *weights[:-2]], weights[:-1], strict=True)}
    assert increments == {percentage / 100}


def _linear(percentage: object, interval: object) -> dict[str, object]:
    return {
        "trafficRoutingConfig": {
            "type": "TimeBasedLinear",
            "timeBasedLinear": {"linearPercentage": percentage, "linearInterval": interval},
        }
    }


def _canary(percentage: object, interval: object) -> dict[str, object]:
    return {
        "trafficRoutingConfig": {
            "type": "TimeBasedCanary",
            "timeBasedCanary": {"canaryPercentage": percentage, "canaryInterval": interval},
        }
    }


@pytest.mark.parametrize(
    ("percentage", "minutes"), [(99, 2880), (67, 2880), (50, 1440), (34, 1440), (33, 960), (10, 288), (1, 28)]
)
def test_the_measured_edges_of_linear_ones(percentage: int, minutes: int) -> None:
    assert parse("c", _linear(str(percentage), str(minutes))) == DeploymentConfig(
        "c", "TimeBasedLinear", percentage, minutes
    )
    with pytest.raises(InvalidDocument, match="Total Traffic shifting intervals"):
        parse("c", _linear(percentage, minutes + 1))


def test_a_custom_canary_and_all_at_once() -> None:
    assert parse("c", _canary(25, 2880)) == DeploymentConfig("c", "TimeBasedCanary", 25, 2880)
    assert parse("c", {"trafficRoutingConfig": {"type": "AllAtOnce"}, "computePlatform": "Lambda"}).type == "AllAtOnce"


@pytest.mark.parametrize(
    ("name", "document", "says"),
    [
        ("CodeDeployDefault.Mine", _canary(10, 5), "reserved for predefined"),
        ("c", {}, "Traffic routing configuration cannot be null nor empty"),
        ("c", None, "not nothing"),
        ("c", _canary(0, 5), "percentage is from 1 to 99, not 0"),
        ("c", _canary(100, 5), "percentage is from 1 to 99, not 100"),
        ("c", _linear(0, 5), "percentage is from 1 to 99"),
        ("c", _linear("ten", 5), "linearPercentage: must be a whole number, not 'ten'"),
        ("c", _canary(10, 2881), "between 1 and 2880 minutes"),
        ("c", _canary(10, 0), "between 1 and 2880 minutes"),
        ("c", _linear(10, 0), "Total Traffic shifting intervals"),
        ("c", {**_canary(10, 5), "minimumHealthyHosts": {"value": 1}}, "minimum healthy hosts should be null"),
        ("c", {**_canary(10, 5), "zonalConfig": {}}, "Zonal deployments are only supported with EC2"),
        ("c", {**_canary(10, 5), "computePlatform": "Server"}, "computePlatform: must be 'Lambda'"),
        ("c", {**_canary(10, 5), "deploymentConfigName": "d"}, "give both the same name"),
        ("c", {"trafficRoutingConfig": {"type": "TimeBasedCanary"}}, "should not be null for TimeBasedCanary type"),
        (
            "c",
            {
                "trafficRoutingConfig": {
                    "type": "AllAtOnce",
                    "timeBasedCanary": {"canaryPercentage": 1, "canaryInterval": 1},
                }
            },
            "TimeBasedCanaryConfiguration should be null for AllAtOnce type",
        ),
        ("c", {"trafficRoutingConfig": {"type": "TimeBasedFlexible"}}, "type: must be"),
    ],
)
def test_a_wrong_configuration_says_what_to_change(name: str, document: object, says: str) -> None:
    with pytest.raises(InvalidDocument, match=says):
        parse(name, document)


P = "CodeDeployDefault.Lambda"
MISSPELT = [
    (f"{P}Canary10Percent5Minute", f"did you mean '{P}Canary10Percent5Minutes'?"),
    (f"{P}Canary10Percent5minutes", f"did you mean '{P}Canary10Percent5Minutes'?"),
    (f"{P}Linear10PercentEvery1Minutes", f"did you mean '{P}Linear10PercentEvery1Minute'?"),
    ("CodeDeployDefault.Canary10Percent15Minutes", f"did you mean '{P}Canary10Percent15Minutes'?"),
    ("CodeDeployDefault.AllAtOnce", f"should be Lambda; did you mean '{P}AllAtOnce'?"),
    ("CodeDeployDefault.ECSCanary10Percent5Minutes", f"should be Lambda; did you mean '{P}Canary10Percent5Minutes'?"),
    ("CodeDeployDefault.OneAtATime", f"should be Lambda; the predefined ones for Lambda are {', '.join(PREDEFINED)}."),
    (
        "CodeDeployDefault.Quickly",
        f"name: CodeDeployDefault.Quickly; the predefined ones for Lambda are {', '.join(PREDEFINED)}.",
    ),
]


@pytest.mark.parametrize(("name", "says"), MISSPELT)
def test_a_misspelt_predefined_name_is_told_when_the_group_is_dropped_and_when_it_is_used(name: str, says: str) -> None:
    assert says in missing(name)
    assert "deployment-configs" not in missing(name)  # which would be refused: the prefix is reserved
    with pytest.raises(InvalidDocument) as refused:
        groups.parse("shop", "prod", {"deploymentConfigName": name})
    assert missing(name) in str(refused.value)
    named = {"deploymentConfigName": name}
    for record, settings in ((members(**named), {}), (members(), named)):
        with pytest.raises(ResourceCannotBeFound) as unfound:
            config_name(record, groups.DeploymentGroup.read(settings))
        assert str(unfound.value) == missing(name)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        # The names that SAM has for them.
        *((name.removeprefix(P), f"; did you mean '{name}'?") for name in PREDEFINED),
        *((name.removeprefix(RESERVED), f"; did you mean '{name}'?") for name in PREDEFINED),
        ("codedeploydefault.lambdaallatonce", f"; did you mean '{P}AllAtOnce'?"),
        ("shop-slowly", "; create it first, or drop it as deployment-configs/shop-slowly.yaml."),
    ],
)
def test_a_name_that_may_be_a_custom_ones_is_told_both_ways(name: str, says: str) -> None:
    assert missing(name).startswith(f"No Deployment Configuration found for name: {name}; ")
    assert says in missing(name)
    assert f"deployment-configs/{name}.yaml" in missing(name)
    assert groups.parse("shop", "prod", {"deploymentConfigName": name}).deployment_config_name == name


def test_predefined_names_are_taken_and_no_name_is_in_two_lists() -> None:
    for name in PREDEFINED:
        assert groups.parse("shop", "prod", {"deploymentConfigName": name}).deployment_config_name == name
    assert not set(PREDEFINED) & set(OTHER_PLATFORMS)
