"""Every interleaving of those who may act on one deployment at the same time, explored to the end.

The actors are the real ones: the state machine, the handlers, Step Functions' time-outs. What one of them does between two
calls of AWS nobody else can see, so that an interleaving is an order of calls and time-outs; a time-out may strike at any
moment. Where two orders lead to the same state of everything, what follows is explored once.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.workflow.world import Shop
from verify import stories
from verify.ending import of_locks, of_record
from verify.simulation.clock import Due, Kind
from verify.simulation.machine import Execution, Position
from verify.simulation.world import SimulatedWorld
from verify.stories import RUNNING, Told

MOST_STATES = 50_000
"""More than any race has: one that has more is not explored to its end, and does not hold."""
# What differs between two runs that are otherwise the same.
_ACCIDENTAL = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{64}|token-\d+-of-[\w-]+|request-\d+"
)
_TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)|\b17\d{8}(\.\d+)?")


@dataclass
class Scene:
    """A deployment right before a state: what a race starts from."""

    world: SimulatedWorld
    shop: Shop
    execution: Execution
    at: Position
    kept: Any

    @property
    def deployment_id(self) -> str:
        return self.execution.name

    def set(self) -> None:
        """Everything is as it was when the deployment came to that state, and nothing happens by itself."""
        simulation = self.world.simulation
        simulation.forget()
        simulation.emulator.restore(self.world.outputs["TableName"], self.shop.name, self.kept)
        simulation.is_reading = True  # nobody tells of what happens meanwhile

    def go_on(self) -> None:
        """The execution goes on from that state."""
        self.world.simulation.machine.start(self.execution.name, self.execution.input, self.at)

    def record(self) -> dict[str, Any]:
        return self.world.item(f"DEPLOYMENT#{self.deployment_id}", "DEPLOYMENT") or {}

    def call(self, construct: str, event: dict[str, Any]) -> None:
        """A function of the stack is called with an event."""
        functions = self.world.simulation.functions
        functions.start(functions.named(construct), event)

    def event(self, source: str, detail_type: str, detail: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": "event",
            "source": source,
            "detail-type": detail_type,
            "time": (self.world.simulation.clock.time + timedelta(hours=1)).isoformat(timespec="seconds"),
            "detail": detail,
        }

    def alarm(self) -> None:
        [name] = self.record()["locks"]["alarms"]
        self.call("Interrupt", self.event("aws.cloudwatch", "CloudWatch Alarm State Change", {"alarmName": name}))

    def stop(self) -> None:
        detail = {"deploymentId": self.deployment_id}
        self.call("Interrupt", self.event("my.pipeline", "Deployment Stop Requested", detail))

    def sweep(self) -> None:
        self.call("Settle", self.event("aws.events", "Scheduled Event", {}))


Act = Callable[[Scene], None]
Look = Callable[[Scene], Iterator[str]]


@dataclass(frozen=True)
class Race:
    """`act` lets the actors loose; `holds` yields what does not hold after an interleaving."""

    name: str
    before: str
    act: Act
    holds: Look
    hooks: bool = False
    supervised: bool = False
    """Whether the supervisor is told of executions that end, and so takes part."""

    fault_class = "races, every interleaving"

    def __str__(self) -> str:
        return self.name


@dataclass
class Explored:
    """How many states there are, how many interleavings were followed to their end, and what did not hold."""

    states: int = 0
    interleavings: int = 0
    problems: list[str] = field(default_factory=list)


def explore(world: SimulatedWorld, race: Race) -> Explored:
    scene = _scene(world, race.before, hooks=race.hooks)
    found, visited = Explored(), set[str]()
    to_follow: list[list[str]] = [[]]
    with nullcontext() if race.supervised else world.without_rule("ExecutionEnded"):
        while to_follow and not found.problems and len(visited) <= MOST_STATES:
            _follow(scene, race, to_follow.pop(), found, visited, to_follow)
    if len(visited) > MOST_STATES:
        found.problems.append(f"{race} has more than {MOST_STATES} states")
    found.states = len(visited)
    return found


def _follow(  # noqa: PLR0913 - one step of a search, and all that it works on
    scene: Scene, race: Race, prefix: list[str], found: Explored, visited: set[str], to_follow: list[list[str]]
) -> None:
    """Follows an interleaving: first as `prefix` says, then the first way on, with the others left for later."""
    scene.set()
    seen = _Seen(scene.world)
    race.act(scene)
    taken: list[str] = []
    clock = scene.world.simulation.clock
    while choices := _choices(scene.world):
        lost = _lost_wake_up(scene, choices)
        if lost:
            found.problems.append(f"{lost}, after {taken}")
            return
        if len(taken) < len(prefix):
            due = choices[prefix[len(taken)]]
        else:
            state = _state(scene.world, choices, seen)
            if state in visited:
                return
            visited.add(state)
            first, *others = choices
            to_follow.extend([*taken, other] for other in others)
            due = choices[first]
        taken.append(due.what)
        clock.happen(due)
    found.interleavings += 1
    found.problems.extend(f"{problem}, after {taken}" for problem in race.holds(scene))


def _choices(world: SimulatedWorld) -> dict[str, Due]:
    """Everything that may happen next, by what it is, once all steps that nobody can see are taken."""
    clock = world.simulation.clock
    while steps := [due for due in clock.pending if due.kind is Kind.STEP]:
        clock.happen(steps[0])
    return {due.what: due for due in clock.pending if due.kind in {Kind.CALL, Kind.TIME_OUT}}


def _lost_wake_up(scene: Scene, choices: dict[str, Due]) -> str:
    """Whether the execution waits for its time-out alone, though what should have ended the wait is on record."""
    if any(due.kind is Kind.CALL for due in choices.values()):
        return ""
    record = scene.record()
    gate = record.get("gate")
    if gate is None or record["status"] not in RUNNING or scene.world.simulation.machine.waits.get(gate["token"], True):
        return ""
    if "interruption" in record:
        return "a lost wake-up: the wait goes on after an interruption"
    if "answer" in record["hooks"].get(gate["waitingFor"], {}):
        return "a lost wake-up: the wait goes on after its hook has answered"
    return ""


class _Seen:
    """What each task has been answered so far: with that, what it does next is settled."""

    def __init__(self, world: SimulatedWorld) -> None:
        self.answers: dict[str, list[str]] = {}
        clock, watch = world.simulation.clock, world.simulation.wire.watch
        watch[:] = [look for look in watch if not isinstance(getattr(look, "__self__", None), _Seen)]
        self._clock = clock
        watch.append(self.note)

    def note(self, _who: str, operation: str, _request: Any, answered: Any) -> None:
        task = self._clock.current
        if task:
            self.answers.setdefault(task.name, []).append(f"{operation} {answered.status_code} {answered.text}")


def _state(world: SimulatedWorld, choices: dict[str, Due], seen: _Seen) -> str:
    """The state of everything, the same for the same, whatever times and random ids are in it."""
    simulation = world.simulation
    items = sorted(
        simulation.emulator.items(world.outputs["TableName"]), key=lambda item: (item["pk"]["S"], item["sk"]["S"])
    )
    everything = {
        "items": items,
        "aliases": [(function, simulation.emulator.alias(function, "live")) for function in world.shops],
        "executions": [(one.name, one.status, one.states) for one in simulation.machine.executions.values()],
        "waits": simulation.machine.waits,
        "choices": sorted(choices),
        "seen": seen.answers,
    }
    text = _TIMES.sub("TIME", json.dumps(everything, sort_keys=True, default=str))
    names: dict[str, str] = {}
    return hashlib.sha256(_ACCIDENTAL.sub(lambda m: names.setdefault(m[0], f"#{len(names)}"), text).encode()).hexdigest()


def _scene(world: SimulatedWorld, state: str, *, hooks: bool) -> Scene:
    """Deploys until the execution comes to `state`, and keeps everything as it is then."""
    world.simulation.forget()
    told = Told(world.shop(deploymentConfigName="Brief", **stories.with_alarm(world)))
    reached: list[Execution] = []

    def look(execution: Execution, name: str) -> None:
        if name == state and not reached:
            reached.append(execution)

    machine = world.simulation.machine
    machine.entering.append(look)
    try:
        answers = {"BeforeAllowTraffic": stories.hook(world, told, lambda _: None)} if hooks else {}
        stories.drop(world, told, **answers)
        world.until(state, lambda: bool(reached))
    finally:
        machine.entering.remove(look)
    [execution] = reached
    assert execution.at
    kept = world.simulation.emulator.snapshot(world.outputs["TableName"], told.shop.name)
    return Scene(world, told.shop, execution, execution.at, kept)


# --------------------------------------------------------------------------------------------------------- the races


def _ended(scene: Scene) -> Iterator[str]:
    """Whatever happened: all records are final and say why, nothing is locked, and the alias is where they say."""
    told = Told(scene.shop, [scene.deployment_id])
    for record in scene.world.records():
        yield from of_record(record)
    yield from of_locks(scene.world, told)
    alias, record = scene.world.alias(scene.shop), scene.record()
    should = record["plan"]["targetVersion" if record["status"] == "Succeeded" else "currentVersion"]
    if alias.weights or alias.version != should:
        yield f"the deployment is {record['status']}, and the alias is {alias}"
    if record["status"] == "Succeeded" and "interruption" in record:
        yield "it succeeded although it was interrupted"
    calls = [entry for entry in record["timeline"] if entry["event"] in {"HookCalled", "HookAnswered", "Ended"}]
    if len({(entry["event"], entry.get("lifecycleEvent")) for entry in calls}) < len(calls):
        yield f"something happened twice: {calls}"
    running = [one.name for one in scene.world.simulation.machine.executions.values() if one.status == "RUNNING"]
    if running:
        yield f"still running: {running}"


def _gate(scene: Scene) -> None:
    scene.go_on()
    scene.alarm()
    scene.stop()


def _hook(scene: Scene) -> None:
    def report(event: dict[str, str]) -> None:
        detail = {
            "deploymentId": event["DeploymentId"],
            "lifecycleEventHookExecutionId": event["LifecycleEventHookExecutionId"],
            "status": "Succeeded",
        }
        scene.call("Interrupt", scene.event("my.hook", "Lifecycle Event Hook Reported", detail))

    def run(event: dict[str, str]) -> dict[str, str]:
        report(event)
        return {"status": "Failed", "message": "whichever comes first"}

    [name] = scene.record()["plan"]["hooks"].values()
    scene.world.simulation.functions.users[name] = run
    scene.go_on()
    scene.stop()


def _completion(scene: Scene) -> None:
    scene.go_on()
    scene.alarm()
    scene.stop()


def _settlers(scene: Scene) -> None:
    """The execution is stopped while a shift is on its way; two sweeps and the event of its end find it."""
    scene.go_on()
    machine = scene.world.simulation.machine
    _choices(scene.world)  # the shift has begun
    machine.end(machine.executions[scene.deployment_id], "ABORTED")
    scene.sweep()


def _living(scene: Scene) -> None:
    """A sweep comes while the execution lives, and a stop request too."""
    scene.go_on()
    scene.sweep()
    scene.stop()


def _drops(scene: Scene) -> None:
    """The execution of a second drop for the same alias begins at the same instant."""
    scene.go_on()
    for other in scene.others:
        scene.world.simulation.machine.start(other.name, other.input)


def _one_at_a_time(scene: Scene) -> Iterator[str]:
    """Of the deployments for one alias, those that succeeded did so one after the other; the others were refused."""
    yield from of_locks(scene.world, Told(scene.shop))
    times = []
    for record in scene.world.records():
        yield from of_record(record)
        code = record.get("errorInformation", {}).get("code")
        if record["status"] == "Succeeded":
            times.append((record["startTime"], record["completeTime"]))
        elif code not in {"RESOURCE_LIMIT_EXCEEDED", "INVALID_LAMBDA_CONFIGURATION"}:
            yield f"a drop ended {record['status']}, {code}: {record['errorInformation']['message']}"
    if not times:
        yield "neither drop was deployed"
    if scene.world.alias(scene.shop) != Alias("2", {}):
        yield f"the alias is {scene.world.alias(scene.shop)}"
    holders = [record["locks"] for record in scene.world.records() if "startTime" in record]
    if len(holders) > 1 and sorted(times) != times and len(times) > 1:
        yield f"two drops ran at once: {times}"


def _outlived(scene: Scene) -> None:
    """A shift that Step Functions has given up on still runs, while the machine records its failure and rolls back."""
    scene.call("ShiftTraffic", scene.shift)
    scene.go_on()


RACES = [
    Race("a wait begins while an alarm fires and a stop is asked for", "Bake", _gate, _ended),
    Race(
        "a hook returns, reports, is stopped and runs out of time", "Run BeforeAllowTraffic hook", _hook, _ended, hooks=True
    ),
    Race("a deployment completes while an alarm fires and a stop is asked for", "Complete deployment", _completion, _ended),
    Race("two settlers and a shift that outlives its execution", "Shift traffic", _settlers, _ended, supervised=True),
    Race("a sweep and a stop request meet a living execution", "Bake", _living, _ended),
]
