"""Refusals in the table: each once, so many an hour, and never at the expense of anything else."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.aws.account import client_error, refuse
from tests.core.samples import at
from weighbridge.aws import dynamodb
from weighbridge.aws.clients import client
from weighbridge.core.refusals import MOST_AN_HOUR, Refused, refused_event
from weighbridge.store import refusals

WHY = Refused("DeploymentDoesNotExistException", "There is no such deployment")


@pytest.fixture(autouse=True)
def _another_process() -> Iterator[None]:
    """What the process knows of full hours is forgotten."""
    refusals._full_hours.clear()
    yield
    refusals._full_hours.clear()


def _keep(name: str, seconds: float = 0) -> bool:
    return refusals.keep(refused_event({"id": name}, "call", WHY), at(seconds))


def _kept() -> list[str]:
    return [refusal["eventId"] for refusal in refusals.newest(None)]


def test_what_is_refused_is_kept_once_and_listed_newest_first() -> None:
    assert [_keep(name, seconds) for seconds, name in enumerate("abcb")] == [True, True, True, False]
    assert _kept() == ["c", "b", "a"]
    [_, second, third] = list(refusals.newest(None))
    time, _, digest = second["listingKey"].partition("#")
    assert list(refusals.newest((time, digest))) == [third]


def test_an_hour_that_is_full_costs_no_call_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MOST_AN_HOUR", 3)
    calls = refuse(monkeypatch, "dynamodb", "update_item")
    assert [_keep(f"{n}") for n in range(9)] == [True] * 3 + [False] * 6
    assert len(calls) == 7  # two for each that is kept, and one that finds the hour full
    assert _keep("in the next hour", 3600)
    assert sorted(_kept()) == ["0", "1", "2", "in the next hour"]


def test_a_table_that_does_not_answer_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "dynamodb", "update_item", client_error("ThrottlingException"), client_error("InternalServerError"))
    assert not _keep("a")
    assert not _keep("a")
    assert _keep("a")


def test_more_than_a_page_is_read_as_far_as_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_AN_HOUR > 230
    for n in range(230):
        _keep(f"{n:03}", n)
    reads: list[Any] = refuse(monkeypatch, "dynamodb", "batch_get_item")
    entries = refusals.newest(None)
    assert next(entries)["eventId"] == "229"
    assert len(reads) == 1
    assert [refusal["eventId"] for refusal in entries] == [f"{n:03}" for n in range(228, -1, -1)]


def test_what_is_kept_says_when_it_is_to_be_deleted() -> None:
    _keep("a")
    items = client("dynamodb").scan(TableName=dynamodb.name())["Items"]
    month = int((at(0) + timedelta(days=30)).timestamp())
    assert [item["expires"] for item in items] == [{"N": str(month)}] * 2
