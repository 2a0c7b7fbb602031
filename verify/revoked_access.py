"""A right is revoked for good, until a person gives it back.

While it is gone and traffic is half shifted, an event says so and the alarm's metric is counted. Once it is back,
everything heals by itself.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from verify.baseline import baseline
from verify.case import Tried
from verify.invariants import breaches, come_to_rest, next_deployment
from verify.simulation.execution import CALLER
from verify.simulation.faults import Call, Fault, Kind, Span
from verify.simulation.world import SimulatedWorld
from verify.stories import HOUR, RUNNING, STORIES

GONE_FOR = 3 * HOUR
"""Longer than a rollback's execution goes on trying."""
GONE_FOR_EVENTS = HOUR / 2
"""An event that cannot be received is delivered again for an hour, after which it waits in the queue for a person; a file
whose event was lost is looked for as long."""
TOLD_WITHIN = 600.0
RECEIVING = {"Receive", "Interrupt"}
METRIC = '"RollbacksHeldUp":[1.0]'


@dataclass(frozen=True)
class TakenAway:
    """From `at` on the operation is denied to whoever asks for it, or to the one caller alone."""

    story: str
    at: Call
    to_all: bool

    fault_class = "revoked access"

    def __str__(self) -> str:
        return f"{self.story}: from {self.at} on, denied to {'everybody' if self.to_all else self.at.caller}"

    def run(self, world: SimulatedWorld) -> Tried:
        baseline(world, self.story)
        world.simulation.forget()
        fault = Fault(Kind.DENIED, Span.GOOD, self.at, of_all=self.to_all)
        problems: list[str] = []

        def gone() -> None:
            world.simulation.faults.strike(fault)
            world.simulation.clock.after(
                self._gone_for, lambda: self._give_back(world, fault, problems), "it is given back"
            )

        played = STORIES[self.story].play(world, before=gone)
        stuck = come_to_rest(world)
        if stuck:
            return Tried([stuck])
        world.simulation.faults.active.clear()
        return Tried([*problems, *breaches(world, played), *next_deployment(world, played)])

    @property
    def _gone_for(self) -> float:
        is_received_in_vain = self.at.caller in RECEIVING or (self.to_all and STORIES[self.story].looked_for < GONE_FOR)
        return GONE_FOR_EVENTS if is_received_in_vain else GONE_FOR

    def _give_back(self, world: SimulatedWorld, fault: Fault, problems: list[str]) -> None:
        problems += _untold(world)
        fault.ended = True


def _untold(world: SimulatedWorld) -> Iterator[str]:
    """Where traffic is half shifted now, somebody has been told, and is being told."""
    for record in world.records():
        plan = record.get("plan")
        alias = plan and world.simulation.emulator.alias(plan["functionName"], plan["alias"])
        weights = alias and (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
        if record["status"] not in RUNNING or not weights or record["creator"] != "codeDeployRollback":
            continue
        events = [json.loads(e["Detail"]) for e in world.simulation.emulator.published() if "Held Up" in e["DetailType"]]
        if record["deploymentId"] not in {detail["deploymentId"] for detail in events}:
            yield f"no event says that {record['deploymentId']} is held up"
        if not _counted_lately(world):
            yield f"the alarm's metric was not counted in the last {TOLD_WITHIN:g} s"


def _counted_lately(world: SimulatedWorld) -> bool:
    lines = [line for line in world.log().splitlines() if METRIC in line]
    stamps = [json.loads(line)["_aws"]["Timestamp"] / 1000 for line in lines]
    return bool(stamps) and world.simulation.clock.time.timestamp() - stamps[-1] <= TOLD_WITHIN


def cases(world: SimulatedWorld) -> Iterator[TakenAway]:
    """From the first and from the last of each caller's calls of an operation on."""
    for story in STORIES:
        calls = baseline(world, story).calls
        ends: dict[tuple[str, str, str], list[Call]] = {}
        for call in calls:
            ends.setdefault((call.caller, call.service, call.operation), []).append(call)
        for same in ends.values():
            for call in dict.fromkeys((same[0], same[-1])):
                yield TakenAway(story, call, to_all=False)
                if call.caller != CALLER:
                    yield TakenAway(story, call, to_all=True)
