"""The search for what a race comes to looks on: it changes nothing of what goes on, and is gone afterwards."""

from verify.ending import come_to_rest
from verify.interleavings import Seen
from verify.races import RACES
from verify.simulation.world import SimulatedWorld
from verify.stories import STORIES, Told, drop, hook


def test_what_is_seen_by_a_search_is_still_heard_by_whom_it_is_for(world: SimulatedWorld) -> None:
    world.simulation.forget()
    with Seen(world.simulation):
        told = STORIES["a hook says no"].told(world)
        assert come_to_rest(world) is None
    # What a hook returns is read once, as it arrives.
    assert world.record(told.deployments[0])["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"


def test_a_search_sees_what_a_task_was_answered_for_as_long_as_it_lives(world: SimulatedWorld) -> None:
    world.simulation.forget()
    told, meanwhile = Told(world.shop()), dict[str, list[str]]()
    with Seen(world.simulation) as seen:
        drop(world, told, BeforeAllowTraffic=hook(world, told, lambda _: meanwhile.update(seen.alive())))
        world.until("the hook's call", lambda: meanwhile)
        [answers] = [answers for name, answers in meanwhile.items() if name.startswith("RunHook")]
        assert any(answer.startswith("dynamodb.UpdateItem 200") for answer in answers)
        world.stop(told.deployments[0])
        assert come_to_rest(world) is None
        assert seen.alive() == []


def test_a_search_is_gone_afterwards(world: SimulatedWorld) -> None:
    watch = list(world.simulation.wire.watch)
    [race] = [race for race in RACES if race.name == "a shift outlives its task while traffic goes back"]
    assert not race.run(world).problems
    assert world.simulation.wire.watch == watch
