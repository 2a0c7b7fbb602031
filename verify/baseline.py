"""Stories as they go when nothing happens to them: what every disturbance is measured against."""

from dataclasses import dataclass
from functools import cache

from verify.invariants import breaches, come_to_rest, next_deployment
from verify.simulation.faults import Call
from verify.simulation.world import SimulatedWorld
from verify.stories import STORIES


@dataclass(frozen=True)
class Baseline:
    """`states` holds the states of each execution, and whether it was a rollback's."""

    outcome: tuple[str, str | None]
    calls: tuple[Call, ...]
    states: tuple[tuple[bool, tuple[str, ...]], ...]


@cache
def baseline(world: SimulatedWorld, story: str) -> Baseline:
    """How a story ends when nothing happens to it, and what it does until then; AssertionError where it goes wrong."""
    world.simulation.forget()
    played = STORIES[story].play(world, before=world.simulation.faults.forget)
    stuck = come_to_rest(world)
    problems = [stuck] if stuck else [*breaches(world, played)]
    calls = tuple(world.simulation.faults.calls)
    executions = world.simulation.machine.executions.values()
    states = tuple(('"rollBack"' in execution.input, tuple(execution.states)) for execution in executions)
    problems += next_deployment(world, played)
    if problems:
        raise AssertionError(f"{story}, baseline: {problems}")
    [deployment_id] = played.deployments
    record = world.record(deployment_id)
    return Baseline((record["status"], record.get("errorInformation", {}).get("code")), calls, states)
