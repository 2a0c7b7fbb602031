"""Every interleaving of those who may act on one deployment at the same time, explored to the end.

The actors are the real ones: the state machine, the handlers, Step Functions' time-outs. What one of them does between two
calls of AWS nobody else can see, so that an interleaving is an order of calls and time-outs; a time-out may strike at any
moment. Where two orders lead to the same state of everything, what follows is explored once.
"""

import hashlib
import json
import os
import pickle
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Self

from botocore.awsrequest import AWSPreparedRequest

from verify.case import Tried
from verify.scene import Scene, scene_before
from verify.simulation.clock import Due, Kind, Task
from verify.simulation.cloud import Cloud
from verify.simulation.emulator import Answer
from verify.simulation.world import SimulatedWorld
from verify.stories import RUNNING

MOST_STATES = 50_000
"""More than any race has: one that has more is not explored to its end, and does not hold."""
# What differs between two runs that are otherwise the same.
_ACCIDENTAL = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{64}|token-\d+-of-[\w-]+|request-\d+"
)
_TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)|\b17\d{8}(\.\d+)?")


Act = Callable[[Scene], None]
Look = Callable[[Scene], Iterator[str]]


def _nothing(_scene: Scene) -> Iterator[str]:
    yield from ()


@dataclass(frozen=True)
class Race:
    """`act` lets the actors loose on a deployment right before the state `before`.

    `holds` yields what does not hold after an interleaving, `always` what must not be even in between.
    """

    name: str
    before: str
    act: Act
    holds: Look
    always: Look = _nothing
    hooks: bool = False
    drops: int = 1
    notified: bool = False
    """Whether the reconciliation is notified of executions that end, and so takes part."""

    @property
    def fault_class(self) -> str:
        return f"race: {self.name}"

    def __str__(self) -> str:
        return self.name

    def run(self, world: SimulatedWorld) -> Tried:
        """Its cases are the states that it comes through."""
        explored = explore(world, self)
        return Tried(explored.problems, len(explored.states))


@dataclass
class Explored:
    """The states that there are, how many interleavings were followed to their end, and what did not hold."""

    states: set[bytes] = field(default_factory=set)
    interleavings: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, more: "Explored") -> None:
        self.states |= more.states
        self.interleavings += more.interleavings
        self.problems += more.problems


class Seen(AbstractContextManager["Seen"]):
    """What each task has been answered while this is entered: with that, what it does next is decided.

    What a task that has ended was answered does not matter any more: what came of it is on record, or its waiter has it.
    """

    def __init__(self, simulation: Cloud) -> None:
        self._answers: dict[Task, list[str]] = {}
        self._clock, self._watch = simulation.clock, simulation.wire.watch

    def __enter__(self) -> Self:
        self._watch.append(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.remove(self._note)

    def _note(self, _who: str, operation: str, _request: AWSPreparedRequest, answered: Answer) -> None:
        task = self._clock.current
        if task:
            status, _, body = answered
            self._answers.setdefault(task, []).append(f"{operation} {status} {body.decode()}")

    def alive(self) -> list[tuple[str, list[str]]]:
        """The names of the tasks that have not ended, and what they were answered."""
        return sorted((task.name, answers) for task, answers in self._answers.items() if not task.done)


def explore(world: SimulatedWorld, race: Race) -> Explored:
    """Follows every interleaving of a race, until one does not hold."""
    scene = scene_before(world, race.before, hooks=race.hooks, drops=race.drops)
    rules = nullcontext() if race.notified else world.without_rule("ExecutionEnded")
    with Seen(world.simulation) as seen:
        scene.set()  # which switches all rules on
        with rules:
            race.act(scene)
            return _Search(scene, race, seen).follow([])


class _Search:
    """Goes one way itself, and sends a copy of this process, and so of everything, each other way before."""

    def __init__(self, scene: Scene, race: Race, seen: Seen) -> None:
        self._scene, self._race, self._seen = scene, race, seen
        self._known = set[bytes]()

    def follow(self, taken: list[str]) -> Explored:
        """What is found from here on, after what was `taken`; states that are known are not followed again."""
        explored, clock = Explored(), self._scene.world.simulation.clock
        while open_to := choices(self._scene.world):
            wrong = [*_lost_wake_up(self._scene, open_to), *self._race.always(self._scene)]
            state = state_of(self._scene.world, open_to, self._seen)
            if wrong or state in self._known:
                explored.problems += [f"{problem}, after {taken}" for problem in wrong]
                return explored
            self._note(explored, Explored({state}))
            first, *others = open_to.values()
            for other in others:
                self._note(explored, self._apart(other, [*taken, other.what]))
                if explored.problems:
                    return explored
            taken = [*taken, first.what]
            clock.happen(first)
        explored.interleavings += 1
        explored.problems += [f"{problem}, after {taken}" for problem in self._race.holds(self._scene)]
        return explored

    def _note(self, explored: Explored, more: Explored) -> None:
        explored.add(more)
        self._known |= more.states
        if len(self._known) > MOST_STATES:
            explored.problems.append(f"it has more than {MOST_STATES} states")

    def _apart(self, due: Due, taken: list[str]) -> Explored:
        """What a copy of this process finds that goes on with `due`."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.close(reading)
                self._scene.world.simulation.clock.happen(due)
                with os.fdopen(writing, "wb") as answer:
                    pickle.dump(self.follow(taken), answer)
                code = 0
            finally:
                os._exit(code)
        os.close(writing)
        with os.fdopen(reading, "rb") as answer:
            content = answer.read()
        os.waitpid(child, 0)
        if not content:
            return Explored(problems=[f"the search broke off after {taken}"])
        explored: Explored = pickle.loads(content)  # noqa: S301 - from the copy of this process
        return explored


def choices(world: SimulatedWorld) -> dict[str, Due]:
    """Everything that may happen next, by what it is, once all steps that nobody can see are taken."""
    clock = world.simulation.clock
    while steps := [due for due in clock.pending if due.kind is Kind.STEP]:
        clock.happen(steps[0])
    return {due.what: due for due in clock.pending if due.kind in {Kind.CALL, Kind.TIME_OUT}}


def _lost_wake_up(scene: Scene, open_to: dict[str, Due]) -> Iterator[str]:
    """Whether an execution waits for its time-out alone, though what should have ended the wait is on record."""
    if any(due.kind is Kind.CALL for due in open_to.values()):
        return
    record = scene.record()
    gate = record.get("gate")
    if gate is None or record["status"] not in RUNNING or scene.world.simulation.machine.waits.get(gate["token"], True):
        return
    if "interruption" in record:
        yield "a lost wake-up: the wait goes on after an interruption"
    elif "answer" in record["hooks"].get(gate["waitingFor"], {}):
        yield "a lost wake-up: the wait goes on after its hook has answered"


def state_of(world: SimulatedWorld, open_to: dict[str, Due], seen: Seen) -> bytes:
    """The state of everything, the same for the same, whatever times and random ids are in it."""
    simulation = world.simulation
    items = sorted(
        simulation.emulator.items(world.outputs["TableName"]), key=lambda item: (item["pk"]["S"], item["sk"]["S"])
    )
    everything = {
        "items": items,
        "aliases": [(function, simulation.emulator.alias(function, "live")) for function in world.shops],
        "executions": sorted(
            (execution.name, execution.status, execution.states, str(execution.at))
            for execution in simulation.machine.executions.values()
        ),
        "waits": simulation.machine.waits,
        "choices": sorted(open_to),
        "seen": seen.alive(),
    }
    text = _TIMES.sub("TIME", json.dumps(everything, sort_keys=True, default=str))
    names: dict[str, str] = {}
    return hashlib.sha256(_ACCIDENTAL.sub(lambda m: names.setdefault(m[0], f"#{len(names)}"), text).encode()).digest()
