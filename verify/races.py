"""The races: who acts at the same time on what, and what must hold in every order.

Where one starts is in scene.py, the search in interleavings.py.
"""

from collections.abc import Callable, Iterator

from scenarios.world import Alias
from verify.interleavings import Act, Race, choices
from verify.invariants import of_locks, of_record
from verify.scene import Scene
from verify.simulation.clock import Kind
from verify.simulation.execution import Position
from verify.simulation.world import SimulatedWorld
from verify.stories import Played, report

NO = {"status": "Failed", "message": "whichever comes first"}


def _ended(scene: Scene) -> Iterator[str]:
    """Whatever happened: all records are final and say why, nothing is locked, and the alias is where they say."""
    played = Played(scene.shop, [scene.deployment_id])
    for record in scene.world.records():
        yield from of_record(record)
    yield from of_locks(scene.world, played)
    alias, record = scene.world.alias(scene.shop), scene.record()
    should = record["plan"]["targetVersion" if record["status"] == "Succeeded" else "currentVersion"]
    if alias.weights or alias.version != should:
        yield f"the deployment is {record['status']}, and the alias is {alias}"
    if record["status"] == "Succeeded" and "interruption" in record:
        yield "it succeeded although it was interrupted"
    calls = [entry for entry in record["timeline"] if entry["event"] in {"HookCalled", "HookAnswered", "Ended"}]
    if len({(entry["event"], entry.get("lifecycleEvent")) for entry in calls}) < len(calls):
        yield f"something happened twice: {calls}"
    running = [
        execution.name for execution in scene.world.simulation.machine.executions.values() if execution.status == "RUNNING"
    ]
    if running:
        yield f"still running: {running}"


def _go_on_with(*more: Act) -> Act:
    def act(scene: Scene) -> None:
        scene.go_on()
        for each in more:
            each(scene)

    return act


def _open_gate(scene: Scene) -> None:
    """The wait is open already when an alarm and a stop request come."""
    scene.go_on()
    [opening] = [due for due in choices(scene.world).values() if due.kind is Kind.CALL]
    scene.world.simulation.clock.happen(opening)
    scene.alarm()
    scene.stop()


def _hook_runs(scene: Scene, run: Callable[[dict[str, str]], dict[str, str] | None]) -> None:
    """The hook is called and does `run`."""
    [name] = scene.record()["plan"]["hooks"].values()
    scene.world.simulation.functions.users[name] = run
    scene.go_on()


def _report(scene: Scene, called: dict[str, str]) -> None:
    scene.call("Interrupt", scene.event("my.hook", "Lifecycle Event Hook Reported", report(called)))


def _both_answers(scene: Scene) -> None:
    """A hook says yes by what it reports, and no by what it returns."""

    def run(called: dict[str, str]) -> dict[str, str]:
        _report(scene, called)
        return NO

    _hook_runs(scene, run)


def _stopped_hook(scene: Scene) -> None:
    _hook_runs(scene, lambda _: NO)
    scene.stop()


def _awaited_hook(scene: Scene) -> None:
    """A hook has been called and has said nothing yet when its report and a stop request come."""
    calls: list[dict[str, str]] = []
    _hook_runs(scene, calls.append)
    while going_on := [due for due in choices(scene.world).values() if due.kind is Kind.CALL]:
        scene.world.simulation.clock.happen(going_on[0])
    [called] = calls
    _report(scene, called)
    scene.stop()


def _two_reconciliations(scene: Scene) -> None:
    """The execution is stopped while a function runs for it; its end's event and the scheduled reconciliation find it."""
    scene.go_on()
    machine = scene.world.simulation.machine
    choices(scene.world)  # the function has begun
    machine.end(machine.executions[scene.deployment_id], "ABORTED")
    scene.reconcile()


def _outlived(scene: Scene) -> None:
    """A shift that Step Functions has given up on still runs, while the machine records a failure and rolls back."""
    known = scene.at.variables
    shift = {name: known[name] for name in ("deploymentId", "plan", "step", "revisionId")}
    scene.call("ShiftTraffic", shift)
    failure = {"error": "Sandbox.Timedout", "cause": "Task timed out after 30.0 seconds"}
    at = Position("Record reason", {}, {**known, "failure": failure})
    scene.world.simulation.machine.start(scene.execution.name, scene.execution.input, at)


def _drops(scene: Scene) -> None:
    scene.go_on()
    for other in scene.others:
        scene.world.simulation.machine.start(other.name, other.input, other.at)


def _one_at_a_time(scene: Scene) -> Iterator[str]:
    records = (record for record in scene.world.records() if record["creator"] == "user")
    running = [record["deploymentId"] for record in records if record["status"] == "InProgress"]
    if len(running) > 1:
        yield f"two deployments of one alias run at once: {running}"


def _one_deployed(scene: Scene) -> Iterator[str]:
    """At least one of the drops was deployed, and the others say why not: it was in the way, or had moved the alias."""
    yield from of_locks(scene.world, Played(scene.shop))
    for record in scene.world.records():
        yield from of_record(record)
        code = record.get("errorInformation", {}).get("code")
        if code not in {None, "RESOURCE_LIMIT_EXCEEDED", "INVALID_LAMBDA_CONFIGURATION"}:
            yield f"a drop ended {record['status']}, {code}: {record['errorInformation']['message']}"
    if "Succeeded" not in {record["status"] for record in scene.world.records()}:
        yield "neither drop was deployed"
    if scene.world.alias(scene.shop) != Alias("2", {}):
        yield f"the alias is {scene.world.alias(scene.shop)}"


RACES = [
    Race("a gate opens while an alarm fires", "Bake", _go_on_with(Scene.alarm), _ended),
    Race("a gate opens while a stop is requested", "Bake", _go_on_with(Scene.stop), _ended),
    Race("an alarm and a stop request meet an open gate", "Bake", _open_gate, _ended),
    *(
        # All of it at once has more states than can be gone through.
        Race(name, "Run BeforeAllowTraffic hook", act, _ended, hooks=True)
        for name, act in {
            "a hook returns, reports and runs out of time": _both_answers,
            "a hook returns, is stopped and runs out of time": _stopped_hook,
            "a hook that is awaited reports, is stopped and runs out of time": _awaited_hook,
        }.items()
    ),
    Race(
        "a deployment completes while an alarm fires and a stop is requested",
        "Complete deployment",
        _go_on_with(Scene.alarm, Scene.stop),
        _ended,
    ),
    Race("a shift outlives its task while traffic goes back", "Shift traffic", _outlived, _ended),
    Race("the last shift outlives its task while traffic goes back", "Shift all traffic", _outlived, _ended),
    Race(
        "two reconciliations and a shift that outlives its execution",
        "Shift traffic",
        _two_reconciliations,
        _ended,
        notified=True,
    ),
    Race(
        "two reconciliations and a completion that outlives its execution",
        "Complete deployment",
        _two_reconciliations,
        _ended,
        notified=True,
    ),
    Race("the scheduled reconciliation meets a running execution", "Bake", _go_on_with(Scene.reconcile), _ended),
    Race("two drops for one alias", "Validate deployment", _drops, _one_deployed, always=_one_at_a_time, drops=2),
]


def cases(_world: SimulatedWorld) -> Iterator[Race]:
    yield from RACES
