"""What a deployment costs, counted: transitions, invocations, calls, history, bytes, and what AWS charges for them.

It is played in the simulation, by the real definition and handlers, so that the figures are the same on every machine.
"""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import linear_regression
from typing import Any

import yaml
from botocore.awsrequest import AWSPreparedRequest

from benchmarks.budgets import LONG_MINUTES
from benchmarks.prices import dollars, quantities
from local.rates import OF_THEIR_OWN
from scenarios.world import Deployment
from verify.invariants import come_to_rest
from verify.simulation.emulator import Answer
from verify.simulation.faults import Call
from verify.simulation.wire import Caller
from verify.simulation.world import SimulatedWorld, simulated_world

LINEAR = {2: 50, 3: 34, 5: 20, 10: 10, 20: 5, 50: 2, 100: 1}
"""Steps of linear deployments, the last of which moves all traffic, and the percentage of a step."""
QUICK = (2, 5, 10)
"""The steps that are enough for a line, since the count is exact."""
_WRITE_UNIT, _READ_UNIT = 1024, 4096
"""Bytes of a unit, as DynamoDB charges them."""
_TRANSACTED = 2
"""What a write in a transaction costs more."""


@dataclass(frozen=True)
class Variant:
    """A deployment to be counted: its traffic routing as in a configuration's file, and whether it has hooks and an alarm.

    `steps` are its shifts; of hooks it has two.
    """

    name: str
    steps: int
    routing: Mapping[str, Any]
    hooks: bool = False
    alarm: bool = True


@dataclass(frozen=True)
class Count:
    """What a deployment did. `calls` are of AWS, by service and action; `scheduled` are those that the schedule made.

    `units` are the table's, written and read, without those of its indexes (about a dozen). `waited` is in seconds.
    """

    name: str
    steps: int
    hooks: bool
    alarm: bool
    transitions: int
    history_events: int
    record_bytes: int
    log_bytes: int
    waited: int
    units: tuple[float, float]
    invocations: Mapping[str, int]
    calls: Mapping[str, int]
    scheduled_invocations: Mapping[str, int]
    scheduled_calls: Mapping[str, int]

    def control_plane(self, verb: str) -> int:
        """How many calls of Lambda beginning with `verb` share the control plane's rate."""
        shared = (call for call in self.calls if call.partition(" ")[2] not in OF_THEIR_OWN)
        return sum(self.calls[call] for call in shared if call.startswith(f"lambda {verb}"))

    @property
    def dollars(self) -> dict[str, float]:
        """What it costs, by what AWS charges for; without the schedule and without the user's hooks."""
        return dollars(
            quantities(
                self.calls,
                transitions=self.transitions,
                invocations=sum(self.invocations.values()),
                units=self.units,
                log_bytes=self.log_bytes,
            )
        )


def variants(*, quick: bool) -> list[Variant]:
    """What is counted; `quick` leaves out what the line through the others tells as well."""
    steps = QUICK if quick else LINEAR
    shapes = [
        ("all at once", 1, {"type": "AllAtOnce"}),
        ("canary", 2, _canary(5)),
        *((f"linear, {count} steps", count, _linear(LINEAR[count])) for count in steps),
    ]
    chosen = [Variant(name, count, routing) for name, count, routing in shapes]
    bare = {"all at once", "canary", "linear, 10 steps"}
    for hooks, alarm in ((False, False), (True, False), (True, True)):
        chosen += [Variant(name, count, routing, hooks, alarm) for name, count, routing in shapes if name in bare]
    return [*chosen, Variant(f"canary of {LONG_MINUTES} minutes", 2, _canary(LONG_MINUTES))]


def _canary(minutes: int) -> dict[str, Any]:
    return {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": minutes}}


def _linear(percentage: int) -> dict[str, Any]:
    return {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": percentage, "linearInterval": 1}}


def measure(assembly: Path, *, quick: bool) -> dict[str, Any]:
    """All that is counted, as JSON carries it. The process becomes the simulation's."""
    with simulated_world(assembly) as world:
        counts = [count(world, variant) for variant in variants(quick=quick)]
    line = [each for each in counts if each.name.startswith("linear") and each.alarm and not each.hooks]
    return {
        "counts": [_kept(each) for each in counts],
        "fits": {
            "transitions": fit([(each.steps, each.transitions) for each in line]),
            "history events": fit([(each.steps, each.history_events) for each in line]),
            "Lambda invocations": fit([(each.steps, sum(each.invocations.values())) for each in line]),
            "AWS calls": fit([(each.steps, sum(each.calls.values())) for each in line]),
            "control-plane writes": fit([(each.steps, each.control_plane("Update")) for each in line]),
            "control-plane reads": fit([(each.steps, each.control_plane("Get")) for each in line]),
            "record bytes": fit([(each.steps, each.record_bytes) for each in line]),
        },
    }


def _kept(counted: Count) -> dict[str, Any]:
    control_plane = {"reads": counted.control_plane("Get"), "writes": counted.control_plane("Update")}
    return asdict(counted) | {
        "control_plane": control_plane,
        "dollars": {name: rounded(value) for name, value in counted.dollars.items()},
    }


def rounded(value: float) -> float:
    """To nine significant digits: what is left over of binary fractions is no figure."""
    return float(f"{value:.9g}")


def fit(points: Sequence[tuple[int, float]]) -> dict[str, float]:
    """The line a + b x steps through (steps, figure), and how far the farthest point is from it."""
    b, a = linear_regression(*zip(*points, strict=True))
    off = max(abs(a + b * steps - figure) for steps, figure in points)
    return {"a": round(a, 6), "b": round(b, 6) + 0.0, "off": round(off, 6)}


def count(world: SimulatedWorld, variant: Variant) -> Count:
    """Plays a deployment until nothing is left to happen, and counts."""
    world.simulation.forget()
    name = f"Counted{variant.steps}" + ("Long" if str(LONG_MINUTES) in variant.name else "")
    settings: dict[str, Any] = {"deploymentConfigName": "CodeDeployDefault.LambdaAllAtOnce"}
    if variant.steps > 1:
        world.put(f"deployment-configs/{name}.yaml", yaml.safe_dump({"trafficRoutingConfig": variant.routing}))
        world.until("the configuration", lambda: world.item(f"CONFIG#{name}", "CONFIG"))
        settings["deploymentConfigName"] = name
    if variant.alarm:
        settings["alarmConfiguration"] = {"enabled": True, "alarms": [{"name": world.alarm()}]}
    shop = world.shop(versions=2, **settings)
    answer = 'return {"status": "Succeeded"}'
    names = ("BeforeAllowTraffic", "AfterAllowTraffic") if variant.hooks else ()
    hooks = {event: world.hook(answer) for event in names}
    rest(world)
    world.delete_files()  # what the schedule asks after is this deployment's file alone
    with Ledger(world).open() as ledger:
        ended = world.ended(world.drop(shop, "2", **hooks))
        rest(world)
    if ended.record["status"] != "Succeeded":
        raise AssertionError(f"{variant}: {ended.outcome}")
    return ledger.count(variant, ended)


def rest(world: SimulatedWorld) -> None:
    """Lets everything happen that is still to happen."""
    if stuck := come_to_rest(world):
        raise AssertionError(stuck)


class Ledger:
    """Counts what goes on in a simulated account while it is open."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        self._invocations: Counter[str] = Counter()
        self._scheduled_invocations: Counter[str] = Counter()
        self._scheduled_calls: Counter[str] = Counter()
        self._units = [0.0, 0.0]

    @contextmanager
    def open(self) -> Iterator["Ledger"]:
        simulation = self._world.simulation
        simulation.faults.forget()
        simulation.clock.output.seek(0)
        simulation.clock.output.truncate()
        looks: list[tuple[list[Any], Any]] = [
            (simulation.functions.watch, self._invoked),
            (simulation.wire.before, self._called),
            (simulation.wire.watch, self._answered),
        ]
        for watchers, look in looks:
            watchers.append(look)
        try:
            yield self
        finally:
            for watchers, look in looks:
                watchers.remove(look)

    def count(self, variant: Variant, ended: Deployment) -> Count:
        simulation = self._world.simulation
        execution = simulation.machine.executions[ended.id]
        calls = Counter(f"{call.service} {call.operation.split()[0]}" for call in simulation.faults.calls)
        item = simulation.emulator.item(self._world.outputs["TableName"], f"DEPLOYMENT#{ended.id}", "DEPLOYMENT")
        return Count(
            name=variant.name,
            steps=variant.steps,
            hooks=variant.hooks,
            alarm=variant.alarm,
            transitions=len(execution.states),
            history_events=execution.events + 1,  # that it has ended
            record_bytes=simulation.emulator.size(item or {}),
            log_bytes=len(self._world.log().encode()),
            waited=sum(int(step["bakeSeconds"]) for step in ended.record["plan"]["steps"]),
            units=(self._units[0], self._units[1]),
            invocations=dict(sorted(self._invocations.items())),
            calls=dict(sorted((calls - self._scheduled_calls).items())),
            scheduled_invocations=dict(sorted(self._scheduled_invocations.items())),
            scheduled_calls=dict(sorted(self._scheduled_calls.items())),
        )

    def _invoked(self, construct: str, event: Any) -> None:
        if construct in self._world.simulation.functions.users:
            return  # what the user's functions do is not Weighbridge's
        (self._scheduled_invocations if _is_scheduled(event) else self._invocations)[construct] += 1

    def _called(self, call: Call) -> None:
        if self._by_schedule():
            self._scheduled_calls[f"{call.service} {call.operation}"] += 1

    def _by_schedule(self) -> bool:
        task = self._world.simulation.clock.current
        return task is not None and isinstance(task.context, Caller) and _is_scheduled(task.context.event)

    def _answered(self, who: str, operation: str, request: AWSPreparedRequest, answered: Answer) -> None:
        service, _, action = operation.partition(".")
        if service != "dynamodb" or who == "user" or self._by_schedule():
            return
        body = request.body if isinstance(request.body, (str, bytes)) else b"{}"
        written, read = units(self._world, action, json.loads(body or b"{}"), json.loads(answered[2] or b"{}"))
        self._units[0] += written
        self._units[1] += read


def units(world: SimulatedWorld, action: str, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[float, float]:
    """The table's units that a request has used, written and read."""
    emulator, table = world.simulation.emulator, world.outputs["TableName"]

    def size(key: Mapping[str, Any]) -> int:
        """Of the item of that key, after what has just been done to it."""
        return emulator.size(emulator.item(table, key["pk"]["S"], key["sk"]["S"]) or {})

    match action:
        case "GetItem":
            return 0, _units([size(asked["Key"])], _READ_UNIT) * (1 if asked.get("ConsistentRead") else 0.5)
        case "Query":
            return 0, _units([sum(emulator.size(item) for item in answer.get("Items", ()))], _READ_UNIT) * 0.5
        case "PutItem":
            return _units([size(asked["Item"])], _WRITE_UNIT), 0
        case "UpdateItem" | "DeleteItem":
            return _units([size(asked["Key"])], _WRITE_UNIT), 0
        case "TransactWriteItems":
            writes = [write for item in asked["TransactItems"] for write in item.values()]
            return _TRANSACTED * _units([size(write.get("Key") or write["Item"]) for write in writes], _WRITE_UNIT), 0
        case "BatchGetItem":
            items = [item for items in answer.get("Responses", {}).values() for item in items]
            return 0, _units([emulator.size(item) for item in items], _READ_UNIT)
    raise AssertionError(f"it is not known how many units {action} uses")


def _units(sizes: Sequence[int], unit: int) -> float:
    return sum(max(1, math.ceil(size / unit)) for size in sizes)


def _is_scheduled(event: Any) -> bool:
    return isinstance(event, dict) and event.get("detail-type") == "Scheduled Event"
