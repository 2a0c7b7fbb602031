"""Whether traffic goes back when a deployment ends early.

Over all error classes, and in both languages, in tests/architecture/test_rollback_decision.py.
"""

from itertools import product

import pytest

from tests.core.samples import apply, at, plan, record
from weighbridge.core.errors import StopRequested
from weighbridge.core.interruptions import Interruption, interrupted
from weighbridge.core.plan import RollBackOn
from weighbridge.core.rollback_rule import ROLLBACK_EVENTS, events, restores, restores_after, table

ALL = [RollBackOn(failure=f, alarm=a, stop=s) for f, a, s in product([True, False], repeat=3)]


@pytest.mark.parametrize("on", ALL, ids=str)
def test_each_kind_of_end_goes_by_its_setting(on: RollBackOn) -> None:
    planned = plan(rollBackOn=on)
    assert restores_after("HookFailed", planned) == on["failure"]
    assert restores_after("States.Timeout", planned) == on["failure"]
    assert restores_after("AlarmActive", planned) == on["alarm"]
    assert restores_after("StopRequested", planned) == on["stop"]
    assert not restores_after("AliasMoved", planned)


def test_a_plan_without_a_table_goes_by_the_one_of_today() -> None:
    on = RollBackOn(failure=True, alarm=False, stop=True)
    old = plan(rollBackOn=on)
    made = old.pop("rollBackAfter")
    assert made == table(on)
    assert not restores_after("AlarmActive", old)


@pytest.mark.parametrize("on", ALL, ids=str)
def test_settings_have_codedeploys_names(on: RollBackOn) -> None:
    assert events(on) == [name for name, is_on in zip(ROLLBACK_EVENTS, on.values(), strict=True) if is_on]


@pytest.mark.parametrize("roll_back", [True, False])
def test_a_stop_request_decides_for_itself(roll_back: bool) -> None:
    stopped = apply(record(), interrupted(Interruption(StopRequested("Stopped."), roll_back), at(9)))
    assert restores(stopped) == roll_back
    del stopped["plan"]
    assert not restores(stopped)
