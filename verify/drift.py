"""Somebody else changes the alias, its versions or its function, in every state of a deployment and of its rollback.

What somebody else has routed is never overwritten. The deployment ends, says why, and frees what it held.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from scenarios.world import Shop
from verify.baseline import baseline
from verify.case import Tried
from verify.invariants import come_to_rest, next_deployment, of_locks, of_record, of_secrets
from verify.simulation.execution import Execution
from verify.simulation.world import SimulatedWorld
from verify.stories import STORIES, Played

OF = ("all is well", "an alarm fires", "a hook says no")
Change = Callable[[SimulatedWorld, Shop], None]


def _route(version: str, weights: dict[str, float] | None = None) -> Change:
    return lambda world, shop: world.route(shop, version, weights)


def _delete_alias(world: SimulatedWorld, shop: Shop) -> None:
    world.client("lambda").delete_alias(FunctionName=shop.name, Name="live")


def _recreate(version: str | None) -> Change:
    """Deletes the alias and creates it anew; None keeps its routing."""

    def change(world: SimulatedWorld, shop: Shop) -> None:
        before = world.alias(shop)
        _delete_alias(world, shop)
        routing = (version, {}) if version else (before.version, dict(before.weights))
        world.client("lambda").create_alias(
            FunctionName=shop.name,
            Name="live",
            FunctionVersion=routing[0],
            RoutingConfig={"AdditionalVersionWeights": routing[1]},
        )

    return change


def _delete_version(version: str) -> Change:
    def change(world: SimulatedWorld, shop: Shop) -> None:
        with suppress(ClientError):  # Lambda refuses while the alias refers to it
            world.client("lambda").delete_function(FunctionName=shop.name, Qualifier=version)

    return change


def _delete_function(world: SimulatedWorld, shop: Shop) -> None:
    world.client("lambda").delete_function(FunctionName=shop.name)


def _describe(world: SimulatedWorld, shop: Shop) -> None:
    world.client("lambda").update_alias(FunctionName=shop.name, Name="live", Description="somebody's note")


CHANGES: dict[str, Change] = {
    "re-pointed to a third version": _route("3"),
    "re-pointed to the old version": _route("1"),
    "re-pointed to the new version": _route("2"),
    "weighted by somebody else": _route("3", {"1": 0.5}),
    "weighted otherwise between the two": _route("1", {"2": 0.77}),
    "deleted": _delete_alias,
    "deleted and recreated as it was": _recreate(None),
    "deleted and recreated on a third version": _recreate("3"),
    "its target version deleted": _delete_version("2"),
    "its old version deleted": _delete_version("1"),
    "its function deleted": _delete_function,
    "described otherwise": _describe,
}
NO_DRIFT = {"described otherwise"}
STATUSES = {"Succeeded", "Failed", "Stopped"}


@dataclass(frozen=True)
class Drift:
    story: str
    change: str
    state: tuple[str, int]
    of_rollback: bool

    fault_class = "drift"

    def __str__(self) -> str:
        whose = "the rollback" if self.of_rollback else "the deployment"
        return f"{self.story}: the alias is {self.change} when {whose} is in {self.state[0]!r} #{self.state[1]}"

    def run(self, world: SimulatedWorld) -> Tried:
        usual = baseline(world, self.story)
        world.simulation.forget()
        other = _SomebodyElse(world, self)
        played = STORIES[self.story].play(world, before=other.arm)
        try:
            stuck = come_to_rest(world)
        finally:
            world.simulation.machine.entering.remove(other.look)
        if stuck:
            return Tried([stuck])
        if not other.changed:
            return Tried([f"it did not come to {self.state}"])
        problems = [*other.overwritten(played), *of_locks(world, played), *of_secrets(world, played)]
        for deployment_id in played.deployments:
            record = world.record(deployment_id)
            problems += of_record(record)
            outcome = (record["status"], record.get("errorInformation", {}).get("code"))
            if self.change in NO_DRIFT and outcome != usual.outcome:
                problems.append(f"it ended {outcome} instead of {usual.outcome}, though nothing was routed otherwise")
            if record["status"] not in STATUSES:
                problems.append(f"it is still {record['status']}")
        _mend(world, played.shop)
        return Tried([*problems, *next_deployment(world, played)])


@dataclass
class _SomebodyElse:
    world: SimulatedWorld
    drift: Drift
    changed: bool = False
    writes_before: int = 0
    routing_before: Any = None
    routing_after: Any = None
    shop: Shop | None = None
    rollback_of: list[str] = field(default_factory=list)

    def arm(self) -> None:
        self.world.simulation.machine.entering.append(self.look)

    def look(self, execution: Execution, state: str) -> None:
        if self.changed or ('"rollBack"' in execution.input) != self.drift.of_rollback:
            return
        if (state, execution.states.count(state)) != self.drift.state:
            return
        self.changed = True
        simulation = self.world.simulation
        self.shop = Shop(self.world.shops[-1])
        self.routing_before = self._routing()
        CHANGES[self.drift.change](self.world, self.shop)
        self.writes_before = len(simulation.writes)
        self.routing_after = self._routing()

    def _routing(self) -> Any:
        assert self.shop
        alias = self.world.simulation.emulator.alias(self.shop.name, "live")
        weights = ((alias or {}).get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        return alias and (alias["FunctionVersion"], dict(weights))

    def overwritten(self, played: Played) -> Iterator[str]:
        """Where somebody else has routed the alias as no step of the deployment would have, nobody writes after that."""
        if self.routing_after in (None, self.routing_before) or self.routing_after in OURS:
            return
        written = [
            write for write in self.world.simulation.writes[self.writes_before :] if write.function == played.shop.name
        ]
        if written:
            yield f"what somebody else wrote, {self.routing_after}, was overwritten: {written}"


OURS = [("1", {}), ("1", {"2": 0.1}), ("2", {})]
"""Every routing that the stories' deployments may leave themselves: found there, nobody could tell whose it is."""


def _mend(world: SimulatedWorld, shop: Shop) -> None:
    """Puts everything back in order, as its owner would before the next deployment."""
    functions = world.client("lambda")
    if world.simulation.emulator.function(shop.name) is None:
        world.function(shop.name, *(f"def handler(event, context):\n    return {n}\n" for n in range(3)))
    with suppress(ClientError):
        functions.create_alias(FunctionName=shop.name, Name="live", FunctionVersion="3")
    world.route(shop, "3")
    for version in ("1", "2"):
        if version not in (world.simulation.emulator.function(shop.name) or {})["versions"]:
            functions.delete_alias(FunctionName=shop.name, Name="live")
            functions.delete_function(FunctionName=shop.name)
            world.function(shop.name, *(f"def handler(event, context):\n    return {n}\n" for n in range(3)))
            functions.create_alias(FunctionName=shop.name, Name="live", FunctionVersion="3")


def cases(world: SimulatedWorld) -> Iterator[Drift]:
    for story in OF:
        for of_rollback, states in baseline(world, story).states:
            for place, state in enumerate(states):
                for change in CHANGES:
                    yield Drift(story, change, (state, states[: place + 1].count(state)), of_rollback)
