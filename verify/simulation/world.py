"""The words in which scenarios are told, for the simulation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import boto3

from scenarios.world import Shop, World, plain
from verify.simulation.clock import Stuck
from verify.simulation.cloud import Cloud, simulated

PATIENCE = 200_000.0
"""Virtual seconds: longer than any deployment takes."""
T = TypeVar("T")


class SimulatedWorld(World):
    brief_minutes = 5

    def __init__(self, cloud: Cloud) -> None:
        self.simulation = cloud
        self.shops: list[str] = []
        """The functions that were made to be deployed, the newest last."""
        super().__init__(cloud, cloud.outputs)  # type: ignore[arg-type]

    def shop(self, **settings: Any) -> Shop:
        made = super().shop(**settings)
        self.shops.append(made.name)
        return made

    def until(self, what: str, ask: Callable[[], T | None], patience: float = 0) -> T:  # noqa: ARG002
        answers: list[T] = []
        seen = -1

        def holds() -> bool:
            nonlocal seen
            if seen == self.simulation.clock.changes:
                return False  # nothing has changed that could be asked for
            answer = ask()
            seen = self.simulation.clock.changes
            if answer:
                answers.append(answer)
            return bool(answer)

        try:
            self.simulation.clock.run(holds, PATIENCE, what)
        except Stuck as stuck:
            raise AssertionError(str(stuck)) from stuck
        return answers[0]

    def pause(self, seconds: float) -> None:
        self.simulation.clock.advance(seconds)

    def records(self) -> list[dict[str, Any]]:
        """The records of all deployments."""
        items = self.simulation.emulator.items(self.outputs["TableName"])
        return [plain(item) for item in items if item["sk"] == {"S": "DEPLOYMENT"} and item["pk"]["S"][:6] == "DEPLOY"]

    def open_wants(self) -> list[dict[str, Any]]:
        """What stacks want of aliases about which something is still to be done."""
        items = self.simulation.emulator.items(self.outputs["TableName"])
        return [plain(item) for item in items if item["sk"] == {"S": "WANTED"} and "open" in item]

    def awaited(self) -> list[dict[str, Any]]:
        """Who waits for the end of a deployment and has not been notified."""
        items = self.simulation.emulator.items(self.outputs["TableName"])
        return [plain(item) for item in items if item["sk"] == {"S": "AWAITED"}]

    @cached_property
    def codedeploy(self) -> Any:
        """A stock client of CodeDeploy, pointed at the API's URL."""
        return boto3.client("codedeploy", endpoint_url=self.outputs["ApiUrl"])

    def item(self, pk: str, sk: str) -> dict[str, Any] | None:
        item = self.simulation.emulator.item(self.outputs["TableName"], pk, sk)
        return plain(item) if item else None

    def execution(self, deployment_id: str) -> dict[str, Any] | None:
        return self.simulation.machine.described(deployment_id)

    def log(self) -> str:
        return self.simulation.clock.output.getvalue()

    def function(self, name: str, *sources: str, role: str | None = None) -> None:
        super().function(name, *sources, role=role)
        namespace: dict[str, Any] = {}
        exec(sources[-1], namespace)  # noqa: S102 - the source of a user's function, as Lambda would run it
        self.simulation.functions.users[name] = lambda event: namespace["handler"](event, None)


@contextmanager
def simulated_world(assembly: Path) -> Iterator[SimulatedWorld]:
    """A simulated account with the stack of a cloud assembly in it; `simulation.forget()` brings this moment back."""
    with simulated(assembly) as cloud:
        world = SimulatedWorld(cloud)
        cloud.emulator.remember(cloud.outputs["TableName"])
        yield world
