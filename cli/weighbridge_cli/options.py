"""What every verb takes, and how what is typed is read."""

import functools
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import click

from weighbridge.core.ids import DEPLOYMENT_ID
from weighbridge_cli.text import clean

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_ALIAS = "live"
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400}
_DURATION = re.compile(r"([0-9]{1,9})(s|m|min|h|d)", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,140}", re.ASCII)
_ALIAS = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
_ARN = re.compile(r"arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:(.+)", re.ASCII)


@dataclass(frozen=True)
class Place:
    """Where: whose account, which region, which installation."""

    profile: str | None = None
    region: str | None = None
    endpoint: str | None = None
    stack: str = "Weighbridge"

    def command(self, *words: str) -> str:
        """A command to paste that goes to the same place."""
        options = {"--profile": self.profile, "--region": self.region, "--endpoint": self.endpoint}
        typed = [part for option, value in options.items() if value for part in (option, value)]
        stack = [] if self.stack == "Weighbridge" else ["--stack", self.stack]
        return shlex.join(["weighbridge", *words, *typed, *stack])


def place_options(function: F) -> F:
    """Gives a verb its `place`."""

    @click.option("--profile", metavar="NAME", help="A profile of your AWS configuration.")
    @click.option("--region", metavar="NAME", help="An AWS region; by default that of the profile or of AWS_REGION.")
    @click.option(
        "--endpoint", metavar="URL", help="Another endpoint than AWS's, the local cloud's say; by default AWS_ENDPOINT_URL."
    )
    @click.option(
        "--stack", metavar="NAME", default="Weighbridge", show_default=True, help="The installation, by its stack's name."
    )
    @functools.wraps(function)
    def with_place(
        *arguments: Any, profile: str | None, region: str | None, endpoint: str | None, stack: str, **options: Any
    ) -> Any:
        return function(*arguments, place=Place(profile, region, endpoint, stack), **options)

    return with_place  # type: ignore[return-value]


@dataclass(frozen=True)
class Form:
    """How what is found is told: for people unless JSON is asked for."""

    json: bool = False
    lines: bool = False


def json_option(function: F) -> F:
    """Gives a verb that answers once its `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")(function)


@dataclass(frozen=True)
class Waiting:
    """How long a deployment is followed, and what ends that."""

    until: str = "finished"
    timeout: timedelta = timedelta(minutes=45)
    interval: float | None = None
    """Seconds between two looks; None: as it is worth it."""


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic in later releases
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        match = _DURATION.fullmatch(str(value).strip())
        if not match:
            self.fail(f"{clean(value)!r} is no duration: write 90s, 45m, 2h or 7d.", param, ctx)
        return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


DURATION = Duration()


def following_options(function: F) -> F:
    """Gives a verb that follows a deployment its `waiting` and its `form`."""

    @click.option(
        "--until",
        type=click.Choice(["started", "shifted", "paused", "finished"]),
        default="finished",
        show_default=True,
        help="What to wait for: that it has begun, that the first traffic has moved, that it waits for a person "
        "(exit code 4), or its end.",
    )
    @click.option(
        "--timeout",
        type=DURATION,
        default="45m",
        show_default=True,
        metavar="DURATION",
        help="When to give up: 90s, 45m, 2h.",
    )
    @click.option(
        "--interval",
        type=click.FloatRange(min=0.05),
        metavar="SECONDS",
        help="Seconds between two looks; by default 2 while something moves, and 5 in a long wait.",
    )
    @form_options
    @functools.wraps(function)
    def with_waiting(*arguments: Any, until: str, timeout: timedelta, interval: float | None, **options: Any) -> Any:
        return function(*arguments, waiting=Waiting(until, timeout, interval), **options)

    return with_waiting  # type: ignore[return-value]


def form_options(function: F) -> F:
    """Gives a verb its `form`."""

    @click.option(
        "--json", "as_json", is_flag=True, help="Print the final record as JSON, and nothing else, on standard output."
    )
    @click.option(
        "--json-lines", "as_lines", is_flag=True, help="Print a JSON document a line: one an event, the record last."
    )
    @functools.wraps(function)
    def with_form(*arguments: Any, as_json: bool, as_lines: bool, **options: Any) -> Any:
        if as_json and as_lines:
            raise click.UsageError("Choose one of --json and --json-lines.")
        return function(*arguments, form=Form(as_json, as_lines), **options)

    return with_form  # type: ignore[return-value]


@dataclass(frozen=True)
class AliasName:
    function: str
    name: str = DEFAULT_ALIAS

    def __str__(self) -> str:
        return f"{self.function}:{self.name}"


class AliasType(click.ParamType):  # type: ignore[type-arg]  # generic in later releases
    """FUNCTION[:ALIAS], or the ARN of either."""

    name = "alias"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> AliasName:
        if isinstance(value, AliasName):
            return value
        named = alias_named(str(value))
        if named is None:
            self.fail(
                f"{clean(value)!r} is no FUNCTION[:ALIAS]: letters, digits, - and _, as in checkout:live.", param, ctx
            )
        return named


ALIAS = AliasType()


def alias_named(text: str) -> AliasName | None:
    """None for what cannot be a function's name, with an alias's or without."""
    arn = _ARN.fullmatch(text)
    function, colon, alias = (arn[1] if arn else text).partition(":")
    if not _NAME.fullmatch(function) or (colon and not _ALIAS.fullmatch(alias)):
        return None
    return AliasName(function, alias or DEFAULT_ALIAS)


def is_deployment(text: str) -> bool:
    return DEPLOYMENT_ID.fullmatch(text) is not None


class SubjectType(click.ParamType):  # type: ignore[type-arg]  # generic in later releases
    """A deployment's id, or FUNCTION[:ALIAS]."""

    name = "subject"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | AliasName:
        if isinstance(value, AliasName) or is_deployment(str(value)):
            return value  # type: ignore[no-any-return]
        return ALIAS.convert(value, param, ctx)


SUBJECT = SubjectType()


@dataclass(frozen=True)
class GroupName:
    application: str
    group: str

    def __str__(self) -> str:
        return f"{self.application}/{self.group}"


class GroupType(click.ParamType):  # type: ignore[type-arg]  # generic in later releases
    name = "group"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> GroupName:
        if isinstance(value, GroupName):
            return value
        application, slash, group = str(value).partition("/")
        if not application or not slash or not group or "/" in group:
            self.fail(f"{clean(value)!r} is no APP/GROUP, as in shop/prod.", param, ctx)
        return GroupName(application, group)


GROUP = GroupType()


class VersionType(click.ParamType):  # type: ignore[type-arg]  # generic in later releases
    """A published version's number."""

    name = "version"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not re.fullmatch("[1-9][0-9]{0,18}", str(value), re.ASCII):
            self.fail(f"{clean(value)!r} is no version: give the number of a published one.", param, ctx)
        return str(value)


VERSION = VersionType()


class TargetType(VersionType):
    """A published version's number, or `latest`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return "latest" if value == "latest" else super().convert(value, param, ctx)


TARGET = TargetType()
