"""Looking until something is reached: how often AWS is asked, what a lost connection does, and when it gives up."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.cli.samples import NOON, at, awaiting_report, progress, stopped, succeeded, turning_back
from weighbridge_cli.exits import OutOfReach
from weighbridge_cli.following import Clock, End, Patience, follow
from weighbridge_cli.progress import Progress

LOST = OutOfReach("Weighbridge's API cannot be reached.", passes=True)
DENIED = OutOfReach("You may not.")
MINUTE = timedelta(minutes=1)


class Scene:
    """Time that passes only where somebody sleeps, and answers one after another; the last one again and again."""

    def __init__(self, *answers: Progress | OutOfReach) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []
        self.said: list[str] = []
        self.shown: list[Progress] = []
        self.asked_alarms: list[bool] = []
        self._answers: Iterator[Progress | OutOfReach] = iter(answers)
        self._last = answers[-1]

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def say(self, text: str) -> None:
        self.said.append(text)

    def show(self, progress: Progress) -> None:
        self.shown.append(progress)

    def look(self, *, alarms: bool) -> Progress:
        self.asked_alarms.append(alarms)
        answer = next(self._answers, self._last)
        if isinstance(answer, OutOfReach):
            raise answer
        return answer

    def now(self) -> datetime:
        return at(self.seconds)

    def follow(self, until: str = "finished", timeout: timedelta = MINUTE, interval: float | None = None) -> End:
        patience = Patience(timeout, self, Clock(lambda: self.seconds, self.sleep))
        return follow(self.look, self, patience, until=until, now=self.now, interval=interval)


def test_every_two_seconds_while_something_moves_and_every_five_in_a_long_wait() -> None:
    moving = progress(waitingFor="Shift", waitsUntil=None)
    scene = Scene(moving, progress(), progress(waitsUntil=at(9)), turning_back(), succeeded())
    assert scene.follow() == End(0, succeeded())
    assert scene.slept == [2.0, 5.0, 2.0, 2.0]
    assert len(scene.shown) == 5


def test_alarms_are_asked_for_every_fifteen_seconds_once_they_are_known() -> None:
    early = Scene(progress(alarms=[]), progress(), succeeded())
    early.follow(interval=1.0)
    assert early.asked_alarms == [True, True, False]
    scene = Scene(progress())
    assert scene.follow(interval=5.0).code == 3
    assert scene.asked_alarms == [True, False, False] * 4 + [True]
    assert scene.shown[1]["alarms"] == progress()["alarms"]


@pytest.mark.parametrize(
    ("until", "answers", "code"),
    [
        ("finished", [progress(), stopped()], 1),
        ("shifted", [progress(steps=[], weight=0.0), progress()], 0),
        ("paused", [awaiting_report()], 4),
        ("finished", [progress()], 3),
        ("finished", [awaiting_report()], 4),
    ],
)
def test_exit_codes(until: str, answers: list[Progress], code: int) -> None:
    assert Scene(*answers).follow(until).code == code


def test_a_lost_connection_is_tried_again_and_told_of_once() -> None:
    scene = Scene(progress(), LOST, LOST, LOST, succeeded())
    assert scene.follow().code == 0
    assert scene.slept == [5.0, 1.0, 2.0, 4.0]
    assert scene.said == [f"{LOST.message} The deployment goes on meanwhile; trying again.", "Reached again."]


def test_a_connection_that_stays_lost_is_still_running_at_the_time_out() -> None:
    scene = Scene(progress(), LOST)
    assert scene.follow(timeout=timedelta(minutes=10)) == End(3, progress())
    assert max(scene.slept) == 30.0
    assert scene.seconds == 600


@pytest.mark.parametrize("answers", [[LOST, succeeded()], [progress(), DENIED, succeeded()], [DENIED]])
def test_a_first_look_that_fails_and_a_missing_right_are_the_end(answers: list[Any]) -> None:
    with pytest.raises(OutOfReach):
        Scene(*answers).follow()


def test_the_time_out_cuts_the_last_pause_short() -> None:
    scene = Scene(progress())
    assert scene.follow(timeout=timedelta(seconds=7)).code == 3
    assert scene.slept == [5.0, 2.0]


def test_by_the_clock_of_this_machine() -> None:
    looks: list[Callable[[], float]] = [Clock().seconds]
    assert looks[0]() <= looks[0]()
    assert at(0) == NOON
