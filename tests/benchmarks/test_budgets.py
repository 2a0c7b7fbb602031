"""What a deployment costs, counted: more than this is a decision."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks import budgets

Figures = dict[str, Any]


@pytest.fixture
def figures(results: dict[str, Any]) -> Figures:
    """What was counted, for a test to change."""
    return copy.deepcopy(results["cost"]["figures"])


def named(figures: Figures, name: str, *, hooks: bool = False) -> Figures:
    """A deployment with an alarm."""
    [count] = [each for each in figures["counts"] if (each["name"], each["hooks"], each["alarm"]) == (name, hooks, True)]
    return dict(count)


def test_budgets_are_kept(figures: Figures) -> None:
    assert list(budgets.missed(figures)) == []


def test_a_step_takes_four_transitions_and_one_write_of_the_control_plane(figures: Figures) -> None:
    assert figures["fits"]["transitions"] == {"a": 7, "b": 4, "off": 0}
    assert figures["fits"]["control-plane writes"] == {"a": 0, "b": 1, "off": 0}
    assert named(figures, "linear, 10 steps")["transitions"] == 47


def test_a_step_adds_the_events_of_its_four_states_to_the_history(figures: Figures) -> None:
    # Two of a choice; three more of a task, and of a callback that it was submitted. Two of the execution.
    assert figures["fits"]["history events"] == {"a": 21, "b": 2 + 5 + 6 + 5, "off": 0}


def test_a_deployment_reads_the_control_plane_twice_and_once_for_each_hook(figures: Figures) -> None:
    reads = {(each["hooks"], each["control_plane"]["reads"]) for each in figures["counts"]}
    assert reads == {(False, 2), (True, 4)}


def test_ten_hours_of_waiting_cost_what_the_schedule_does_and_nothing_else(figures: Figures) -> None:
    short, long = budgets.waiting(figures["counts"])
    assert (short["waited"], long["waited"]) == (300, 36_000)
    assert {part: short[part] for part in budgets.SAME} == {part: long[part] for part in budgets.SAME}
    runs = long["waited"] // 300
    assert long["scheduled_invocations"] == {"Receive": runs, "Reconcile": runs, "Redeliver": runs, "Commit": runs}
    assert sum(long["scheduled_calls"].values()) <= 11 * runs


def test_every_call_is_counted_by_service_and_action(figures: Figures) -> None:
    calls = named(figures, "linear, 10 steps")["calls"]
    assert calls["lambda UpdateAlias"] == 10
    assert calls["cloudwatch DescribeAlarms"] == 11
    assert calls["dynamodb UpdateItem"] >= 19  # ten shifts and nine bakes
    assert sum(calls.values()) == 33 + 9 * 10


def test_a_record_of_most_steps_stays_far_below_what_dynamodb_keeps(figures: Figures) -> None:
    assert named(figures, "linear, 10 steps")["record_bytes"] < budgets.largest_record(figures) < budgets.RECORD_BYTES


def test_money_is_what_quantities_cost(figures: Figures) -> None:
    ten = named(figures, "linear, 10 steps")
    assert ten["dollars"]["state transition"] == pytest.approx(47 * 0.025 / 1000)
    assert ten["dollars"]["CloudWatch request"] == pytest.approx(11 * 0.01 / 1000)
    assert ten["dollars"]["table write unit"] == pytest.approx(ten["units"][0] * 0.625e-6)
    assert ten["units"][0] > ten["calls"]["dynamodb UpdateItem"]  # a unit holds one KB


def more_transitions(figures: Figures) -> None:
    figures["fits"]["transitions"]["b"] = 5


def uneven(figures: Figures) -> None:
    figures["fits"]["control-plane writes"]["off"] = 1


def more_writes(figures: Figures) -> None:
    figures["counts"][0]["control_plane"]["writes"] += 1


def more_reads(figures: Figures) -> None:
    figures["counts"][0]["control_plane"]["reads"] += 2


def larger_record(figures: Figures) -> None:
    figures["counts"][0]["record_bytes"] = 100_001


def growing_record(figures: Figures) -> None:
    figures["fits"]["record bytes"]["b"] = 1_000


def polling(figures: Figures) -> None:
    _, long = budgets.waiting(figures["counts"])
    long["calls"]["cloudwatch DescribeAlarms"] += 1


def no_waiting(figures: Figures) -> None:
    _, long = budgets.waiting(figures["counts"])
    long["waited"] = 300


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (more_transitions, "a step takes 5 state transitions"),
        (uneven, "control-plane writes do not grow by the same number with every step"),
        (more_writes, "all at once: 2 writes of the control plane in 1 steps"),
        (more_reads, "all at once: 4 reads of the control plane"),
        (larger_record, "all at once: a record of 100001 bytes"),
        (growing_record, "bytes with 100 steps"),
        (polling, "calls grow with the time that is waited"),
        (no_waiting, "nothing has waited longer"),
    ],
)
def test_what_misses_a_budget_is_named(figures: Figures, change: Callable[[Figures], None], sentence: str) -> None:
    change(figures)
    [said] = budgets.missed(figures)
    assert sentence in said
