"""The way back, as it is when nothing is in the way of it, and under load."""

from verify.baseline import baseline
from verify.load import Flood, Simulated
from verify.simulation.faults import Call
from verify.simulation.world import SimulatedWorld


def test_traffic_goes_back_in_one_call_of_lambda(world: SimulatedWorld) -> None:
    calls = baseline(world, "an alarm fires").calls
    of_lambda = [call for call in calls if (call.caller, call.service) == ("ShiftTraffic", "lambda")]
    forward, back = (Call("ShiftTraffic", "lambda", "UpdateAlias", number) for number in (1, 2))
    assert of_lambda == [forward, back]


def test_a_flood_of_wrong_files_holds_up_no_way_back(world: SimulatedWorld) -> None:
    flood = Flood(drops=100, deployments=10, alarms=3, account=150)
    assert flood.run(world).problems == []


def test_many_deployments_at_once_are_not_failed_by_throttling(world: SimulatedWorld) -> None:
    assert Simulated(30).run(world).problems == []
