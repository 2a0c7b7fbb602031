"""Events arrive late, in another order, and ten times: EventBridge promises at least one delivery, and nothing else."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from verify import stories
from verify.baseline import baseline
from verify.case import Tried
from verify.invariants import breaches, come_to_rest, next_deployment
from verify.simulation.world import SimulatedWorld
from verify.stories import HOUR, STORIES, Played, Story, report

COPIES = 10
SEEDS = 8


@dataclass(frozen=True)
class Delivery:
    """Each event is delivered at each of the delays (in seconds) that `how` gives for it."""

    story: str
    how: str
    seed: int = 0

    fault_class = "events: ten times, late, in any order"

    def __str__(self) -> str:
        return f"{self.story}: {self.how}{f', seed {self.seed}' if self.seed else ''}"

    def run(self, world: SimulatedWorld) -> Tried:
        usual = baseline(world, self.story)
        world.simulation.forget()
        chance = random.Random(self.seed)
        delays = HOW[self.how]

        def begin() -> None:
            world.simulation.emulator.delays = lambda _event: delays(chance)

        try:
            played = STORIES[self.story].play(world, before=begin)
            stuck = come_to_rest(world)
        finally:
            world.simulation.emulator.delays = None
        if stuck:
            return Tried([stuck])
        return Tried(
            [*breaches(world, played), *_same(world, played, usual.outcome, self.how), *next_deployment(world, played)]
        )


HOW: dict[str, Callable[[random.Random], list[float]]] = {
    "every event ten times at once": lambda _: [0.0] * COPIES,
    "every event ten times within a minute": lambda _: [6.0 * n for n in range(COPIES)],
    "every event ten times within two hours": lambda _: [720.0 * n for n in range(COPIES)],
    "every event some seconds late, in any order": lambda chance: [chance.uniform(0, 20)],
    "every event thrice, in any order": lambda chance: [chance.uniform(0, 90) for _ in range(3)],
}


def _same(world: SimulatedWorld, played: Played, usual: tuple[str, str | None], how: str) -> Iterator[str]:
    """Copies and delays change nothing about how a deployment ends, and make no second one of it."""
    for deployment_id in played.deployments:
        record: dict[str, Any] = world.record(deployment_id)
        outcome = (record["status"], record.get("errorInformation", {}).get("code"))
        if outcome != usual:
            yield f"it ended {outcome} instead of {usual}, with {how}"
    executions = world.simulation.machine.executions
    twice = [name for name in executions if sum(other == name for other in executions) > 1]
    records = {record["deploymentId"] for record in world.records() if record["creator"] == "user"}
    if twice or records - set(played.earlier) != set(played.deployments):
        yield f"there are deployments {sorted(records)}, asked for were {played.deployments}"
    for entry in ("HookCalled", "HookAnswered"):
        for record in world.records():
            events = [
                timeline_entry["lifecycleEvent"]
                for timeline_entry in record["timeline"]
                if timeline_entry["event"] == entry
            ]
            if len(events) != len(set(events)):
                yield f"{record['deploymentId']}: {entry} more than once: {events}"


# ------------------------------------------------------------------------- too early, twice, too late, somebody else's


def _stopped_at_once(world: SimulatedWorld, played: Played) -> None:
    deployment_id = stories.drop(world, played)
    assert world.record(deployment_id)["status"] == "Created"
    world.stop(deployment_id)


def _report(world: SimulatedWorld, event: Mapping[str, str], status: str = "Succeeded", **otherwise: str) -> None:
    world.send("Lifecycle Event Hook Reported", report(event, status) | otherwise)


Reports = Callable[[SimulatedWorld, Mapping[str, str]], Any]


def _with_hook(answer: Reports) -> Callable[[SimulatedWorld, Played], None]:
    def act(world: SimulatedWorld, played: Played) -> None:
        stories.drop(world, played, BeforeAllowTraffic=stories.hook(world, played, lambda event: answer(world, event)))

    return act


def _before_it_returns(world: SimulatedWorld, event: Mapping[str, str]) -> dict[str, str]:
    _report(world, event)
    world.simulation.clock.sleep(5)
    return {"status": "Failed", "message": "the report came first"}


def _twice_and_otherwise(world: SimulatedWorld, event: Mapping[str, str]) -> None:
    later(world, 5, lambda: _report(world, event))
    later(world, 6, lambda: _report(world, event, "Failed"))


def _too_late(world: SimulatedWorld, event: Mapping[str, str]) -> None:
    later(world, HOUR + 60, lambda: _report(world, event))


def _forged_first(world: SimulatedWorld, event: Mapping[str, str]) -> None:
    for wrong in (
        {"lifecycleEventHookExecutionId": "guessed"},
        {"lifecycleEventHookExecutionId": ""},
        {"deploymentId": "d-000000000"},
        {"deploymentId": "no id"},
        {"status": "Perhaps"},
    ):
        _report(world, event, **wrong)
        _report(world, event, **({"status": "Failed"} | wrong))
    later(world, 30, lambda: _report(world, event))


def later(world: SimulatedWorld, seconds: float, do: Callable[[], object]) -> None:
    world.simulation.clock.after(seconds, do, "a report")


HASTY: dict[str, tuple[Callable[[SimulatedWorld, Played], None], tuple[str, str | None]]] = {
    "stopped before it has begun": (_stopped_at_once, ("Stopped", "MANUAL_STOP")),
    "a hook reports before it returns": (_with_hook(_before_it_returns), ("Succeeded", None)),
    "a hook reports twice, and otherwise": (_with_hook(_twice_and_otherwise), ("Succeeded", None)),
    "a hook reports after its hour": (_with_hook(_too_late), ("Failed", "TIMEOUT")),
    "a forged report comes before the hook's": (_with_hook(_forged_first), ("Succeeded", None)),
}


@dataclass(frozen=True)
class Hasty:
    """Something comes at the wrong time, or from somebody whom it does not concern."""

    what: str

    fault_class = Delivery.fault_class

    def __str__(self) -> str:
        return self.what

    def run(self, world: SimulatedWorld) -> Tried:
        act, outcome = HASTY[self.what]
        world.simulation.forget()
        played = Story(self.what, act).play(world)
        stuck = come_to_rest(world)
        if stuck:
            return Tried([stuck])
        world.simulation.clock.advance(HOUR)
        return Tried([*breaches(world, played), *_same(world, played, outcome, self.what), *next_deployment(world, played)])


def cases(_world: SimulatedWorld) -> Iterator[Delivery | Hasty]:
    for what in HASTY:
        yield Hasty(what)
    for story in STORIES:
        for how in HOW:
            seeds = range(1, SEEDS + 1) if "any order" in how else [0]
            for seed in seeds:
                yield Delivery(story, how, seed)
