"""The search for what a race comes to looks on: it changes nothing of what goes on, and is gone afterwards."""

from verify.ending import come_to_rest
from verify.interleavings import Seen
from verify.races import RACES
from verify.simulation.world import SimulatedWorld
from verify.stories import STORIES


def test_what_is_seen_by_a_search_is_still_heard_by_whom_it_is_for(world: SimulatedWorld) -> None:
    world.simulation.forget()
    with Seen(world.simulation) as seen:
        told = STORIES["a hook says no"].told(world)
        assert come_to_rest(world) is None
        # What a hook returns is read once, as it arrives.
        assert world.record(told.deployments[0])["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"
    assert seen.alive() == []


def test_a_search_is_gone_afterwards(world: SimulatedWorld) -> None:
    watch = list(world.simulation.wire.watch)
    [race] = [race for race in RACES if race.name == "a shift outlives its task while traffic goes back"]
    assert not race.run(world).problems
    assert world.simulation.wire.watch == watch
