"""A small load, and that one which goes wrong is said."""

import copy
from typing import Any

import pytest

from benchmarks import budgets
from local.rates import LAMBDA_CONTROL_PLANE


@pytest.fixture
def figures(results: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(results["scale"]["figures"])


def test_a_load_ends_rightly_and_its_alarm_brings_traffic_back(figures: dict[str, Any]) -> None:
    [load] = figures["loads"]
    assert list(budgets.failed(figures)) == []
    assert (load["deployments"], load["alarms"], load["trafficBack"]["of"], load["stepLate"]["of"]) == (10, 1, 1, 9)
    assert load["trafficBack"]["max"] < load["firstShift"]["p50"]


def test_the_control_plane_is_called_as_often_as_a_deployment_calls_it(figures: dict[str, Any]) -> None:
    [load] = figures["loads"]
    # Two reads and two shifts each; of the one that is rolled back the second shift is the way back.
    assert load["controlPlaneCalls"] == 4 * load["deployments"]
    assert load["atTheRate"] == round(load["controlPlaneCalls"] / LAMBDA_CONTROL_PLANE, 1)


def test_a_deployment_that_fails_is_named(figures: dict[str, Any]) -> None:
    figures["loads"][0]["failed"] = {"Failed THROTTLED": 3}
    assert list(budgets.failed(figures)) == ["of 10 deployments within 0 s 3 ended Failed THROTTLED"]


def test_what_did_not_hold_is_said_where_no_machine_is_too_slow_for_it(figures: dict[str, Any]) -> None:
    figures["simulated"] = [{"deployments": 20, "wrong": ["traffic did not go back first"]}]
    figures["localCloud"] = [{"deployments": 20, "wrong": ["traffic was back 27.2 s after its alarm only"]}]
    assert list(budgets.failed(figures)) == ["traffic did not go back first"]
