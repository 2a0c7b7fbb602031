"""The search for what a race comes to: it changes nothing of what goes on, is gone afterwards, and takes no two states for one."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from verify.interleavings import Race, Seen, choices, explore, state_of
from verify.invariants import come_to_rest
from verify.races import RACES
from verify.scene import Scene, scene_before
from verify.simulation.clock import Kind
from verify.simulation.execution import Execution, Position
from verify.simulation.machine import Machine
from verify.simulation.world import SimulatedWorld
from verify.stories import STORIES, Played, drop, hook


def test_what_is_seen_by_a_search_is_still_heard_by_whom_it_is_for(world: SimulatedWorld) -> None:
    world.simulation.forget()
    with Seen(world.simulation):
        played = STORIES["a hook says no"].play(world)
        assert come_to_rest(world) is None
    # What a hook returns is read once, as it arrives.
    assert world.record(played.deployments[0])["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"


def test_a_search_sees_what_a_task_was_answered_for_as_long_as_it_lives(world: SimulatedWorld) -> None:
    world.simulation.forget()
    played, meanwhile = Played(world.shop()), dict[str, list[str]]()
    with Seen(world.simulation) as seen:
        drop(world, played, BeforeAllowTraffic=hook(world, played, lambda _: meanwhile.update(seen.alive())))
        world.until("the hook's call", lambda: meanwhile)
        [answers] = [answers for name, answers in meanwhile.items() if name.startswith("RunHook")]
        assert any(answer.startswith("dynamodb.UpdateItem 200") for answer in answers)
        world.stop(played.deployments[0])
        assert come_to_rest(world) is None
        assert seen.alive() == []


def test_a_search_is_gone_afterwards(world: SimulatedWorld) -> None:
    watch = list(world.simulation.wire.watch)
    alone = Race("nobody but the execution", "Bake", Scene.go_on, lambda _: iter(()))
    explored = explore(world, alone)
    assert not explored.problems
    assert explored.interleavings > 1, "it went one way only"
    assert world.simulation.wire.watch == watch


ALARM, STOP, REPORT = "CloudWatch Alarm State Change", "Deployment Stop Requested", "Lifecycle Event Hook Reported"
SCHEDULED = "Scheduled Event"
ACTORS = {
    "a gate opens while an alarm fires": ["execution", ALARM],
    "a gate opens while a stop is requested": ["execution", STOP],
    "an alarm and a stop request meet an open gate": ["execution", ALARM, STOP],
    "a hook returns, reports and runs out of time": ["execution", "hook returns", REPORT],
    "a hook returns, is stopped and runs out of time": ["execution", "hook returns", STOP],
    "a hook that is awaited reports, is stopped and runs out of time": ["execution", REPORT, STOP],
    "a deployment completes while an alarm fires and a stop is requested": ["execution", ALARM, STOP],
    "a shift outlives its task while traffic goes back": ["execution", "ShiftTraffic"],
    "the last shift outlives its task while traffic goes back": ["execution", "ShiftTraffic"],
    "two reconciliations and a shift that outlives its execution": ["execution", "execution's end", SCHEDULED],
    "two reconciliations and a completion that outlives its execution": ["execution", "execution's end", SCHEDULED],
    "the scheduled reconciliation meets a running execution": ["execution", SCHEDULED],
    "two drops for one alias": ["execution", "execution"],
}


@pytest.mark.parametrize("race", RACES, ids=str)
def test_everybody_acts_whom_a_race_names(world: SimulatedWorld, race: Race, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = scene_before(world, race.before, hooks=race.hooks, drops=race.drops)
    acts: list[str] = []
    call, start, end = Scene.call, Machine.start, Machine.end

    def calls(scene: Scene, construct: str, event: dict[str, Any]) -> None:
        acts.append(event.get("detail-type", construct))
        call(scene, construct, event)

    def starts(*asked: Any) -> Execution:
        acts.append("execution")
        return start(*asked)

    def ends(*asked: Any) -> None:
        acts.extend(["execution's end"] if race.notified else [])
        end(*asked)

    def returns(run: Callable[[Any], Any], called: Any) -> Any:
        answer = run(called)
        acts.extend(["hook returns"] if answer else [])
        return answer

    monkeypatch.setattr(Scene, "call", calls)
    scene.set()
    with monkeypatch.context() as at_first:
        at_first.setattr(Machine, "start", starts)
        at_first.setattr(Machine, "end", ends)
        race.act(scene)
    users = world.simulation.functions.users
    for name in scene.record().get("plan", {}).get("hooks", {}).values():
        monkeypatch.setitem(users, name, partial(returns, users[name]))
    while open_to := choices(world):  # whoever interrupts comes last, so that everybody else gets to act
        world.simulation.clock.happen(min(open_to.values(), key=lambda due: "Interrupt" in due.what))
    assert sorted(acts) == sorted(ACTORS[race.name])


@pytest.fixture
def scene(world: SimulatedWorld) -> Scene:
    return scene_before(world, "Bake", hooks=False, drops=1)


def _state(scene: Scene, *afterwards: Callable[[Scene], object]) -> bytes:
    """The state that the scene is in once its execution has gone on, and something more has happened."""
    with Seen(scene.world.simulation) as seen:
        scene.set()
        scene.go_on()
        choices(scene.world)
        for happens in afterwards:
            happens(scene)
        return state_of(scene.world, choices(scene.world), seen)


def test_a_state_is_the_same_whatever_ids_and_times_are_in_it(scene: Scene) -> None:
    def a_call(scene: Scene) -> None:
        scene.world.simulation.clock.happen(next(due for due in choices(scene.world).values() if due.kind is Kind.CALL))

    assert _state(scene, a_call) == _state(scene, a_call) != _state(scene)


def _on_record(scene: Scene) -> None:
    scene.world.client("dynamodb").put_item(
        TableName=scene.world.outputs["TableName"], Item={"pk": {"S": "LOCK#other"}, "sk": {"S": "LOCK"}}
    )


def _elsewhere(scene: Scene) -> None:
    execution = scene.world.simulation.machine.executions[scene.deployment_id]
    execution.at = Position("Check alarms", scene.at.value, scene.at.variables)


def _knows_otherwise(scene: Scene) -> None:
    execution = scene.world.simulation.machine.executions[scene.deployment_id]
    execution.at = Position("Bake", scene.at.value, {**scene.at.variables, "step": 7})


def _no_longer_waited_for(scene: Scene) -> None:
    """The token is good no more, and nobody knows of it yet."""
    [wait] = scene.world.simulation.machine._callbacks.waits.values()
    wait.ended.is_set = True


@pytest.mark.parametrize(
    "different",
    [
        _on_record,
        _elsewhere,
        _knows_otherwise,
        _no_longer_waited_for,
        lambda scene: scene.world.route(scene.shop, "3"),
        Scene.stop,
    ],
    ids=["table", "position", "variables", "wait", "alias", "caller"],
)
def test_states_differ_where_what_follows_may(scene: Scene, different: Callable[[Scene], object]) -> None:
    assert _state(scene, different) != _state(scene)


@pytest.mark.parametrize("notified", [True, False])
def test_a_race_begins_with_the_files_of_its_drops_and_with_the_rules_that_it_says(
    world: SimulatedWorld, notified: bool
) -> None:
    seen: list[tuple[int, str]] = []

    def look(_scene: Scene) -> None:
        files = world.client("s3").list_objects_v2(Bucket=world.bucket)["KeyCount"]
        rules = world.client("events").list_rules()["Rules"]
        seen.extend((files, rule["State"]) for rule in rules if "ExecutionEnded" in rule["Name"])

    explore(world, Race("nobody", "Bake", look, lambda _: iter(()), notified=notified))
    [(files, state)] = seen
    assert files > 0
    assert state == ("ENABLED" if notified else "DISABLED")
