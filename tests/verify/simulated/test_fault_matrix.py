"""Which calls the fault matrix strikes."""

from verify import fault_matrix
from verify.baseline import baseline
from verify.fault_matrix import SPANS
from verify.simulation.faults import Call, Kind
from verify.simulation.world import SimulatedWorld
from verify.stories import STORIES


def test_every_beginning_of_a_story_is_struck_once(world: SimulatedWorld) -> None:
    """So no call is left out because another story makes one of its name later, after other calls."""
    calls = {story: baseline(world, story).calls for story in STORIES}
    beginnings = {made[:number] for made in calls.values() for number in range(1, len(made) + 1)}
    struck: list[tuple[Call, ...]] = []
    for case in fault_matrix.cases(world):
        if (case.kind, case.span) == (Kind.THROTTLED, SPANS[0]):
            made = calls[case.story]
            struck.append(made[: made.index(case.at) + 1])
    assert len(struck) == len(beginnings)
    assert set(struck) == beginnings
