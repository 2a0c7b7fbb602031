"""What befalls a stack that owns an alias: its commit's event is lost, or late; it goes back, is deleted, has a rival."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from scenarios.world import Alias
from verify.case import Tried
from verify.invariants import come_to_rest, of_locks, of_record, of_secrets
from verify.simulation.world import SimulatedWorld
from verify.stories import STORIES, Played, in_bake, own_stack, settles


@dataclass(frozen=True)
class Befalls:
    what: str

    fault_class = "stacks"

    def __str__(self) -> str:
        return self.what

    def run(self, world: SimulatedWorld) -> Tried:
        world.simulation.forget()
        played = Played(world.shop(deploymentConfigName="Brief"))
        STORIES["a stack deploys"].history(world, played.shop)
        with ExitStack() as meanwhile:
            problems = list(WHAT[self.what](world, played, meanwhile))
            stuck = come_to_rest(world)
        if stuck:
            return Tried([*problems, stuck])
        problems += [problem for record in world.records() for problem in of_record(record)]
        problems += [*of_locks(world, played), *of_secrets(world, played), *_of_wish(world, played)]
        return Tried(problems)


def _of_wish(world: SimulatedWorld, played: Played) -> Iterator[str]:
    """What the stack has by its last commit is live, unless its deployment has failed or somebody has stopped it."""
    stack = own_stack(world, played.shop)
    if stack.status == "DELETE_COMPLETE":
        return
    alias, newest = world.alias(played.shop), world.item(f"WANTED#{played.shop.name}:live", "WANTED")
    if alias.weights:
        yield f"the alias is left between two versions: {alias}"
    if newest is None or newest["committed"]["target"] != stack.version:
        yield f"the stack has version {stack.version}, and what is wanted is {newest}"
    elif alias.version != stack.version:
        yield f"the stack has version {stack.version}, and the alias is on {alias.version}"


Script = Callable[[SimulatedWorld, Played, ExitStack], Iterator[str]]


def _lost(world: SimulatedWorld, played: Played, meanwhile: ExitStack) -> Iterator[str]:
    meanwhile.enter_context(world.without_rule("StackSettled"))
    world.simulation.stacks.update(own_stack(world, played.shop), "2")
    yield from settles(world, played, "UPDATE_COMPLETE")


def _delivered(*delays: float) -> Script:
    """The events of the stack's status are delivered after so many seconds each."""

    def script(world: SimulatedWorld, played: Played, meanwhile: ExitStack) -> Iterator[str]:
        emulator = world.simulation.emulator
        meanwhile.callback(lambda: setattr(emulator, "delays", None))
        emulator.delays = lambda event: list(delays) if "Stack Status Change" in str(event) else [0]
        world.simulation.stacks.update(own_stack(world, played.shop), "2")
        yield from settles(world, played, "UPDATE_COMPLETE")
        world.pause(max(delays))

    return script


def _before_the_answer(world: SimulatedWorld, played: Played, meanwhile: ExitStack) -> Iterator[str]:
    """The provider is so slow that the stack has gone back before it does anything."""
    emulator = world.simulation.emulator
    meanwhile.callback(lambda: setattr(emulator, "delays", None))
    waits = iter([1000.0])
    emulator.delays = lambda event: [next(waits, 0.0)] if '"RequestType": "Update"' in str(event) else [0]
    world.simulation.stacks.update(own_stack(world, played.shop), "2")
    yield from settles(world, played, "UPDATE_ROLLBACK_COMPLETE")
    world.pause(1500)


def _goes_back(*, is_received: bool) -> Script:
    def script(world: SimulatedWorld, played: Played, meanwhile: ExitStack) -> Iterator[str]:
        if not is_received:
            meanwhile.enter_context(world.without_rule("StackSettled"))
        writes = len(world.simulation.writes)
        world.simulation.stacks.update(own_stack(world, played.shop), "2", fails=True)
        yield from settles(world, played, "UPDATE_ROLLBACK_COMPLETE")
        world.pause(900)
        if world.simulation.writes[writes:] or world.records():
            yield "a stack that went back has moved traffic"

    return script


def _goes_back_after_a_commit_whose_event_was_lost(
    world: SimulatedWorld, played: Played, meanwhile: ExitStack
) -> Iterator[str]:
    meanwhile.enter_context(world.without_rule("StackSettled"))
    meanwhile.enter_context(world.without_rule("Schedule"))
    stack = own_stack(world, played.shop)
    world.simulation.stacks.update(stack, "2")
    yield from settles(world, played, "UPDATE_COMPLETE")
    world.simulation.stacks.update(stack, "3", fails=True)
    yield from settles(world, played, "UPDATE_ROLLBACK_COMPLETE")
    meanwhile.close()


def _deleted(world: SimulatedWorld, played: Played, _meanwhile: ExitStack) -> Iterator[str]:
    stack = own_stack(world, played.shop)
    world.simulation.stacks.update(stack, "2")
    yield from settles(world, played, "UPDATE_COMPLETE")
    in_bake(world, stack.deployment)
    world.simulation.stacks.delete(stack)
    yield from settles(world, played, "DELETE_COMPLETE")
    if world.simulation.emulator.alias(played.shop.name, "live"):
        yield "the alias of a deleted stack is still there"
    if world.item(f"WANTED#{played.shop.name}:live", "WANTED"):
        yield "what a deleted stack wanted is still kept"


def _rival(world: SimulatedWorld, played: Played, _meanwhile: ExitStack) -> Iterator[str]:
    stacks = world.simulation.stacks
    other = stacks.create(f"{played.shop.name}-rival", played.shop.name, "3")
    world.until("the other stack", lambda: other.settled)
    if other.status != "ROLLBACK_COMPLETE" or world.alias(played.shop) != Alias("1", {}):
        yield f"another stack's creation ended {other.status}, with the alias on {world.alias(played.shop)}"
    stacks.update(own_stack(world, played.shop), "2")
    yield from settles(world, played, "UPDATE_COMPLETE")


def _again(on_running: str) -> Script:
    """The stack commits twice more while the first deployment runs."""

    def script(world: SimulatedWorld, played: Played, _meanwhile: ExitStack) -> Iterator[str]:
        stack = own_stack(world, played.shop)
        for version in ("2", "1", "3"):
            world.simulation.stacks.update(stack, version, OnRunning=on_running)
            yield from settles(world, played, "UPDATE_COMPLETE")

    return script


def _during(*, fails: bool) -> Script:
    """The stack waits for its deployment; where it `fails`, something else of it does afterwards."""

    def script(world: SimulatedWorld, played: Played, _meanwhile: ExitStack) -> Iterator[str]:
        stack = own_stack(world, played.shop)
        world.simulation.stacks.update(stack, "2", fails=fails, Start="DuringStack")
        yield from settles(world, played, "UPDATE_ROLLBACK_COMPLETE" if fails else "UPDATE_COMPLETE")
        should = Alias("1" if fails else "2", {})
        if world.alias(played.shop) != should:
            yield f"when the stack had ended the alias was on {world.alias(played.shop)}"

    return script


WHAT: dict[str, Script] = {
    "the event of its commit is lost": _lost,
    "the event of its commit comes ten times": _delivered(*range(10)),
    "the event of its commit comes an hour later": _delivered(3600),
    "it goes back before its provider has answered": _before_the_answer,
    "it goes back between what was wanted and the commit": _goes_back(is_received=True),
    "it goes back and the event of that is lost": _goes_back(is_received=False),
    "it goes back after a commit whose event was lost": _goes_back_after_a_commit_whose_event_was_lost,
    "it is deleted while traffic is shifted": _deleted,
    "another stack wants its alias": _rival,
    "it commits again and again, and the newest waits": _again("Queue"),
    "it commits again and again, and the newest replaces": _again("Replace"),
    "it waits for its deployment": _during(fails=False),
    "it waits for its deployment and goes back": _during(fails=True),
}


def cases(_world: SimulatedWorld) -> Iterator[Befalls]:
    for what in WHAT:
        yield Befalls(what)
