"""All classes of faults, in the order of the table."""

from collections.abc import Iterator

from verify import deaths, deliveries, drift, fault_matrix, full_record, fuzzing, load, races, revoked_access, stacks
from verify.case import Case
from verify.simulation.world import SimulatedWorld


def cases(world: SimulatedWorld) -> Iterator[Case]:
    """Every case there is, the same ones in the same order each time."""
    for source in (fault_matrix, revoked_access, full_record, deaths, deliveries, drift, stacks, races, load, fuzzing):
        yield from source.cases(world)
