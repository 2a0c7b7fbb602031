"""What the steps of a plan write, and what a rollback restores."""

from tests.core.samples import plan
from weighbridge.core.plan import every_routing, restored, role_of, routing_after, routing_before
from weighbridge.core.routing import Routing

HALVES = plan(steps=[{"weight": 0.5, "bakeSeconds": 60}, {"weight": 1.0, "bakeSeconds": 0}])


def test_each_step_begins_where_the_one_before_has_ended() -> None:
    assert routing_before(HALVES, 0) == Routing("1")
    assert routing_after(HALVES, 0) == routing_before(HALVES, 1) == Routing("1", "2", 0.5)
    assert routing_after(HALVES, 1) == Routing("2")


def test_a_rollback_puts_all_traffic_where_it_came_from() -> None:
    assert restored(HALVES) == Routing("1")


def test_what_was_found_is_among_what_may_be_left() -> None:
    found = plan(startRouting={"version": "1", "weights": {"2": 0.3}}, steps=HALVES["steps"])
    assert every_routing(found) == {Routing("1", "2", 0.3), Routing("1"), Routing("1", "2", 0.5), Routing("2")}


def test_a_group_with_a_role_acts_by_it_and_says_for_whom() -> None:
    assert role_of(HALVES) is None
    role = role_of(plan(serviceRoleArn="arn:aws:iam::123456789012:role/WeighbridgeServiceRole"))
    assert role
    assert role.external_id == "shop-app/prod"
