"""How what is typed is read: aliases, deployments, groups, versions, durations, and where it goes."""

from datetime import timedelta
from typing import Any

import click
import pytest

from weighbridge_cli.options import ALIAS, DURATION, GROUP, SUBJECT, TARGET, VERSION, AliasName, GroupName, Place

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
