"""What every class of faults consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # whoever only counts cases needs no simulation
    from verify.simulation.world import SimulatedWorld


@dataclass(frozen=True)
class Tried:
    """What did not hold, one sentence each, for how many cases of the table the trial stands, and what it measured."""

    problems: list[str]
    cases: int = 1
    measured: str = ""


class Case(Protocol):
    """Something that goes wrong. Its text says what, and where."""

    @property
    def fault_class(self) -> str:
        """The row of the table that it is counted in."""

    def run(self, world: SimulatedWorld) -> Tried:
        """Has it go wrong; the world is set back before."""
