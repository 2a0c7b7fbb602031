"""Very many deployments at once, in an account that AWS lets call no more often than any account.

All of them shift their aliases at the same time, and the alarms of some of them fire meanwhile. Every deployment ends
rightly, none fails because it was throttled, and traffic goes back before other traffic goes forward.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Any

import yaml

from local.rates import Rates
from tests.workflow.world import Alias, Shop, World, appspec
from verify.case import Tried

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    for one in watched.values():
        world.put(f"{one.shop.name}/prod/release.yaml", appspec(one.shop.name, "2"))
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


def cases(_world: SimulatedWorld) -> Iterator[Simulated]:
    yield Simulated(60)
    yield Simulated(200)
