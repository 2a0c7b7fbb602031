"""Where a race starts: a deployment that has come to a state, and what may happen to it there."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from scenarios.world import Shop
from verify import stories
from verify.simulation.clock import Killed
from verify.simulation.execution import Execution, Position
from verify.simulation.world import SimulatedWorld
from verify.stories import HOUR, Played


@dataclass
class Scene:
    """A deployment right before a state: what a race starts from."""

    world: SimulatedWorld
    shop: Shop
    execution: Execution
    at: Position
    kept: Any
    others: list[Execution] = field(default_factory=list)
    """The executions of further drops, which have come to the same state."""

    @property
    def deployment_id(self) -> str:
        return self.execution.name

    def set(self) -> None:
        """Everything is as it was when the deployment came to that state, and nothing happens by itself."""
        simulation = self.world.simulation
        simulation.forget()
        simulation.emulator.restore(self.world.outputs["TableName"], self.shop.name, self.kept)
        simulation.is_reading = True  # nobody is notified of what happens meanwhile

    def go_on(self) -> None:
        """The execution goes on from that state."""
        self.world.simulation.machine.start(self.execution.name, self.execution.input, self.at)

    def record(self) -> dict[str, Any]:
        return self.world.item(f"DEPLOYMENT#{self.deployment_id}", "DEPLOYMENT") or {}

    def call(self, construct: str, event: dict[str, Any]) -> None:
        """A function of the stack is called with an event."""
        functions = self.world.simulation.functions
        functions.start(functions.named(construct), event)

    def event(self, source: str, detail_type: str, detail: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": "event",
            "source": source,
            "detail-type": detail_type,
            "time": (self.world.simulation.clock.time + timedelta(hours=1)).isoformat(timespec="seconds"),
            "detail": detail,
        }

    def alarm(self) -> None:
        [name] = self.record()["locks"]["alarms"]
        self.call("Interrupt", self.event("aws.cloudwatch", "CloudWatch Alarm State Change", {"alarmName": name}))

    def stop(self) -> None:
        detail = {"deploymentId": self.deployment_id}
        self.call("Interrupt", self.event("my.pipeline", "Deployment Stop Requested", detail))

    def reconcile(self) -> None:
        self.call("Reconcile", self.event("aws.events", "Scheduled Event", {}))


def _versions_are_active(world: SimulatedWorld, shop: Shop) -> None:
    """Waits until the versions may take traffic: afterwards nothing happens by itself, and they would never be Active."""
    functions = world.client("lambda")

    def active() -> bool:
        versions = functions.list_versions_by_function(FunctionName=shop.name)["Versions"]
        return all(version["State"] == "Active" for version in versions)

    world.until(f"the versions of {shop.name}", active)


def scene_before(world: SimulatedWorld, state: str, *, hooks: bool, drops: int) -> Scene:
    """Deploys until every execution comes to a state, and keeps everything as it is then."""
    world.simulation.forget()
    played = Played(world.shop(deploymentConfigName="Brief", **stories.with_alarm(world)))
    _versions_are_active(world, played.shop)
    reached: list[Execution] = []

    def look(execution: Execution, name: str) -> None:
        if name == state and execution not in reached:
            reached.append(execution)
            if drops > 1:
                raise Killed  # it waits there for the others

    machine = world.simulation.machine
    machine.entering.append(look)
    try:
        answers = {"BeforeAllowTraffic": stories.hook(world, played, lambda _: None)} if hooks else {}
        for _ in range(drops):
            stories.drop(world, played, **answers)
        world.simulation.clock.run(lambda: len(reached) == drops, HOUR, state)
    finally:
        machine.entering.remove(look)
    execution, *others = reached
    assert execution.at
    snapshot = world.simulation.emulator.snapshot(world.outputs["TableName"], played.shop.name)
    return Scene(world, played.shop, execution, execution.at, snapshot, others)
