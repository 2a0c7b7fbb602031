"""A record is as full as DynamoDB lets an item be, right before each write in turn.

Whatever a handler writes gets room. The state machine cannot make any: what it cannot write ends the deployment, once it
has been tried again for two minutes, and traffic is back.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from verify.baseline import baseline
from verify.case import Tried
from verify.invariants import breaches, come_to_rest, next_deployment
from verify.simulation.execution import CALLER
from verify.simulation.faults import Call
from verify.simulation.world import SimulatedWorld
from verify.stories import RUNNING, STORIES, Played

TRIED_AGAIN = 150
"""Seconds: the pauses of the policy `bake_not_begun` are 131 at most, and the end of the deployment takes some more."""
WRITES = {"UpdateItem", "TransactWriteItems", "PutItem"}
READING = 7_000
"""How many characters the state of alarms takes at most, as often as it was read."""


@dataclass(frozen=True)
class Full:
    """Every open record is full when `at` is called."""

    story: str
    at: Call

    fault_class = "full record"

    def __str__(self) -> str:
        return f"{self.story}: every open record is full at {self.at}"

    def run(self, world: SimulatedWorld) -> Tried:
        usual = baseline(world, self.story)
        world.simulation.forget()
        filled: list[float] = []

        def look(call: Call) -> None:
            if call == self.at and not filled:
                filled.append(world.simulation.clock.now)
                _fill(world)

        def begin() -> None:
            world.simulation.faults.forget()
            world.simulation.wire.before.append(look)

        try:
            played = STORIES[self.story].play(world, before=begin)
            stuck = come_to_rest(world)
        finally:
            world.simulation.wire.before.remove(look)
        if stuck:
            return Tried([stuck])
        if not filled:
            return Tried([f"it did not come to {self.at}"])
        problems = [*breaches(world, played), *self._of_reason(world, played, usual.outcome, filled[0])]
        return Tried([*problems, *next_deployment(world, played)])

    def _of_reason(
        self, world: SimulatedWorld, played: Played, usual: tuple[str, str | None], filled: float
    ) -> Iterator[str]:
        for deployment_id in played.deployments:
            record = world.record(deployment_id)
            outcome = (record["status"], record.get("errorInformation", {}).get("code"))
            if outcome == usual:
                continue
            took = world.simulation.since(record["completeTime"]) - filled
            if self.at.caller != CALLER or outcome != ("Failed", "INTERNAL_ERROR"):
                yield f"it ended {outcome} instead of {usual}"
            elif took > TRIED_AGAIN:
                yield f"{deployment_id} was closed {took:.0f} s after its record was full"


def _fill(world: SimulatedWorld) -> None:
    """Fills the open records with readings of alarms, to the last byte but a few."""
    emulator = world.simulation.emulator
    for item in emulator.items(world.outputs["TableName"]):
        if item["sk"] != {"S": "DEPLOYMENT"} or item["status"]["S"] not in RUNNING:
            continue
        length = READING
        while length:
            reading = {"M": {"time": {"S": "2026-01-01T06:00:00.000Z"}, "event": {"S": "AlarmsRead"}}}
            reading["M"]["reason"] = {"S": "x" * length}
            item["timeline"]["L"].append(reading)
            if emulator.is_too_large(item):
                item["timeline"]["L"].pop()
                length //= 2


def cases(world: SimulatedWorld) -> Iterator[Full]:
    for story in STORIES:
        for call in baseline(world, story).calls:
            if call.service == "dynamodb" and call.operation in WRITES:
                yield Full(story, call)
