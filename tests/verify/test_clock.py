"""Virtual time: what is due happens in order, nothing takes real time, and a task that is ended ends where it waits."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from verify.simulation.clock import Clock, Killed, Signal, Stuck

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[Clock]:
    with Clock(START) as clock:
        yield clock


def test_tasks_take_turns_in_the_order_in_which_they_are_due(clock: Clock) -> None:
    order: list[tuple[str, float]] = []

    def run(name: str, seconds: float) -> None:
        for _ in range(2):
            clock.sleep(seconds)
            order.append((name, clock.now))

    clock.spawn("slow", lambda: run("slow", 5))
    clock.spawn("quick", lambda: run("quick", 2))
    clock.advance(100)
    assert order == [("quick", 2), ("quick", 4), ("slow", 5), ("slow", 10)]
    assert clock.idle


def test_the_time_that_python_tells_is_the_clocks(clock: Clock) -> None:
    clock.advance(90)
    assert datetime.now(UTC) == datetime(2026, 1, 1, 0, 1, 30, tzinfo=UTC)


def test_a_wait_ends_with_its_signal_or_its_time(clock: Clock) -> None:
    signal, seen = Signal(clock), list[tuple[bool, float]]()

    def wait(seconds: float) -> None:
        seen.append((signal.wait(seconds), clock.now))

    clock.spawn("patient", lambda: wait(60))
    clock.spawn("impatient", lambda: wait(5))
    clock.after(10, signal.set, "the signal")
    clock.advance(100)
    assert seen == [(False, 5), (True, 10)]


def test_a_task_that_is_ended_cannot_go_on(clock: Clock) -> None:
    left: list[str] = []

    def run() -> None:
        try:
            clock.sleep(3600)
        except Exception:  # noqa: BLE001 - what a handler may catch must not keep it alive
            left.append("caught")
        left.append("went on")

    task = clock.spawn("task", run)
    clock.after(1, task.kill, "the end")
    clock.advance(10)
    assert isinstance(task.error, Killed)
    assert not left


def test_what_does_not_come_about_is_named(clock: Clock) -> None:
    with pytest.raises(Stuck, match="the end of the world did not come about within 60 s"):
        clock.run(lambda: False, 60, "the end of the world")
    assert clock.now == 60


def test_anything_that_is_pending_can_happen_next(clock: Clock) -> None:
    happened: list[str] = []
    clock.after(1, lambda: happened.append("first"), "first")
    clock.after(2, lambda: happened.append("second"), "second")
    [_, second] = clock.pending
    clock.happen(second)
    clock.advance(5)
    assert happened == ["second", "first"]
