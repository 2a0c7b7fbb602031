"""The schedule: on while something is open, and never off when something may be."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.aws.account import SCHEDULE_RULE, client_error, refuse
from tests.aws.invocation import event_file, invoke
from tests.core.samples import at
from weighbridge.aws import clients, dynamodb
from weighbridge.core.errors import Throttled
from weighbridge.lifecycle import schedule
from weighbridge.store import keys

CALLS = {"events": ("enable_rule", "disable_rule"), "dynamodb": ("get_item", "update_item")}
LATER = at(0) + schedule.QUIET


def is_on(rule: str) -> bool:
    return bool(clients.client("events").describe_rule(Name=rule)["State"] == "ENABLED")


@pytest.fixture
def rule() -> str:
    return SCHEDULE_RULE


@pytest.fixture
def resting(rule: str) -> str:
    schedule.review(at(0), needed=False)
    schedule.review(LATER, needed=False)
    assert not is_on(rule)
    return rule


@pytest.fixture
def before(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], Any]], list[str]]:
    """Has something happen right before the call of that number, which may raise; gives the calls that were made."""

    def interpose(number: int, happens: Callable[[], Any]) -> list[str]:
        made: list[str] = []

        def wrapped(call: Callable[..., Any], name: str) -> Callable[..., Any]:
            def one(**arguments: Any) -> Any:
                made.append(name)
                if len(made) == number:
                    happens()
                return call(**arguments)

            return one

        for service, names in CALLS.items():
            for name in names:
                client = clients.client(service)
                monkeypatch.setattr(client, name, wrapped(getattr(client, name), name))
        return made

    return interpose


def another_process_asks(now: datetime) -> None:
    schedule.asked_for.clear()
    schedule.keep_on(now)


def test_it_runs_for_half_an_hour_after_an_installation_and_then_rests(rule: str) -> None:
    for minutes in range(0, 30, 5):
        schedule.review(at(60 * minutes), needed=False)
        assert is_on(rule), minutes
    schedule.review(LATER, needed=False)
    assert not is_on(rule)


def test_it_runs_for_half_an_hour_after_new_code_has_come(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule.review(at(0), needed=False)
    monkeypatch.setenv("RELEASE", "the next one")
    schedule.review(LATER, needed=False)
    schedule.review(LATER + timedelta(minutes=29), needed=False)
    assert is_on(rule)
    schedule.review(LATER + timedelta(minutes=30), needed=False)
    assert not is_on(rule)


def test_whoever_switches_it_on_by_hand_or_by_an_update_has_half_an_hour(resting: str) -> None:
    clients.client("events").enable_rule(Name=resting)
    schedule.review(LATER + timedelta(hours=1), needed=False)
    assert is_on(resting)
    schedule.review(LATER + timedelta(minutes=90), needed=False)
    assert not is_on(resting)


def test_as_long_as_it_is_needed_it_runs_and_half_an_hour_longer(rule: str) -> None:
    for minutes in range(0, 24 * 60, 5):
        schedule.review(at(60 * minutes), needed=True)
    end = at(60 * (24 * 60 - 5))
    schedule.review(end + timedelta(minutes=29), needed=False)
    assert is_on(rule)
    schedule.review(end + timedelta(minutes=30), needed=False)
    assert not is_on(rule)


def test_who_asks_for_it_has_it_run_at_once_and_for_half_an_hour(resting: str) -> None:
    schedule.keep_on(LATER)
    assert is_on(resting)
    schedule.review(LATER + timedelta(minutes=29), needed=False)
    assert is_on(resting)


def test_what_is_needed_and_off_is_switched_on(resting: str) -> None:
    schedule.review(LATER, needed=True)
    assert is_on(resting)


def test_a_flood_asks_once_in_a_quarter_of_an_hour(
    resting: str, before: Callable[[int, Callable[[], Any]], list[str]]
) -> None:
    made = before(0, lambda: None)
    for seconds in range(900):
        schedule.keep_on(at(seconds))
    assert made == ["update_item", "enable_rule"]
    schedule.keep_on(at(901))
    assert made == ["update_item", "enable_rule"] * 2
    assert is_on(resting)


def test_where_it_cannot_be_switched_on_whoever_asks_is_told_each_time(
    resting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, "events", "enable_rule", *[client_error("ThrottlingException")] * 2)
    for _ in range(2):
        with pytest.raises(Throttled):
            schedule.keep_on(LATER)
    schedule.keep_on(LATER)
    assert is_on(resting)


# ------------------------------------------------------------------------------ somebody asks while it is switched off

OFF = ["get_item", "update_item", "disable_rule", "get_item"]


def test_the_calls_of_switching_off_are_known(rule: str, before: Callable[[int, Callable[[], Any]], list[str]]) -> None:
    schedule.review(at(0), needed=False)
    made = before(0, lambda: None)
    schedule.review(LATER, needed=False)
    assert made == OFF
    assert not is_on(rule)


@pytest.mark.parametrize("number", range(1, len(OFF) + 1))
def test_who_asks_between_any_two_calls_has_it_run(
    rule: str, before: Callable[[int, Callable[[], Any]], list[str]], number: int
) -> None:
    schedule.review(at(0), needed=False)
    made = before(number, lambda: another_process_asks(LATER))
    schedule.review(LATER, needed=False)
    assert len(made) > 2, "the other one was there"
    assert is_on(rule)


@pytest.mark.parametrize("asked", range(1, len(OFF) + 1))
@pytest.mark.parametrize("dies", range(1, 3))
def test_where_the_reconciliation_dies_after_that_its_next_try_has_it_run(
    rule: str, before: Callable[[int, Callable[[], Any]], list[str]], asked: int, dies: int
) -> None:
    schedule.review(at(0), needed=False)

    class Dead(Exception):
        pass

    def happens() -> None:
        another_process_asks(LATER)
        before(dies, dead)

    def dead() -> None:
        raise Dead

    before(asked, happens)
    try:
        schedule.review(LATER, needed=False)
    except Dead:
        # Lambda tries again in a minute, and finds what has been opened since.
        schedule.review(LATER + timedelta(minutes=1), needed=True)
    assert is_on(rule)


@pytest.mark.parametrize("number", [1, 2])
def test_whoever_dies_while_asking_has_opened_nothing_and_asks_again(
    resting: str, before: Callable[[int, Callable[[], Any]], list[str]], number: int
) -> None:
    def dies() -> None:
        raise OSError

    before(number, dies)
    with pytest.raises(OSError):
        schedule.keep_on(LATER)
    schedule.keep_on(LATER)
    assert is_on(resting)
    assert "until" in (dynamodb.get(keys.SCHEDULE) or {})


def test_an_event_that_could_not_be_received_has_it_run_for_it_is_delivered_again(
    resting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, "dynamodb", "get_item", client_error("ThrottlingException"))
    with pytest.raises(Throttled):
        invoke("receive", event_file("receive.deployment_requested"))
    assert is_on(resting)
