"""Virtual time, and the tasks that share it.

A task is a greenlet: it runs until it sleeps or waits, then the clock goes on with whatever is due next. So a simulation is
single-threaded, takes no real time for waiting, and does the same thing each time. The time that `datetime` and `time` tell
is the clock's.
"""

import heapq
import io
import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager, redirect_stdout, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from types import TracebackType
from typing import Any, Self

import time_machine
from greenlet import getcurrent, greenlet


class Killed(BaseException):
    """Thrown into a task that is ended from outside; no `except Exception` stops it."""


class Stuck(Exception):
    """What was waited for did not come about within its time; nothing is left to happen, or too much."""


class Kind(Enum):
    STEP = auto()
    """A task goes on; nobody else can tell when."""
    CALL = auto()
    """A call is answered: what others see may change."""
    TIME_OUT = auto()
    """A wait is over."""
    BACKGROUND = auto()
    """A schedule, or a limit that is far away."""


@dataclass(order=True)
class Due:
    """Something that happens at a time: `what` says it in the words of a trace."""

    time: float
    number: int
    run: Callable[[], object] = field(compare=False)
    what: str = field(compare=False)
    kind: Kind = field(compare=False, default=Kind.STEP)
    cancelled: bool = field(compare=False, default=False)

    def cancel(self) -> None:
        self.cancelled = True


FOR_EVER = 1e9


class Task:
    """A function that runs beside others. `result` and `error` are there once it is `done`."""

    def __init__(self, clock: "Clock", name: str, run: Callable[[], Any]) -> None:
        self.name = name
        self.done = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.context: Any = None
        """What whoever started the task keeps with it."""
        self._clock = clock
        self._greenlet = greenlet(self._run)
        self._body = run
        self._waking: Due | None = None
        self._ended = Signal(clock)
        self._afterwards: list[Callable[[], object]] = []

    def _run(self) -> None:
        try:
            self.result = self._body()
        except BaseException as error:  # noqa: BLE001 - kept for whoever waits for the task
            self.error = error
        self._end()

    def _end(self) -> None:
        self.done = True
        self._ended.set()
        for call in self._afterwards:
            call()

    def when_done(self, call: Callable[[], object]) -> None:
        """Calls `call` at once when the task has ended."""
        self._afterwards.append(call)

    def kill(self, error: Killed | None = None) -> None:
        """Ends the task where it waits, with `error`; one that has ended, or not begun, just does not run any more."""
        self._clock.after(0, lambda: self._kill(error or Killed()), f"{self.name} is ended")

    def _kill(self, error: Killed) -> None:
        if self.done:
            return
        if self._waking:
            self._waking.cancel()
        if self._greenlet:
            self._switch(lambda: self._greenlet.throw(error))
        else:  # it has not begun
            self.error = error
            self._end()

    def join(self, timeout: float | None = None) -> bool:
        """Waits until the task has ended; False where it has not within `timeout` seconds."""
        return self._ended.wait(timeout)

    def _resume(self) -> None:
        self._waking = None
        if not self.done:
            self._switch(self._greenlet.switch)

    def _switch(self, switch: Callable[[], Any]) -> None:
        self._greenlet.parent = getcurrent()
        switch()

    def _suspend(self) -> None:
        parent = self._greenlet.parent
        if parent is None:
            raise RuntimeError("a task without a clock that runs it")
        parent.switch()


class Signal:
    """Something that happens once; tasks wait for it."""

    def __init__(self, clock: "Clock") -> None:
        self.is_set = False
        self._clock = clock
        self._waiting: list[Task] = []

    def set(self) -> None:
        self.is_set = True
        for task in self._waiting:
            if task._waking:
                task._waking.cancel()
            task._waking = self._clock.after(0, task._resume, f"{task.name} goes on")
        self._waiting.clear()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits; False where it has not come within `timeout` seconds. Outside of tasks the clock runs meanwhile."""
        task = self._clock.current
        if task is None:
            with suppress(Stuck):
                self._clock.run(lambda: self.is_set, FOR_EVER if timeout is None else timeout, "a signal")
        elif not self.is_set:
            self._waiting.append(task)
            if timeout is not None:
                what = f"{task.name} has waited {timeout:g} s"
                task._waking = self._clock.after(timeout, task._resume, what, Kind.TIME_OUT)
            try:
                task._suspend()
            finally:
                if task in self._waiting:
                    self._waiting.remove(task)
        return self.is_set


class Clock(AbstractContextManager["Clock"]):
    """`now` is in seconds since `start`."""

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.now = 0.0
        self.changes = 0
        """How often something may have changed that can be asked for."""
        self.output = io.StringIO()
        """What tasks print."""
        self._agenda: list[Due] = []
        self._numbers = itertools.count()
        self._tasks: dict[greenlet, Task] = {}
        self._travel: Any = None
        self._traveller: Any = None

    def __enter__(self) -> Self:
        self._travel = time_machine.travel(self.time, tick=False)
        self._traveller = self._travel.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.clear()
        self._travel.stop()

    @property
    def time(self) -> datetime:
        return self.start + timedelta(seconds=self.now)

    @property
    def current(self) -> Task | None:
        """The task that runs; None outside of any."""
        return self._tasks.get(getcurrent())

    @property
    def name(self) -> str:
        """The name of the task that runs."""
        return self.current.name if self.current else "nobody"

    @property
    def busy(self) -> list[str]:
        """The names of the tasks that have not ended."""
        return [task.name for task in self._tasks.values() if not task.done]

    @property
    def idle(self) -> bool:
        return not self.busy

    def after(self, seconds: float, run: Callable[[], object], what: str, kind: Kind = Kind.STEP) -> Due:
        due = Due(self.now + seconds, next(self._numbers), run, what, kind)
        heapq.heappush(self._agenda, due)
        return due

    def spawn(self, name: str, run: Callable[[], Any], *, delay: float = 0) -> Task:
        task = Task(self, name, run)
        self._tasks = {each: task for each, task in self._tasks.items() if not task.done}
        self._tasks[task._greenlet] = task
        task._waking = self.after(delay, task._resume, f"{name} begins")
        return task

    def sleep(self, seconds: float, what: str = "", kind: Kind = Kind.STEP) -> None:
        """Lets `seconds` pass; `what` is what the task does after them, for a trace. Outside of tasks it does nothing."""
        task = self.current
        if task is None:
            return
        task._waking = self.after(seconds, task._resume, what or f"{task.name} goes on", kind)
        task._suspend()

    def run(self, until: Callable[[], bool], limit: float, what: str) -> None:
        """Lets things happen until `until` holds; raises Stuck, naming `what`, where it does not within `limit` seconds."""
        end = self.now + limit
        with redirect_stdout(self.output):
            while not until():
                due = self._next()
                if due is not None and due.time > end:
                    heapq.heappush(self._agenda, due)
                    due = None
                self._pass(end if due is None else due.time)
                if due is None:
                    raise Stuck(f"{what} did not come about within {limit:g} s")
                due.run()

    def advance(self, seconds: float) -> None:
        """Lets things happen for `seconds`, outside of tasks."""
        with suppress(Stuck):
            self.run(lambda: False, seconds, "time that passes")

    def _pass(self, time: float) -> None:
        if time > self.now:
            self.now = time
            self._traveller.move_to(self.time)

    def _next(self) -> Due | None:
        while self._agenda:
            due = heapq.heappop(self._agenda)
            if not due.cancelled:
                return due
        return None

    @property
    def pending(self) -> list[Due]:
        """What is to happen, in the order in which it is due."""
        return sorted(due for due in self._agenda if not due.cancelled)

    def happen(self, due: Due) -> None:
        """Lets something that is pending happen now, whatever is due before it."""
        due.cancelled = True
        self._pass(due.time)
        with redirect_stdout(self.output):
            due.run()

    def clear(self) -> None:
        """Ends every task and forgets what was to happen."""
        for task in list(self._tasks.values()):
            task._kill(Killed())
        self._agenda.clear()
        self._tasks.clear()
