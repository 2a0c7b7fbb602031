"""What the simulated Step Functions adds to the emulator's: pauses before retries, time-outs, the bound of the history."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from verify.simulation.execution import Execution
from verify.simulation.world import SimulatedWorld

Play = Callable[..., Execution]


@pytest.fixture
def play(world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Runs one task, of a function that does `answer`, with fields of its own, to the end of the execution."""
    simulation = world.simulation
    simulation.forget()

    def run(answer: Callable[[Any], Any], machine: dict[str, Any] | None = None, **fields: Any) -> Execution:
        name = world.hook("return None")
        simulation.functions.users[name] = answer
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": name, "Payload": {}},
            "Output": "{% $states.result.Payload %}",
            "End": True,
        }
        definition = {"QueryLanguage": "JSONata", "StartAt": "Do", "States": {"Do": task | fields}} | (machine or {})
        monkeypatch.setattr(simulation.machine, "definition", definition)
        execution = simulation.machine.start("execution", "{}")
        simulation.clock.run(lambda: execution.status != "RUNNING", 1_000_000, "the end")
        return execution

    return run


def crash(_event: Any) -> None:
    raise RuntimeError("again")


def test_what_a_task_returns_is_the_output(play: Play) -> None:
    execution = play(lambda _: {"answer": 42})
    assert (execution.status, json.loads(execution.output or "")) == ("SUCCEEDED", {"answer": 42})


def test_pauses_grow_up_to_their_longest(play: Play, world: SimulatedWorld) -> None:
    times: list[float] = []

    def note(_event: Any) -> None:
        times.append(world.simulation.clock.now)
        raise RuntimeError("again")

    retry = {
        "ErrorEquals": ["RuntimeError"],
        "IntervalSeconds": 1,
        "BackoffRate": 2.0,
        "MaxAttempts": 5,
        "MaxDelaySeconds": 6,
    }
    execution = play(note, Retry=[retry])
    assert (execution.status, execution.error) == ("FAILED", "RuntimeError")
    assert [round(later - earlier) for earlier, later in pairwise(times)] == [1, 2, 4, 6, 6]


def test_jitter_takes_a_part_of_a_pause(play: Play, world: SimulatedWorld) -> None:
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 100, "MaxAttempts": 20, "JitterStrategy": "FULL"}
    began = world.simulation.clock.now
    play(crash, Retry=[retry | {"BackoffRate": 1.0}])
    assert 0 < world.simulation.clock.now - began < 20 * 100


def test_the_machines_own_time_out(play: Play, world: SimulatedWorld) -> None:
    began = world.simulation.clock.now
    execution = play(lambda _: world.simulation.clock.sleep(10), machine={"TimeoutSeconds": 5})
    assert execution.status == "TIMED_OUT"
    assert world.simulation.clock.now == pytest.approx(began + 5)


def test_a_history_that_is_full_ends_an_execution(play: Play) -> None:
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "BackoffRate": 1.0, "MaxAttempts": 1_000_000}
    assert play(crash, Retry=[retry]).status == "FAILED"
