"""Deployment configurations and the steps they stand for. Reference: section 4."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from weighbridge.core.documents import Document
from weighbridge.core.errors import InvalidDocument
from weighbridge.core.names import ALL_AT_ONCE
from weighbridge.core.plan import Step

LONGEST_MINUTES = 2880
RESERVED = "CodeDeployDefault."
"""What the names of predefined configurations begin with, and no others."""

RoutingType = Literal["TimeBasedCanary", "TimeBasedLinear", "AllAtOnce"]


@dataclass(frozen=True)
class DeploymentConfig:
    """How traffic moves; `percentage` (1..99) and `minutes` (1..2880) are 0 for AllAtOnce."""

    name: str
    type: RoutingType
    percentage: int = 0
    minutes: int = 0


def _predefined() -> Sequence[DeploymentConfig]:
    canaries = [
        DeploymentConfig(f"{RESERVED}LambdaCanary10Percent{m}Minutes", "TimeBasedCanary", 10, m) for m in (5, 10, 15, 30)
    ]
    linears = [
        DeploymentConfig(f"{RESERVED}LambdaLinear10PercentEvery{m}Minute{'s' * (m > 1)}", "TimeBasedLinear", 10, m)
        for m in (1, 2, 3, 10)
    ]
    return [*canaries, *linears, DeploymentConfig(ALL_AT_ONCE, "AllAtOnce")]


PREDEFINED = {config.name: config for config in _predefined()}
OTHER_PLATFORMS = {
    **{f"{RESERVED}{name}": "Server" for name in ("OneAtATime", "HalfAtATime", "AllAtOnce")},
    **{
        f"{RESERVED}ECS{name}": "ECS"
        for name in (
            "AllAtOnce",
            "Linear10PercentEvery1Minutes",
            "Linear10PercentEvery3Minutes",
            "Canary10Percent5Minutes",
            "Canary10Percent15Minutes",
        )
    },
}
"""CodeDeploy's predefined configurations that nothing can be deployed with here, and their platforms."""


def missing(name: str) -> str:
    """What to tell whoever names a configuration that is not there: which one may have been meant, or how to make it."""
    said = (
        f"Compute platform of deployment config {name} does not match expected compute platform, "
        "correct compute platform should be Lambda"
        if name in OTHER_PLATFORMS
        else f"No Deployment Configuration found for name: {name}"
    )
    short = {_short(predefined): predefined for predefined in PREDEFINED}
    nearest = get_close_matches(_short(name), short, n=1, cutoff=0.7)
    suggestion = f"{said}; did you mean {short[nearest[0]]!r}?" if nearest else ""
    if name.startswith(RESERVED):
        return suggestion or f"{said}; the predefined ones for Lambda are {', '.join(PREDEFINED)}."
    if suggestion:
        return f"{suggestion} If not, drop deployment-configs/{name}.yaml first."
    return f"{said}; create it first, or drop it as deployment-configs/{name}.yaml."


def _short(name: str) -> str:
    """A name without what SAM leaves out, and without the plural, which the predefined ones have but for one minute."""
    return name.lower().removeprefix(RESERVED.lower()).removeprefix("lambda").removesuffix("s")


def is_short(name: str) -> bool:
    """Whether a name is a predefined one's but for its prefix, as SAM writes it."""
    return not name.startswith(RESERVED) and _short(name) in {_short(predefined) for predefined in PREDEFINED}


def may_be_there(name: str) -> bool:
    """Whether a configuration can have the name at all: what begins as the predefined ones do is one of them or none."""
    return name in PREDEFINED or not name.startswith(RESERVED)


def duration(config: DeploymentConfig) -> timedelta:
    """For how long traffic is shifted, hooks left out."""
    return timedelta(seconds=sum(step["bakeSeconds"] for step in steps(config)))


def steps(config: DeploymentConfig) -> list[Step]:
    """Every shift in order; the last one has weight 1 and no bake, as a deployment is done when all traffic has moved.

    A linear percentage that does not divide 100 ends with the remainder (reference 4.3).
    """
    match config.type:
        case "AllAtOnce":
            before: list[int] = []
        case "TimeBasedCanary":
            before = [config.percentage]
        case "TimeBasedLinear":
            before = list(range(config.percentage, 100, config.percentage))
    bake = config.minutes * 60
    return [*(Step(weight=percent / 100, bakeSeconds=bake) for percent in before), Step(weight=1.0, bakeSeconds=0)]


class _Canary(Document):
    percentage: int = Field(alias="canaryPercentage")
    minutes: int = Field(alias="canaryInterval")


class _Linear(Document):
    percentage: int = Field(alias="linearPercentage")
    minutes: int = Field(alias="linearInterval")


class _Routing(Document):
    type: RoutingType
    canary: _Canary | None = Field(alias="timeBasedCanary", default=None)
    linear: _Linear | None = Field(alias="timeBasedLinear", default=None)


class _File(Document):
    name: str | None = Field(alias="deploymentConfigName", default=None)
    compute_platform: Literal["Lambda"] = "Lambda"
    traffic_routing_config: _Routing | None = Field(default=None, validate_default=True)
    minimum_healthy_hosts: None = None
    zonal_config: None = None

    @field_validator("minimum_healthy_hosts", "zonal_config", mode="before")
    @classmethod
    def _servers_only(cls, value: object, info: ValidationInfo) -> None:
        if value is None:
            return
        if info.field_name == "zonal_config":
            raise ValueError("Zonal deployments are only supported with EC2 deployments; take it out")
        raise ValueError("minimum healthy hosts should be null for Lambda deployment configuration; take it out")

    @field_validator("traffic_routing_config")
    @classmethod
    def _required(cls, value: _Routing | None) -> _Routing:
        if value is None:
            raise ValueError(
                "Traffic routing configuration cannot be null nor empty for deployment configurations on this platform."
            )
        return value


def parse(name: str, document: object) -> DeploymentConfig:
    """A custom configuration from a loaded file with the keys of CreateDeploymentConfig.

    Raises InvalidDocument with the service's own sentences where the reference (4.2) records them.
    """
    if name.startswith(RESERVED):
        raise InvalidDocument(
            f"The prefix {RESERVED} is reserved for predefined configuration names; use another name.",
            "deploymentConfigName",
            rule=f"The prefix {RESERVED} is reserved for predefined configuration names",
        )
    file = _File.read(document)
    if file.name not in {None, name}:
        raise InvalidDocument(
            f"deploymentConfigName is {file.name!r} but the file is named {name!r}; give both the same name."
        )
    routing = file.traffic_routing_config
    if routing is None:  # the model has refused this already
        raise InvalidDocument("trafficRoutingConfig is missing; add it.")
    _blocks_match(routing)
    block = routing.canary or routing.linear
    if block is None:
        return DeploymentConfig(name, routing.type)
    if not 1 <= block.percentage <= 99:  # noqa: PLR2004
        raise InvalidDocument(f"Valid traffic routing percentage is from 1 to 99, not {block.percentage}.")
    if routing.canary and not 1 <= block.minutes <= LONGEST_MINUTES:
        raise InvalidDocument(f"Canary interval must be between 1 and 2880 minutes (2 days), not {block.minutes}.")
    if routing.linear and not (block.minutes >= 1 and block.minutes * (100 // block.percentage) <= LONGEST_MINUTES):
        raise InvalidDocument(
            "Total Traffic shifting intervals must be positive integers up to 2880 minutes (2 days), "
            f"not {100 // block.percentage} times {block.minutes}."
        )
    return DeploymentConfig(name, routing.type, block.percentage, block.minutes)


def _blocks_match(routing: _Routing) -> None:
    blocks = {"TimeBasedCanary": routing.canary, "TimeBasedLinear": routing.linear}
    for type_, block in blocks.items():
        if block is None and type_ == routing.type:
            raise InvalidDocument(f"{type_}Configuration should not be null for {routing.type} type.")
        if block is not None and type_ != routing.type:
            raise InvalidDocument(f"{type_}Configuration should be null for {routing.type} type.")
