"""Where an alias routes, and what may be written over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.samples import plan
from weighbridge.core.plan import every_routing, restored, routing_after, routing_before
from weighbridge.core.routing import Found, Routing, judge

_versions = st.integers(1, 9).map(str)
_weights = st.integers(1, 99).map(lambda percent: percent / 100)


def test_what_lambda_answers_is_read() -> None:
    assert Routing.of({"FunctionVersion": "1"}) == Routing("1")
    assert Routing.of({"FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.1}}}) == Routing(
        "1", "2", 0.1
    )
    assert Routing.of({"FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.0}}}) == Routing("1")


@given(_versions, _versions, st.integers(0, 100))
def test_a_shift_reads_back_as_written_and_adds_up(current: str, target: str, percent: int) -> None:
    routing = Routing.shifted(current, target, percent / 100)
    assert Routing.of(routing.update()) == routing
    assert Routing.from_record(routing.record()) == routing
    if current != target:
        assert routing.weight_of(current) + routing.weight_of(target) == pytest.approx(1)
        assert routing.weight_of(target) == pytest.approx(percent / 100)
        assert 0 <= routing.weight_of(target) <= 1


def test_all_the_traffic_moves_the_alias_itself() -> None:
    assert Routing.shifted("1", "2", 1.0).update() == {
        "FunctionVersion": "2",
        "RoutingConfig": {"AdditionalVersionWeights": {}},
    }


def test_a_plan_knows_every_routing_it_writes() -> None:
    sample = plan()
    assert routing_before(sample, 0) == Routing("1")
    assert routing_after(sample, 0) == routing_before(sample, 1) == Routing("1", "2", 0.1)
    assert routing_after(sample, 9) == Routing("2")
    assert restored(sample) == Routing("1")
    assert every_routing(sample) == {Routing("1"), Routing("2"), *(Routing("1", "2", n / 10) for n in range(1, 10))}


@given(_versions, _versions, _weights)
def test_only_what_the_deployment_left_is_written_over(version: str, additional: str, weight: float) -> None:
    sample = plan()
    current, target = Routing(version, additional, weight), restored(sample)
    theirs = current not in every_routing(sample)
    assert (judge(current, target, every_routing(sample)) is Found.MOVED) == theirs


def test_a_write_that_took_effect_is_recognised() -> None:
    sample = plan()
    assert judge(routing_after(sample, 3), routing_after(sample, 3), frozenset({routing_before(sample, 3)})) is Found.DONE
    assert (
        judge(routing_before(sample, 3), routing_after(sample, 3), frozenset({routing_before(sample, 3)}))
        is Found.UNCHANGED
    )


def test_it_reads_as_a_sentence() -> None:
    assert str(Routing("1", "2", 0.3)) == "version 1 at 70 %, version 2 at 30 %"
    assert str(Routing("1")) == "version 1 at 100 %"


def test_a_version_that_keeps_all_traffic_beside_the_aliass_own_is_a_transition() -> None:
    moving = Routing.of({"FunctionVersion": "2", "RoutingConfig": {"AdditionalVersionWeights": {"1": 1.0}}})
    assert moving.in_transition
    assert moving.settled == Routing("2")


@given(st.floats(0, 0.999999))
def test_whatever_weight_leaves_the_alias_its_own_version_is_none(weight: float) -> None:
    routing = Routing.shifted("1", "2", weight)
    assert not routing.in_transition
    assert routing.settled == routing
