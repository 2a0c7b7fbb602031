"""The demo's traffic: bounded, counted, and never silently gone."""

import itertools
from typing import Any

import pytest

from local.demo import traffic
from local.demo.traffic import Requests, Traffic
from tests.local.workbench import until


class Functions:
    """Answers as a Lambda alias whose version 2 fails, and breaks after so many answers."""

    def __init__(self, answers: int | None = None) -> None:
        self.calls = itertools.count()
        self.answers = answers

    def invoke(self, **_call: Any) -> dict[str, Any]:
        number = next(self.calls)
        if number == self.answers:
            raise ConnectionError("gone")
        return {"ExecutedVersion": "1"} if number % 2 == 0 else {"ExecutedVersion": "2", "FunctionError": "Unhandled"}


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "REQUESTS_PER_SECOND", 1000)


def test_counts_who_answered_and_who_failed() -> None:
    with Traffic(Functions(), function="shop", alias="live", seconds=60) as running:
        until(lambda: running.seen().total >= 10)
    counted = running.seen()
    assert abs(counted.answered["1"] - counted.answered["2"]) <= 1
    assert counted.failed == {"2": counted.answered["2"]}
    assert running.seen() == counted


def test_ends_by_itself() -> None:
    with Traffic(Functions(), function="shop", alias="live", seconds=0.05) as running:
        until(lambda: not running._thread.is_alive())
    assert 0 < running.seen().total <= 51


def test_what_ended_it_is_told() -> None:
    with Traffic(Functions(answers=3), function="shop", alias="live", seconds=60) as running:
        until(lambda: not running._thread.is_alive())
        with pytest.raises(ConnectionError, match="gone"):
            running.seen()


def test_since() -> None:
    earlier, later = Requests({"1": 5}), Requests({"1": 5, "2": 3}, {"2": 1})
    assert later.since(earlier) == Requests({"2": 3}, {"2": 1})
    assert (str(later), str(Requests())) == ("v1: 5, v2: 3 (1 failed)", "no requests yet")
