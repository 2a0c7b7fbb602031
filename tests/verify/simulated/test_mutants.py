"""A harness that finds nothing proves nothing: with a part of the product broken on purpose, its cases must not hold."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from verify import drift, fault_matrix, full_record, invariants, load, races, revoked_access, stacks
from verify.baseline import baseline
from verify.case import Case
from verify.simulation.world import SimulatedWorld
from verify.stories import STORIES
from weighbridge.aws import lambda_aliases, lambda_hooks, stepfunctions
from weighbridge.aws.lambda_aliases import Alias, Lambda
from weighbridge.core import commit as decisions
from weighbridge.core import ownership
from weighbridge.core.deployment import is_running
from weighbridge.core.execution import Execution
from weighbridge.core.plan import Plan, restored
from weighbridge.core.record import Record
from weighbridge.core.routing import Found
from weighbridge.core.wanted import TELLING, Decision
from weighbridge.handlers import reconcile as handler
from weighbridge.lifecycle import commit, gate, reconcile, rollback, run_hook
from weighbridge.store import deployments


@pytest.fixture(autouse=True)
def unbroken(world: SimulatedWorld) -> Iterator[None]:
    """What the stories are like unbroken is known beforehand."""
    for story in STORIES:
        baseline(world, story)
    yield
    world.simulation.forget()


def found(world: SimulatedWorld, cases: Callable[[SimulatedWorld], Iterator[Case]], *words: str) -> list[str]:
    """What does not hold in the first case whose description has all these words."""
    case = next(case for case in cases(world) if all(word in str(case) for word in words))
    return case.run(world).problems


def test_a_rollback_that_restores_nothing(world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def restore(_self: Lambda, plan: Plan) -> Alias:
        return Alias(restored(plan), "revision")

    monkeypatch.setattr(Lambda, "restore", restore)
    problems = found(world, fault_matrix.cases, "an alarm fires", "throttled once")
    assert any("left between two versions" in problem for problem in problems)


def test_locks_that_are_kept(world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployments, "_release_alias", deployments._release_group)
    monkeypatch.setattr(invariants, "LONGEST", 1800.0)  # it never comes to rest; that shows as well in half an hour
    problems = found(world, fault_matrix.cases, "all is well", "throttled once")
    assert any("not at rest" in problem for problem in problems)


def test_an_alias_of_somebody_else_that_is_overwritten(world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lambda_aliases, "judge", lambda *_: Found.UNCHANGED)
    cases = [case for case in drift.cases(world) if "an alarm fires" in str(case)]
    assert any(case.run(world).problems for case in cases)


def test_throttling_that_nobody_retries(world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    definition = json.loads(json.dumps(world.simulation.machine.definition))
    for state in definition["States"].values():
        state.pop("Retry", None)
    monkeypatch.setattr(world.simulation.machine, "definition", definition)
    assert load.Simulated(30).run(world).problems


def test_a_way_back_without_concurrency_of_its_own(world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.simulation, "reserved", {"Receive": 10})
    tried = load.Flood(drops=100, deployments=9, alarms=3, account=11).run(world)
    assert any("s after its alarm only" in problem for problem in tried.problems), tried


def test_an_interruption_that_is_recorded_and_not_handed_on(world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "hand_on", lambda _record: False)
    [race] = [race for race in races.RACES if race.name == "an alarm and a stop request meet an open gate"]
    assert any("a lost wake-up" in problem for problem in race.run(world).problems)


def test_a_reconciliation_that_goes_by_what_was(world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def finish(deployment_id: str, _execution: Execution | None = None) -> Record | None:
        record = deployments.get(deployment_id)
        execution = stepfunctions.describe(deployment_id)  # it may have completed since
        if record and is_running(record):
            reconcile._reconcile_open(record, execution)
        return record

    monkeypatch.setattr(reconcile, "_finish", finish)
    monkeypatch.setattr(reconcile, "_given_up", lambda *_: True)
    monkeypatch.setattr(rollback, "_plan_to_restore", lambda plan: (plan, None))
    [race] = [race for race in races.RACES if race.name == "the scheduled reconciliation meets a running execution"]
    assert any("the deployment is Succeeded, and the alias is" in problem for problem in race.run(world).problems)


def test_a_reconciliation_that_does_nothing(world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "handler", lambda _event, _context: None)
    problems = found(world, fault_matrix.cases, "stopped in the console", "throttled once")
    assert any("not at rest" in problem for problem in problems)


def test_nobody_is_told_of_a_rollback_that_is_held_up(world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollback, "hold_up", lambda *_: None)
    cases = [
        case for case in revoked_access.cases(world) if "lambda UpdateAlias" in str(case) and "an alarm fires" in str(case)
    ]
    assert any("no event says" in problem for case in cases for problem in case.run(world).problems)


def test_a_hook_id_in_the_log(world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    invoke: Any = lambda_hooks.invoke

    def telling(function: str, event: str, payload: bytes, *rest: Any) -> Any:
        run_hook.logger.info(payload.decode())
        return invoke(function, event, payload, *rest)

    monkeypatch.setattr(lambda_hooks, "invoke", telling)
    problems = found(world, fault_matrix.cases, "a hook says no", "throttled once")
    assert any("the log holds the secret" in problem for problem in problems)


def test_a_full_record_in_which_nobody_makes_room(world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployments, "_make_room", lambda _deployment_id: None)
    monkeypatch.setattr(invariants, "LONGEST", 1800.0)
    problems = found(world, full_record.cases, "an alarm fires", "RecordFailure: dynamodb TransactWriteItems")
    assert any("not at rest" in problem for problem in problems)


def test_an_interruption_that_waits_until_it_can_be_recorded(
    world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployments, "_make_room", lambda _deployment_id: None)
    monkeypatch.setattr(invariants, "LONGEST", 1800.0)

    def rolled_back_after() -> float:
        found(world, full_record.cases, "an alarm fires", "Interrupt: dynamodb UpdateItem")
        began, rolled_back = sorted(world.simulation.since(record["createTime"]) for record in world.records())
        return rolled_back - began

    brief = 5 * 60
    assert rolled_back_after() < brief
    monkeypatch.setattr(gate, "_interrupt_unrecorded", lambda *_: None)
    assert rolled_back_after() > brief, "the bake had to run out"


def test_a_stack_that_goes_back_and_is_deployed_all_the_same(
    world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "COMMITTED", TELLING)
    monkeypatch.setattr(ownership, "_taken_back", lambda _request, item: Decision(item))
    problems = found(world, stacks.cases, "between what was wanted and the commit")
    assert "a stack that went back has moved traffic" in problems


def test_a_commit_that_is_noticed_by_its_event_only(world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "look_at_all", lambda *_: None)
    monkeypatch.setattr(invariants, "LONGEST", 1800.0)
    problems = found(world, stacks.cases, "the event of its commit is lost")
    assert any("not at rest" in problem for problem in problems)


def test_two_stacks_that_have_one_alias(world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "_not_ours", lambda *_, **__: None)
    problems = found(world, stacks.cases, "another stack wants its alias")
    assert any("another stack's creation ended CREATE_COMPLETE" in problem for problem in problems)
