"""What a step of a deployment may be called for."""

import pytest

from tests.core.samples import after, apply, at, plan, record
from weighbridge.core import hooks
from weighbridge.core.deployment import hook_called
from weighbridge.core.endings import succeeded
from weighbridge.core.errors import DeploymentEnded, NotThePlan, Released, StopRequested
from weighbridge.core.interruptions import Interruption, interrupted, released
from weighbridge.core.rollbacks import rollback_record, traffic_restored
from weighbridge.core.sequence import check_completion, check_hook, check_shift, planned, rolled_back

BOTH = {hooks.BEFORE: "CodeDeployHook_before", hooks.AFTER: "CodeDeployHook_after"}


def test_the_plan_is_the_records() -> None:
    assert planned(record(), plan()) == plan()


@pytest.mark.parametrize("member", ["deploymentId", "functionName", "alias", "currentVersion", "targetVersion"])
def test_a_plan_that_aims_elsewhere_is_not_acted_on(member: str) -> None:
    with pytest.raises(NotThePlan):
        planned(record(), plan(**{member: "another"}))


def test_without_a_record_there_is_no_plan() -> None:
    with pytest.raises(NotThePlan):
        planned(None, plan())


def test_the_next_step_and_the_last_one_again_may_be_taken() -> None:
    check_shift(after(3), 3)
    check_shift(after(3), 2)


@pytest.mark.parametrize("step", [0, 1, 4, 9, 10, -1, "3", None, 2.5])
def test_no_other_step_is_taken(step: object) -> None:
    with pytest.raises(NotThePlan, match="no traffic was moved"):
        check_shift(after(3), step)


def test_hooks_run_before_and_after_the_shift_and_only_where_there_are_any() -> None:
    check_hook(record(hooks=BOTH), hooks.BEFORE)
    check_hook(after(10, hooks=BOTH), hooks.AFTER)
    for of, event in ((record(hooks=BOTH), hooks.AFTER), (after(10, hooks=BOTH), hooks.BEFORE), (record(), hooks.BEFORE)):
        with pytest.raises(NotThePlan):
            check_hook(of, event)


def test_it_is_complete_when_all_traffic_has_moved_and_the_last_hook_was_called() -> None:
    check_completion(after(10))
    hooked = after(10, hooks=BOTH)
    for unfinished in (after(9), hooked):
        with pytest.raises(NotThePlan):
            check_completion(unfinished)
    check_completion(apply(hooked, hook_called(plan(hooks=BOTH), hooks.AFTER, "id", "token", at(700))))


def test_a_rollback_is_complete_when_traffic_is_back() -> None:
    rollback = rollback_record(plan(), at(9))
    with pytest.raises(NotThePlan):
        check_completion(rollback)
    check_completion(apply(rollback, traffic_restored(plan(), "r-9", at(10), moved=True)))


def test_a_rollback_goes_by_the_plan_on_record_and_the_alias_as_it_is_now() -> None:
    assert rolled_back(after(3), plan(revisionId="r-3")) == plan(revisionId="r-3")


def test_what_has_ended_or_was_released_is_not_rolled_back() -> None:
    ended = apply(after(10), succeeded(after(10), at(700)).change)
    with pytest.raises(DeploymentEnded):
        rolled_back(ended, plan())
    stopped = apply(after(3), interrupted(Interruption(StopRequested("Stopped."), roll_back=True), at(200)))
    with pytest.raises(Released):
        rolled_back(apply(stopped, released(at(210))), plan())
