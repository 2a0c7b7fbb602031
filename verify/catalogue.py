"""All classes of faults, in the order of the table."""

from collections.abc import Iterator

from verify import deaths, deliveries, drift, fault_matrix, full_record, hostile_input, load, races, taken_away
from verify.case import Case
from verify.simulation.world import SimulatedWorld


def cases(world: SimulatedWorld) -> Iterator[Case]:
    """Every case there is, the same ones in the same order each time."""
    for source in (fault_matrix, taken_away, full_record, deaths, deliveries, drift, races, load, hostile_input):
        yield from source.cases(world)
