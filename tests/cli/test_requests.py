"""From what was typed to what the API is asked."""

import json
from datetime import timedelta
from typing import Any

import click
import pytest

from weighbridge.core import appspec as core_appspec
from weighbridge.core import groups
from weighbridge.core.documents import load
from weighbridge_cli.exits import Refused
from weighbridge_cli.options import ALIAS, DURATION, GROUP, SUBJECT, TARGET, VERSION, AliasName, GroupName, Place
from weighbridge_cli.requests import (
    Deployment,
    Named,
    appspec,
    content,
    default_group_file,
    group_of,
    is_on,
    latest,
    named_in,
    nearest,
    routing,
)

CHECKOUT = AliasName("checkout")


def read(param_type: click.ParamType, text: str) -> Any:  # type: ignore[type-arg]
    return param_type.convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("checkout", CHECKOUT),
        ("checkout:beta", AliasName("checkout", "beta")),
        ("arn:aws:lambda:eu-west-1:123456789012:function:checkout", CHECKOUT),
        ("arn:aws:lambda:eu-west-1:123456789012:function:checkout:beta", AliasName("checkout", "beta")),
    ],
)
def test_aliases(text: str, named: AliasName) -> None:
    assert read(ALIAS, text) == named


@pytest.mark.parametrize(
    "text", ["", "a b", "checkout:", ":live", "check\x1b[31m", "a:b:c", "checkout.yaml", "arn:aws:s3:::x"]
)
def test_what_is_no_alias_is_refused_in_printable_words(text: str) -> None:
    with pytest.raises(click.BadParameter) as refused:
        read(ALIAS, text)
    assert refused.value.message.isprintable()


def test_other_words() -> None:
    assert read(SUBJECT, "d-ABCDEFGHI") == "d-ABCDEFGHI"
    assert read(SUBJECT, "d-abcdefghi") == AliasName("d-abcdefghi")
    assert read(GROUP, "shop/prod") == GroupName("shop", "prod")
    assert (read(TARGET, "latest"), read(TARGET, "7"), read(VERSION, "7")) == ("latest", "7", "7")
    assert [read(DURATION, text) for text in ("90s", "45m", "2h", "7d")] == [
        timedelta(seconds=90),
        timedelta(minutes=45),
        timedelta(hours=2),
        timedelta(days=7),
    ]
    for kind, text in (
        (GROUP, "shop"),
        (GROUP, "/prod"),
        (GROUP, "a/b/c"),
        (VERSION, "latest"),
        (TARGET, "0"),
        (DURATION, "45"),
    ):
        with pytest.raises(click.BadParameter):
            read(kind, text)


def test_a_command_to_paste_goes_to_the_same_place() -> None:
    assert Place().command("watch", "d-1") == "weighbridge watch d-1"
    place = Place("my profile", "eu-west-1", None, "Weighbridge-test")
    assert (
        place.command("stop", "d-1")
        == "weighbridge stop d-1 --profile 'my profile' --region eu-west-1 --stack Weighbridge-test"
    )


def test_the_service_reads_the_appspec() -> None:
    parsed = core_appspec.parse(appspec(CHECKOUT, "7", {"BeforeAllowTraffic": "hook", "AfterAllowTraffic": None}))
    assert (parsed.function_name, parsed.alias, parsed.target_version) == ("checkout", "live", "7")
    assert parsed.hooks == {"BeforeAllowTraffic": "hook"}
    assert named_in(appspec(CHECKOUT, "7", {})) == Named(CHECKOUT, "7")


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
    assert named_in(text) is None


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
