"""Very many deployments at once, in an account that AWS lets call no more often than any account.

All of them shift their aliases at the same time, and the alarms of some of them fire meanwhile. Every deployment ends
rightly, none fails because it was throttled, and traffic goes back before other traffic goes forward.

And a flood: beside deployments in their bakes, far more wrong files than the account's functions can take at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Any

import yaml

from local.rates import Rates
from scenarios.world import Alias, Shop, World, appspec
from verify.case import Tried
from verify.simulation.concurrency import Concurrency
from weighbridge.core import ids

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from verify.simulation.machine import Machine
    from verify.simulation.world import SimulatedWorld

RUNNING = {"Created", "InProgress"}
EVERY = 10
"""One deployment in so many has an alarm that fires."""
LONGEST = 3600.0
"""Seconds in which all must have ended."""
PAUSE = 0.5
"""Seconds between two looks at the records."""
REACTION = 15.0
"""Seconds from an alarm to its traffic being back, at most."""
CONFIG = {
    "trafficRoutingConfig": {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 1}}
}

Record = dict[str, Any]


@dataclass(frozen=True)
class Watched:
    """A deployment of the load: its alias, and its alarm where that is to fire."""

    shop: Shop
    alarm: str | None


@dataclass
class Load:
    """What came of it, by the names of the functions: when alarms fired, and the records of deployments and rollbacks.

    `time_scale` is that of the cloud: here, seconds are those of AWS.
    """

    fired: dict[str, datetime]
    deployments: dict[str, Record]
    rollbacks: dict[str, Record]
    time_scale: float

    @property
    def reactions(self) -> list[float]:
        """Seconds from each alarm to its traffic being back."""
        return [
            (shifts[0] - at).total_seconds() / self.time_scale
            for name, at in self.fired.items()
            if (shifts := _shifts(self.rollbacks.get(name, {"timeline": []})))
        ]

    @property
    def waits(self) -> list[float]:
        """Seconds that each deployment took to its first shift: nothing but waiting for Lambda is in the way of it."""
        began = [(_time(record["createTime"]), _shifts(record)) for record in self.deployments.values()]
        return [(shifts[0] - at).total_seconds() / self.time_scale for at, shifts in began if shifts]

    def __str__(self) -> str:
        if not self.waits or not self.reactions:
            return f"{len(self.waits)} deployments shifted traffic, {len(self.fired)} alarms fired"
        return (
            f"first shifts after {median(self.waits):.0f} s, at most {max(self.waits):.0f} s; traffic back "
            f"{median(self.reactions):.1f} s after an alarm, at most {max(self.reactions):.1f} s"
        )


def _time(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


def _shifts(record: Record) -> list[datetime]:
    return [_time(entry["time"]) for entry in record["timeline"] if entry["event"] == "TrafficShifted"]


def deploy_at_once(world: World, aliases: int) -> Load:
    """Deploys that many aliases at the same time, lets every tenth alarm fire as soon as its alias has begun to shift."""
    world.put("deployment-configs/Minute.yaml", yaml.safe_dump(CONFIG))
    world.until("the configuration", lambda: world.item("CONFIG#Minute", "CONFIG"))
    watched = dict(_watched(world, number % EVERY == 0) for number in range(aliases))
    load = Load({}, {}, {}, world.cloud.time_scale)
    for watch in watched.values():
        world.put(f"{watch.shop.name}/prod/release.yaml", appspec(watch.shop.name, "2"))
    passed = 0.0
    while not _over(world, load, aliases):
        if passed > LONGEST:
            break
        for name, record in load.deployments.items():
            alarm = watched[name].alarm
            if alarm and name not in load.fired and record.get("gate", {}).get("waitingFor") == "bake":
                load.fired[name] = datetime.now(UTC)
                world.set_alarm(alarm, "ALARM")
        world.pause(PAUSE)
        passed += PAUSE
    return load


def _watched(world: World, fires: bool) -> tuple[str, Watched]:  # noqa: FBT001 - one of two kinds
    alarm = world.alarm()
    watches = {"enabled": True, "alarms": [{"name": alarm}]}
    shop = world.shop(deploymentConfigName="Minute", alarmConfiguration=watches)
    return shop.name, Watched(shop, alarm if fires else None)


def _over(world: World, load: Load, aliases: int) -> bool:
    """Reads all records; whether every deployment and every rollback has ended."""
    records = world.records()
    load.deployments = {each["applicationName"]: each for each in records if each["creator"] == "user"}
    load.rollbacks = {each["applicationName"]: each for each in records if each["creator"] != "user"}
    return len(load.deployments) == aliases and all(record["status"] not in RUNNING for record in records)


def problems(world: World, load: Load, aliases: int) -> Iterator[str]:
    """What did not hold, one sentence each."""
    for name, record in load.deployments.items():
        outcome = (record["status"], record.get("errorInformation", {}).get("code"))
        should = ("Stopped", "ALARM_ACTIVE") if name in load.fired else ("Succeeded", None)
        if outcome != should:
            yield f"{name} ended {outcome} instead of {should}: {record.get('errorInformation', {}).get('message')}"
        alias = world.alias(Shop(name))
        if alias != Alias("1" if name in load.fired else "2", {}):
            yield f"{name} ended {outcome}, and its alias is {alias}"
    if len(load.deployments) < aliases:
        yield f"{len(load.deployments)} deployments came of {aliases} files"
    if not load.fired or len(load.reactions) < len(load.fired):
        yield f"traffic went back {len(load.reactions)} times after {len(load.fired)} alarms"
    elif max(load.reactions) > REACTION:
        yield f"traffic was back {max(load.reactions):.1f} s after its alarm only"
    elif max(load.reactions) > median(load.waits):
        yield f"traffic did not go back first: {load}"


@dataclass(frozen=True)
class Simulated:
    """The load in virtual time."""

    aliases: int

    fault_class = "load, simulated"

    def __str__(self) -> str:
        return f"{self.aliases} deployments at once"

    def run(self, world: SimulatedWorld) -> Tried:
        world.simulation.forget()
        world.simulation.wire.rates = rates = Rates()
        try:
            load = deploy_at_once(world, self.aliases)
        finally:
            world.simulation.wire.rates = None
        wrong = list(problems(world, load, self.aliases))
        if not rates.refused:
            wrong.append("nothing was refused: this was no load")
        return Tried(wrong, self.aliases, str(load))


HOURS = {
    "trafficRoutingConfig": {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 600}}
}
SPREAD = 0.5
"""Seconds between two alarms."""


FLOODED = Shop("flooded")
"""The group that the wrong files are for."""
WRONG = ("version: none", appspec("shop-that-is-not-there"))
"""Files in turn: one is refused for what it says, the other once Lambda has been asked."""


@dataclass(frozen=True)
class Reactions:
    """Seconds from each alarm to its traffic being back; of how many files nothing came; how long all took, in seconds."""

    seconds: list[float]
    lost: int
    took: float
    refused: int
    """Invocations for which there was no room."""

    def problems(self, alarms: int) -> Iterator[str]:
        if len(self.seconds) < alarms:
            yield f"traffic went back {len(self.seconds)} times after {alarms} alarms"
        elif max(self.seconds) > REACTION:
            yield f"traffic was back {max(self.seconds):.1f} s after its alarm only"
        if self.lost:
            yield f"of {self.lost} files nothing came"

    def __str__(self) -> str:
        if not self.seconds:
            return "never"
        return f"after {median(self.seconds):.1f} s, at most {max(self.seconds):.1f} s (all done after {self.took:.0f} s)"


@dataclass(frozen=True)
class Flood:
    """Alarms of some of many open deployments fire: by themselves, and while wrong files are dropped, all at once.

    The same with no function capped is measured for comparison, but need not hold.
    """

    drops: int = 2000
    deployments: int = 500
    alarms: int = 20
    account: int = 250
    """Concurrent invocations of the account: hardly more than the stack reserves and Lambda leaves to others."""

    fault_class = "load, simulated"

    def __str__(self) -> str:
        return f"{self.alarms} alarms, {self.deployments} open deployments, {self.drops} wrong files"

    def run(self, world: SimulatedWorld) -> Tried:
        world.simulation.forget()
        try:
            baking = self._in_their_bakes(world)
            reserved = world.simulation.reserved
            alone = self._reactions(world, baking, reserved, 0)
            flooded = self._reactions(world, baking, reserved, self.drops)
            uncapped = self._reactions(world, baking, {}, self.drops)
        finally:
            world.simulation.wire.rates = world.simulation.functions.concurrency = None
        wrong = [problem for each in (alone, flooded) for problem in each.problems(self.alarms)]
        if not reserved:
            wrong.append("the stack reserves no concurrency")
        if not flooded.refused:
            wrong.append("there was room for every invocation: this was no flood")
        measured = f"traffic back without the flood {alone}; with it {flooded}; with it and nothing capped {uncapped}"
        return Tried(wrong, self.deployments, measured)

    def _in_their_bakes(self, world: World) -> dict[str, str]:
        """Deployments, and the alarm of each."""
        world.put("deployment-configs/Hours.yaml", yaml.safe_dump(HOURS))
        world.until("the configuration", lambda: world.item("CONFIG#Hours", "CONFIG"))
        world.group(FLOODED)
        baking = {}
        for _ in range(self.deployments):
            alarm = world.alarm()
            watches = {"enabled": True, "alarms": [{"name": alarm}]}
            shop = world.shop(versions=2, deploymentConfigName="Hours", alarmConfiguration=watches)
            baking[world.drop(shop, "2")] = alarm
        for deployment_id in baking:
            world.in_bake(deployment_id)
        return baking

    def _reactions(
        self, world: SimulatedWorld, baking: dict[str, str], reserved: Mapping[str, int], drops: int
    ) -> Reactions:
        """What comes of alarms of these deployments, which are taken out, where functions reserve so much concurrency."""
        simulation, began = world.simulation, datetime.now(UTC)
        simulation.wire.rates = Rates()
        simulation.functions.concurrency = concurrency = Concurrency(self.account, reserved)
        # A rollback is an execution, too.
        expected = len(simulation.machine.executions) + drops + self.alarms
        for number in range(drops):
            world.put(f"{FLOODED.name}/prod/{number}.yaml", WRONG[number % len(WRONG)])
        fired: dict[str, datetime] = {}
        for _ in range(self.alarms):
            world.pause(SPREAD)
            deployment_id, alarm = baking.popitem()
            fired[deployment_id] = datetime.now(UTC)
            world.set_alarm(alarm, "ALARM")
        while not _settled(simulation.machine, expected, baking) and _since(began) < LONGEST:
            world.pause(SPREAD * 10)
        seconds = []
        for deployment_id, at in fired.items():
            rollback = world.item(f"DEPLOYMENT#{ids.rollback_id(deployment_id)}", "DEPLOYMENT")
            seconds += [(shift - at).total_seconds() for shift in _shifts(rollback or {"timeline": []})[:1]]
        return Reactions(seconds, expected - len(simulation.machine.executions), _since(began), concurrency.refused)


def _since(began: datetime) -> float:
    return (datetime.now(UTC) - began).total_seconds()


def _settled(machine: Machine, executions: int, baking: Collection[str]) -> bool:
    """Whether there are so many executions, and none runs but those of deployments that are still in their bakes."""
    known = machine.executions.values()
    return len(known) >= executions and all(
        execution.status != "RUNNING" or execution.name in baking for execution in known
    )


def cases(_world: SimulatedWorld) -> Iterator[Simulated | Flood]:
    yield Simulated(30)
    yield Simulated(200)
    yield Flood()
