"""The execution dies, in every state that it can be in and at every call that is made for it meanwhile.

Somebody presses Stop, the definition turns out to be wrong, the execution takes too long, or its history is full. A
function that runs for it goes on. The reconciliation finishes what is left: within a minute of the event of its end,
and where that event is lost, in the next scheduled run.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum

from verify.baseline import baseline
from verify.case import Tried
from verify.invariants import breaches, come_to_rest, next_deployment
from verify.simulation.clock import Killed
from verify.simulation.execution import Execution
from verify.simulation.faults import Call
from verify.simulation.states import MOST_EVENTS
from verify.simulation.world import SimulatedWorld
from verify.stories import STORIES, Played

OF = ("all is well", "an alarm fires", "a hook says no")
SCHEDULE = 300
A_MINUTE = 60


class End(Enum):
    STOPPED = "stopped in the console"
    WRONG = "definition error"
    TIMED_OUT = "out of time"
    FULL = "history full"


CODES = {End.STOPPED: "MANUAL_STOP", End.WRONG: "INTERNAL_ERROR", End.TIMED_OUT: "TIMEOUT", End.FULL: "INTERNAL_ERROR"}


@dataclass(frozen=True)
class Moment:
    """When it dies: as it enters its `state` for the n-th time, or at a call that a function makes for it."""

    state: tuple[str, int] | None = None
    of_rollback: bool = False
    call: Call | None = None

    def __str__(self) -> str:
        if self.state is None:
            return f"the execution at {self.call}"
        return f"the {'rollback' if self.of_rollback else 'deployment'}'s execution in {self.state[0]!r} #{self.state[1]}"


@dataclass(frozen=True)
class Death:
    story: str
    end: End
    at: Moment
    noticed: bool
    """Whether the event of its end arrives."""

    fault_class = "death of the execution"

    def __str__(self) -> str:
        return f"{self.story}: {self.at} is {self.end.value}, {'noticed' if self.noticed else 'unnoticed'}"

    def run(self, world: SimulatedWorld) -> Tried:
        usual = baseline(world, self.story)
        world.simulation.forget()
        killer = Killer(world, self)
        with ExitStack() as meanwhile:
            if not self.noticed:
                meanwhile.enter_context(world.without_rule("ExecutionEnded"))
            played = STORIES[self.story].play(world, before=lambda: meanwhile.enter_context(killer.armed()))
            stuck = come_to_rest(world)
        if stuck:
            return Tried([stuck])
        problems = [*breaches(world, played), *killer.problems(played, usual.outcome)]
        return Tried([*problems, *next_deployment(world, played)])


class Killer:
    """Ends an execution at its moment, and remembers when that was."""

    def __init__(self, world: SimulatedWorld, death: Death) -> None:
        self._world, self._death = world, death
        self._at: float | None = None

    def armed(self) -> ExitStack:
        """Lies in wait until the stack is closed."""
        simulation, at = self._world.simulation, self._death.at
        simulation.faults.forget()
        where: list[Callable[..., None]] = simulation.machine.entering if at.state else simulation.wire.before
        look = self._enters if at.state else self._calls
        where.append(look)
        stack = ExitStack()
        stack.callback(where.remove, look)
        return stack

    def _enters(self, execution: Execution, state: str) -> None:
        here = (_is_rollback(execution), (state, execution.states.count(state)))
        if self._at is None and here == (self._death.at.of_rollback, self._death.at.state):
            self._kill(execution)
            raise Killed

    def _calls(self, call: Call) -> None:
        if self._at is None and call == self._death.at.call:
            executions = self._world.simulation.machine.executions.values()
            running = [execution for execution in executions if execution.status == "RUNNING"]
            self._kill(running[-1])  # the call is made for the one that was started last: a rollback's, where there is one

    def _kill(self, execution: Execution) -> None:
        self._at = self._world.simulation.clock.now
        machine = self._world.simulation.machine
        match self._death.end:
            case End.STOPPED:
                machine.end(execution, "ABORTED")
            case End.WRONG:
                machine.end(execution, "FAILED", "States.Runtime", "The definition is wrong.")
            case End.TIMED_OUT:
                machine.end(execution, "TIMED_OUT")
            case End.FULL:
                machine.end(execution, "FAILED", "States.Runtime", f"The execution reached {MOST_EVENTS} events.")

    def problems(self, played: Played, usual: tuple[str, str | None]) -> Iterator[str]:
        if self._at is None:
            yield f"it did not come to {self._death.at}"
            return
        for deployment_id in played.deployments:
            record = self._world.record(deployment_id)
            outcome = (record["status"], record.get("errorInformation", {}).get("code"))
            if outcome != usual and outcome[1] not in {CODES[self._death.end], usual[1]}:
                yield f"it ended {outcome}, neither {usual} nor as of what it died of"
            took = self._world.simulation.since(record["completeTime"]) - self._at
            # Unnoticed, the first scheduled run starts a rollback, whose end is not noticed either.
            if took > (A_MINUTE if self._death.noticed else 2 * SCHEDULE + A_MINUTE):
                yield f"{deployment_id} was closed {took:.0f} s after its execution had died"


def _is_rollback(execution: Execution) -> bool:
    return '"rollBack"' in execution.input


def cases(world: SimulatedWorld) -> Iterator[Death]:
    for story in OF:
        usual = baseline(world, story)
        for of_rollback, states in usual.states:
            counted: dict[str, int] = {}
            for state in states:
                counted[state] = counted.get(state, 0) + 1
                for end in End:
                    for noticed in (True, False):
                        yield Death(story, end, Moment((state, counted[state]), of_rollback), noticed)
        for call in usual.calls:
            if call.caller in FOR_EXECUTIONS:
                for noticed in (True, False):
                    yield Death(story, End.STOPPED, Moment(call=call), noticed)


FOR_EXECUTIONS = {"Validate", "CheckAlarms", "RunHook", "ShiftTraffic", "Complete", "RecordFailure"}
