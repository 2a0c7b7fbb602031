"""From what was typed to what the API is asked."""

import json

import pytest

from weighbridge.core import appspec as core_appspec
from weighbridge.core import groups
from weighbridge.core.documents import load
from weighbridge_cli.exits import Refused
from weighbridge_cli.options import AliasName, GroupName
from weighbridge_cli.requests import (
    Deployment,
    Target,
    appspec,
    content,
    default_group_file,
    group_of,
    is_on,
    latest,
    nearest,
    routing,
    target_in,
)

CHECKOUT = AliasName("checkout")


def test_the_service_reads_the_appspec() -> None:
    parsed = core_appspec.parse(appspec(CHECKOUT, "7", {"BeforeAllowTraffic": "hook", "AfterAllowTraffic": None}))
    assert (parsed.function_name, parsed.alias, parsed.target_version) == ("checkout", "live", "7")
    assert parsed.hooks == {"BeforeAllowTraffic": "hook"}
    assert target_in(appspec(CHECKOUT, "7", {})) == Target(CHECKOUT, "7")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "Resources: []",
        "Resources: [{a: {}}]",
        "a: &b [*b]",
        "\x00",
        "Resources: [{a: {Properties: {Name: 'x y', Alias: l, TargetVersion: 1}}}]",
    ],
)
def test_a_file_that_cannot_be_read_here_names_nothing(text: str) -> None:
    assert target_in(text) is None


def test_the_service_reads_the_group_that_is_made_on_first_use() -> None:
    group = groups.parse("checkout", "live", load(default_group_file(CHECKOUT)))
    assert group.aliases == ["checkout:live"]


def test_which_group() -> None:
    by_last = {"applicationName": "shop", "deploymentGroupName": "prod"}
    given = GroupName("a", "b")
    assert group_of(CHECKOUT, given, by_last) == (given, False)
    assert group_of(CHECKOUT, None, by_last) == (GroupName("shop", "prod"), False)
    assert group_of(CHECKOUT, None, {}) == (GroupName("checkout", "live"), True)


def test_what_is_left_out_is_left_to_the_service() -> None:
    members = Deployment(GroupName("shop", "prod"), content("{}")).members
    assert members == {
        "applicationName": "shop",
        "deploymentGroupName": "prod",
        "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": "{}"}},
    }
    assert json.dumps(members)


def test_an_alias_is_on_a_version_with_all_traffic_and_at_rest_only() -> None:
    assert is_on({"version": "7"}, "7")
    assert not is_on({"version": "7", "additionalVersionWeights": {"8": 10.0}}, "7")
    assert not is_on({"version": "7", "activeDeploymentId": "d-1"}, "7")
    assert not is_on({}, "7")


def test_the_highest_version() -> None:
    assert latest(["$LATEST", "9", "10", "2"]) == "10"
    assert latest(["$LATEST", "$LATEST.PUBLISHED"]) is None


def test_near_names() -> None:
    assert nearest("chekout", ["checkout", "cart"]) == " Did you mean checkout?"
    assert nearest("x", ["checkout"]) == ""
    assert nearest("a\x1b", ["a\x1bb"]).isprintable()


def test_routing() -> None:
    assert routing(None, None) == {"type": "AllAtOnce"}
    assert routing("10@5m", None) == {
        "type": "TimeBasedCanary",
        "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 5},
    }
    assert routing(None, "20@1h")["timeBasedLinear"] == {"linearPercentage": 20, "linearInterval": 60}
    for canary, linear in (("10@5m", "20@3m"), ("10", None), ("100@5m", None), ("10@90s", None), ("x@5m", None)):
        with pytest.raises(Refused):
            routing(canary, linear)
