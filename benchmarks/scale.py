"""How far it scales: many deployments in an account of AWS's rates, simulated in virtual time.

Lambda's control plane, DescribeAlarms and StartExecution refuse what is too much (local.rates), and as many functions run
at a time as an account may have run; of what has a rate that is far away the most in a second is measured. The load that
`verify` plays is played on the local cloud, too, by real processes in real time.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter
from typing import TYPE_CHECKING, Any

import yaml

from benchmarks.cost import rest, units
from benchmarks.samples import spread_of
from local.cloud import LocalCloud
from local.deployment import deploy
from local.rates import LAMBDA_CONTROL_PLANE, OF_THEIR_OWN, Rates
from scenarios.world import SOURCE, World, appspec
from verify.load import deploy_at_once, problems
from verify.simulation.concurrency import Concurrency
from verify.simulation.functions import BUSY, START
from verify.simulation.states import TRANSITION
from verify.simulation.wire import LATENCY
from verify.simulation.world import SimulatedWorld, simulated_world
from weighbridge.core import ids
from weighbridge.core.groups import parse
from weighbridge.store import settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from botocore.awsrequest import AWSPreparedRequest

    from verify.simulation.emulator import Answer
    from verify.simulation.execution import Execution

FUNCTION = "shop-of-many"
BAKE = 60
"""Seconds of the canary that every deployment is."""
EVERY = 10
"""One deployment in so many has an alarm that fires."""
FIRES_AFTER = 20.0
"""Seconds from its first share to an alarm, in the middle of the bake."""
HOUR = 3600.0
ACCOUNT = 1000
"""Concurrent invocations of an account."""
LOOK = 10.0
"""Virtual seconds between two looks at whether all has ended."""
LONGEST = 4 * HOUR
DEPLOYMENTS, QUICK = (10, 100, 1000), (10,)
PROCESSES = 2
CHECKED = {20: 3.0, 200: 3.0}
"""Deployments that are played on the local cloud, too, and seconds that a second of AWS takes there."""
WORKERS = 16
USES = ("transitions", "starts", "writes", "reads", "events")
"""What has a rate that is far away, of which the most in a second is measured; of the table, units."""


def measure(assembly: Path, *, quick: bool) -> dict[str, Any]:
    """What loads there are and what came of each."""
    numbers, spreads = (QUICK, (0.0,)) if quick else (DEPLOYMENTS, (0.0, HOUR))
    # A process has one simulated account.
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), max_tasks_per_child=1) as pool:
        played = [pool.submit(_played, assembly, numbers, spread) for spread in spreads]
        simulated = [] if quick else [pool.submit(_at_once, assembly, list(CHECKED))]
        figures = {
            "loads": [load for each in played for load in each.result()],
            "simulated": [load for each in simulated for load in each.result()],
        }
    local = [] if quick else [_on_local_cloud(assembly, number, scale) for number, scale in CHECKED.items()]
    assumed = {"call": LATENCY, "transition": TRANSITION, "invocation": START + BUSY}
    return figures | {"localCloud": local, "assumedSeconds": assumed}


def _played(assembly: Path, numbers: Sequence[int], spread: float) -> list[dict[str, Any]]:
    """What came of loads. The process becomes the simulation's."""
    with simulated_world(assembly) as world:
        return [Load(world, number, spread).played() for number in numbers]


class Load:
    """So many deployments, begun together or evenly spread over so many seconds."""

    def __init__(self, world: SimulatedWorld, deployments: int, spread: float) -> None:
        self._world, self._deployments, self._spread = world, deployments, spread
        self._dropped: dict[int, tuple[datetime, str]] = {}
        self._fired: dict[int, datetime] = {}
        self._calls: Counter[str] = Counter()
        self._uses = {name: defaultdict[int, float](float) for name in USES}
        """How much of what has a rate was used, by the second."""

    def played(self) -> dict[str, Any]:
        """Plays it to its end; what came of it."""
        world, simulation = self._world, self._world.simulation
        simulation.forget()
        self._prepare()
        rest(world)
        simulation.wire.rates = rates = Rates()
        simulation.functions.concurrency = concurrency = Concurrency(ACCOUNT, simulation.reserved)
        began, started = simulation.clock.now, perf_counter()
        try:
            with self._watching():
                for number in range(self._deployments):
                    delay = self._spread * number / self._deployments
                    simulation.clock.after(delay, partial(self._drop, number), "a file is dropped")
                self._play(began)
        finally:
            simulation.wire.rates = simulation.functions.concurrency = None
        return self._figures(began) | {
            "throttled": rates.refused,
            "noRoom": concurrency.refused,
            "realSeconds": round(perf_counter() - started),
            "mebibytes": round(getrusage(RUSAGE_SELF).ru_maxrss / 1024),
        }

    def _prepare(self) -> None:
        """Aliases of one function, each with a group and an alarm of its own."""
        world, now = self._world, datetime.now(UTC).isoformat()
        routing = {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": BAKE // 60}}
        world.put("deployment-configs/Minute.yaml", yaml.safe_dump({"trafficRoutingConfig": routing}))
        world.until("the configuration", lambda: world.item("CONFIG#Minute", "CONFIG"))
        functions = world.client("lambda")
        if world.simulation.emulator.function(FUNCTION) is None:
            world.function(FUNCTION, SOURCE.format(answer=1), SOURCE.format(answer=2))
        for number in range(self._deployments):
            if world.simulation.emulator.alias(FUNCTION, _alias(number)) is None:
                functions.create_alias(FunctionName=FUNCTION, Name=_alias(number), FunctionVersion="1")
            functions.update_alias(FunctionName=FUNCTION, Name=_alias(number), FunctionVersion="1", RoutingConfig={})
            alarm = {"enabled": True, "alarms": [{"name": world.alarm(name=_alarm(number))}]}
            group = {"deploymentConfigName": "Minute", "alarmConfiguration": alarm}
            settings.put_group(_application(number), "prod", parse(_application(number), "prod", group), now)

    def _drop(self, number: int) -> None:
        key, content = f"{_application(number)}/prod/release.yaml", appspec(FUNCTION).replace("live", _alias(number))
        version = self._world.put(key, content)
        named = ids.deployment_id(f"s3://{self._world.bucket}/{key}?versionId={version}")
        self._dropped[number] = (datetime.now(UTC), named)

    def _play(self, began: float) -> None:
        simulation = self._world.simulation
        executions = simulation.machine.executions
        while len(self._dropped) < self._deployments or not all(
            name in executions and executions[name].status != "RUNNING" for _, name in self._dropped.values()
        ):
            if simulation.clock.now - began > LONGEST:
                raise AssertionError(f"{self._deployments} deployments have not ended within {LONGEST:g} s")
            self._world.pause(LOOK)

    @contextmanager
    def _watching(self) -> Iterator[None]:
        simulation = self._world.simulation
        simulation.wire.watch.append(self._answered)
        simulation.machine.entering.append(self._entered)
        try:
            yield
        finally:
            simulation.wire.watch.remove(self._answered)
            simulation.machine.entering.remove(self._entered)

    def _entered(self, _execution: Execution, _state: str) -> None:
        self._use("transitions")

    def _answered(self, who: str, operation: str, request: AWSPreparedRequest, answered: Answer) -> None:
        service, _, action = operation.partition(".")
        if who == "user":
            return
        match service:
            case "lambda" if action not in OF_THEIR_OWN:
                self._calls[action] += 1
                if action == "UpdateAlias" and who == "ShiftTraffic":
                    self._fire(int(request.url.rpartition("/a")[2]))
            case "sfn" if action == "StartExecution":
                self._use("starts")
            case "eventbridge" if action == "PutEvents":
                self._use("events")
            case "dynamodb":
                body = request.body if isinstance(request.body, (str, bytes)) else b"{}"
                written, read = units(self._world, action, json.loads(body), json.loads(answered[2] or b"{}"))
                self._use("writes", written)
                self._use("reads", read)

    def _use(self, name: str, amount: float = 1) -> None:
        self._uses[name][int(self._world.simulation.clock.now)] += amount

    def _fire(self, number: int) -> None:
        """Has the alarm of a deployment that has begun to shift fire, where it is one of those that do."""
        if number % EVERY or number in self._fired:
            return
        clock = self._world.simulation.clock
        self._fired[number] = datetime.max.replace(tzinfo=UTC)

        def fire() -> None:
            self._fired[number] = datetime.now(UTC)
            self._world.set_alarm(_alarm(number), "ALARM")

        clock.after(FIRES_AFTER, fire, "an alarm fires")

    def _figures(self, began: float) -> dict[str, Any]:
        simulation = self._world.simulation
        first, late, back, failed, ended = [], [], [], Counter[str](), began
        for number, (dropped, name) in self._dropped.items():
            record = self._world.record(name)
            outcome = (record["status"], record.get("errorInformation", {}).get("code"))
            if outcome != (("Stopped", "ALARM_ACTIVE") if number in self._fired else ("Succeeded", None)):
                failed[f"{outcome[0]} {outcome[1]}"] += 1
            shifts = _shifts(record)
            first += [_seconds(dropped, shift) for shift in shifts[:1]]
            late += [_seconds(shifts[0], shift) - BAKE for shift in shifts[1:2]]
            ended = max(ended, simulation.since(record["completeTime"]))
            if number in self._fired:
                rollback = self._world.item(f"DEPLOYMENT#{ids.rollback_id(name)}", "DEPLOYMENT") or {"timeline": []}
                back += [_seconds(self._fired[number], shift) for shift in _shifts(rollback)[:1]]
        return {
            "deployments": self._deployments,
            "spreadSeconds": self._spread,
            "failed": dict(failed),
            "alarms": len(self._fired),
            "firstShift": spread_of(first),
            "stepLate": spread_of(late),
            "trafficBack": spread_of(back),
            "makespan": round(ended - began, 1),
            "controlPlaneCalls": sum(self._calls.values()),
            "atTheRate": round(sum(self._calls.values()) / LAMBDA_CONTROL_PLANE, 1),
            "mostInASecond": {name: max(use.values(), default=0) for name, use in self._uses.items()},
        }


def _alias(number: int) -> str:
    return f"a{number}"


def _alarm(number: int) -> str:
    return f"alarm-of-many-{number}"


def _application(number: int) -> str:
    return f"shop-of-many-{number}"


def _shifts(record: Mapping[str, Any]) -> list[datetime]:
    return [datetime.fromisoformat(entry["time"]) for entry in record["timeline"] if entry["event"] == "TrafficShifted"]


def _seconds(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds()


# ------------------------------------------------------------------------------------------------- on the local cloud


def _at_once(assembly: Path, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """The load of `verify`, simulated. The process becomes the simulation's."""
    measured = []
    with simulated_world(assembly) as world:
        for number in numbers:
            world.simulation.forget()
            world.simulation.wire.rates = Rates()
            measured.append(_measured(world, number))
    return measured


def _on_local_cloud(assembly: Path, number: int, scale: float) -> dict[str, Any]:
    """The same on the local cloud, whose functions are processes that share this machine."""
    with tempfile.TemporaryDirectory(prefix="weighbridge-bench-") as directory:
        local = LocalCloud(time_scale=scale, directory=Path(directory), enforce_iam=True, limit_rates=True, workers=WORKERS)
        with local as cloud:
            return _measured(World(cloud, deploy(cloud, assembly)), number) | {"timeScale": scale}


def _measured(world: World, number: int) -> dict[str, Any]:
    load = deploy_at_once(world, number)
    return {
        "deployments": number,
        "wrong": list(problems(world, load, number)),
        "firstShift": spread_of(load.waits),
        "trafficBack": spread_of(load.reactions),
    }
