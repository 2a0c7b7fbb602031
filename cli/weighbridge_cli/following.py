"""Looks at a deployment until what is waited for is reached.

A lost connection is no end: it is tried again, at longer and longer intervals, until the time is over. What AWS refuses (no
rights, no credentials) is an end, and so is a first look that fails: that is a mistake, and no accident.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from weighbridge_cli.exits import STILL_RUNNING, WAITS_FOR_PERSON, OutOfReach
from weighbridge_cli.progress import Progress, awaited_report, reached, seconds_left, with_states

T = TypeVar("T")

MOVING, RESTING = 2.0, 5.0
"""Seconds between two looks: while something moves, and in a wait of which more than RESTING is left."""
ALARM_SECONDS = 15.0
"""Between two looks at the states of alarms, which are CloudWatch's to tell."""
LONGEST_PAUSE = 30.0
"""Between two tries to reach AWS again."""


class Watcher(Protocol):
    """What is told while a deployment is followed."""

    def say(self, text: str) -> None: ...

    def show(self, progress: Progress) -> None: ...


class Look(Protocol):
    """One look at the deployment; raises OutOfReach."""

    def __call__(self, *, alarms: bool) -> Progress: ...


@dataclass(frozen=True)
class Clock:
    """Time as it passes, in seconds, and by the calendar."""

    seconds: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class TimeIsOver(Exception):
    """The time-out has come while AWS could not be reached, or before there was anything to see."""


class Patience:
    """Until when something is waited for, and how often AWS is asked meanwhile."""

    def __init__(self, timeout: timedelta, watcher: Watcher, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self._watcher = watcher
        self._deadline = self.clock.seconds() + timeout.total_seconds()
        self._reached = False

    @property
    def left(self) -> float:
        return self._deadline - self.clock.seconds()

    def wait(self, seconds: float) -> bool:
        """False where the time is over; the last pause is cut to what is left."""
        if self.left <= 0:
            return False
        self.clock.sleep(min(seconds, self.left))
        return True

    def ask(self, question: Callable[[], T]) -> T:
        """The answer, however long AWS is out of reach once it has been reached. Raises OutOfReach, TimeIsOver."""
        pause = 1.0
        while True:
            try:
                answer = question()
            except OutOfReach as error:
                if not (error.passes and self._reached):
                    raise
                if pause == 1.0:
                    self._watcher.say(f"{error.message} The deployment goes on meanwhile; trying again.")
                if not self.wait(pause):
                    raise TimeIsOver from error
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                if pause > 1.0:
                    self._watcher.say("Reached again.")
                self._reached = True
                return answer


@dataclass(frozen=True)
class End:
    """With which exit code the wait is over, and what the last look has seen."""

    code: int
    progress: Progress | None


def pause_after(progress: Progress, now: datetime) -> float:
    """How long to wait before the next look."""
    waits = progress.get("waitingFor") in {"Bake", "Hook", "Group", "Version"} and "interruption" not in progress
    return RESTING if waits and (seconds_left(progress, now) or 0) > 2 * RESTING else MOVING


def follow(  # noqa: PLR0913 - what is looked at, who is told, and when it is over
    look: Look,
    watcher: Watcher,
    patience: Patience,
    *,
    until: str,
    now: Callable[[], datetime],
    interval: float | None = None,
) -> End:
    """Looks until `until` is reached, it has ended, or the time is over. Raises OutOfReach."""
    last: Progress | None = None
    alarms_at = float("-inf")
    while True:
        alarms = patience.clock.seconds() - alarms_at >= ALARM_SECONDS
        try:
            progress = with_states(patience.ask(lambda alarms=alarms: look(alarms=alarms)), last)  # type: ignore[misc]
        except TimeIsOver:
            return End(_late(last), last)
        if any("state" in alarm for alarm in progress.get("alarms", [])) and alarms:
            alarms_at = patience.clock.seconds()  # of alarms that are not known yet nobody is asked
        last = progress
        watcher.show(progress)
        code = reached(progress, until)
        if code is not None:
            return End(code, progress)
        if not patience.wait(interval or pause_after(progress, now())):
            return End(_late(progress), progress)


def _late(progress: Progress | None) -> int:
    return WAITS_FOR_PERSON if progress and awaited_report(progress) else STILL_RUNNING
