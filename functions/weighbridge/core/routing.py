"""Where an alias sends its traffic, and whether a routing found there is one that the deployment wrote.

On the reaction path: standard library only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


@dataclass(frozen=True)
class Routing:
    """An alias's `version`, and the further version (if any) that gets `weight`, a fraction 0..1, of its traffic."""

    version: str
    additional_version: str | None = None
    weight: float = 0.0

    @classmethod
    def of(cls, alias: Mapping[str, Any]) -> "Routing":
        """From what Lambda's GetAlias or UpdateAlias answers; an additional version without traffic counts as none."""
        weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        for version, weight in weights.items():
            if weight > 0:
                return cls(alias["FunctionVersion"], version, round(float(weight), 6))
        return cls(alias["FunctionVersion"])

    @classmethod
    def shifted(cls, current: str, target: str, weight: float) -> "Routing":
        """How a deployment routes when `weight` of the traffic has moved: at 1 the alias itself moves (reference 4.3)."""
        if weight >= 1:
            return cls(target)
        return cls(current, target, round(weight, 6)) if weight > 0 else cls(current)

    @property
    def weighted(self) -> bool:
        return self.additional_version is not None

    @property
    def in_transition(self) -> bool:
        """Whether Lambda itself is moving the alias to `version`, as it does while provisioned concurrency follows.

        The other version keeps all traffic until then (reference 5.7).
        """
        return self.weight >= 1

    @property
    def settled(self) -> "Routing":
        """The routing that was asked for, which a transition comes to."""
        return Routing(self.version) if self.in_transition else self

    def weight_of(self, version: str) -> float:
        """The fraction of the traffic that reaches `version`."""
        if version == self.additional_version:
            return self.weight
        return round(1 - self.weight, 6) if version == self.version else 0.0

    def update(self) -> dict[str, Any]:
        """The members of UpdateAlias that bring this routing about; empty weights clear those that were there."""
        weights = {self.additional_version: self.weight} if self.additional_version else {}
        return {"FunctionVersion": self.version, "RoutingConfig": {"AdditionalVersionWeights": weights}}

    def record(self) -> dict[str, Any]:
        """The routing as records and executions carry it; `from_record` reads it back."""
        weights = {self.additional_version: self.weight} if self.additional_version else {}
        return {"version": self.version, "weights": weights}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Routing":
        for version, weight in record["weights"].items():
            return cls(record["version"], version, round(float(weight), 6))
        return cls(record["version"])

    def __str__(self) -> str:
        if not self.weighted:
            return f"version {self.version} at 100 %"
        return (
            f"version {self.version} at {100 * (1 - self.weight):g} %, "
            f"version {self.additional_version} at {100 * self.weight:g} %"
        )


class Found(Enum):
    """What it means that an alias was found with a certain routing when a write to it was refused or not answered."""

    DONE = auto()
    """The wanted routing is in place: an earlier write took effect, only its answer was lost."""
    UNCHANGED = auto()
    """The routing is still what the deployment left: only other settings of the alias have changed, so write again."""
    MOVED = auto()
    """Somebody else has routed the alias: it must not be overwritten."""


def judge(current: Routing, target: Routing, ours: frozenset[Routing]) -> Found:
    """Whether a write may go on; `ours` holds every routing that the deployment may itself have left."""
    if current == target:
        return Found.DONE
    return Found.UNCHANGED if current in ours else Found.MOVED
