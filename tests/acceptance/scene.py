"""A stage of the smoke test on which everything goes as it should, as long as a test says nothing else."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from acceptance.cases.configurations import LONG
from acceptance.stage import Stage
from tests.acceptance.scripts import Scripted

OUTPUTS = {
    "ApiUrl": "https://api.invalid/",
    "EventBusName": "bus",
    "HookLayerArn": "arn:aws:lambda:eu-west-1:123456789012:layer:hooks:1",
    "StateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:m",
}


class Scene(Stage):
    """Nothing is behind it but a scripted account."""

    def __init__(self, account: Scripted) -> None:
        super().__init__(account, "smoke", OUTPUTS, requests=200)
        self.live, self.before, self.weights = "1", "1", dict[str, float]()
        self.outcomes: list[str] = []
        self.timeline: list[dict[str, Any]] = []
        self.items: Any = {"name": "there"}
        self.applications = ["smoke"]
        self.hooked: dict[str, Any] = {}
        self.cooled: list[str] = []
        self.started = [0.8]
        self.snapshots: list[str] = []
        self.takes_snapshots = True
        # What an account does, and does not in a mutant.
        self.rights = self.counted = self.firing = self.heals = True
        self.lambda_writes = self.bridge_writes = self.delivers = self.sets_aside = True
        self.leaks = False
        self.patience = 0.0
        self.news = {"Deployment Rollback Held Up", "SUCCESS"}
        # What is broken at the moment, and what was sent meanwhile.
        self.broken_now = ""
        self.taken: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self.sent: list[str] = []
        self.written: set[str] = set()

    def put(self, key: str, document: Any) -> str:  # noqa: ARG002
        return "version"

    def item(self, pk: str, sk: str) -> Any:  # noqa: ARG002
        return self.items

    def configure(self, group: str = "smoke", **settings: Any) -> None:  # noqa: ARG002
        self.settings = settings

    def drop(self, group: str = "smoke", target: str | None = None, **hooks: str) -> str:  # noqa: ARG002
        self.before, target = self.live, target or self.other_version()
        if group == "together" or self.settings["deploymentConfigName"] != LONG:
            self.live = target
        else:
            self.weights = {target: 0.1}
        return "d-AAAAAAAAA"

    def baking(self, deployment_id: str) -> Any:
        return {"deploymentId": deployment_id, "plan": {"rollbackDeploymentId": "d-BBBBBBBBB"}}

    def ended(self, deployment_id: str, seconds: float = 0) -> Any:  # noqa: ARG002
        self.patience = seconds
        status, _, code = (self.outcomes.pop(0) if self.outcomes else "Succeeded").partition(" ")
        if status != "Succeeded":
            self.back()
        return {"status": status, "errorInformation": {"code": code}, "timeline": self.timeline}

    def routing(self) -> tuple[str, dict[str, float]]:
        return self.live, self.weights

    def route(self, version: str) -> None:
        self.live, self.weights = version, {}

    def set_alarm(self, name: str, state: str) -> None:  # noqa: ARG002
        if state == "ALARM":
            self.back()

    def send(self, detail_type: str, detail: Any) -> str:  # noqa: ARG002
        if self.leaks or not self.broken_now:
            self.back()
        event_id = f"event-{len(self.sent)}"
        self.sent.append(event_id)
        if {"broken": self.lambda_writes, "not permitted": self.bridge_writes}.get(self.broken_now):
            self.written.add(event_id)
        return event_id

    def add_alarm(self, name: str, **metric: Any) -> None:
        pass

    def add_log_alarm(self, name: str) -> None:
        pass

    def stop_all(self) -> None:
        self.back()

    def back(self) -> None:
        self.live, self.weights = self.before, {}

    def add_hook(self, kind: str, does: str, timeout: int = 60, **settings: Any) -> str:  # noqa: ARG002
        self.hooked[kind] = settings
        return kind

    def in_hook(self, deployment_id: str, event: str) -> None:
        pass

    def set_snap_start(self, applies_on: str) -> None:
        self.snapshots.append(applies_on)
        if applies_on != "None" and not self.takes_snapshots:
            refused = self.client("lambda").exceptions.InvalidParameterValueException
            raise refused({"Error": {"Code": "InvalidParameterValueException"}}, "UpdateFunctionConfiguration")

    def caller_role(self) -> str:
        return "arn:caller"

    @property
    def caller(self) -> Any:
        return self.account

    def api_of(self, session: Any) -> Any:  # noqa: ARG002
        return type("Api", (), {"list_applications": lambda _self: {"applications": self.applications}})()

    def looks_at_rights(self) -> bool:
        return self.rights

    def function_of(self, construct: str) -> str:
        return construct

    def is_firing(self, construct: str) -> bool:
        return self.firing and construct == "RollbacksHeldUp"

    def counts(self) -> bool:
        return self.counted

    def has_noticed(self, deployment_id: str, what: str) -> bool:  # noqa: ARG002
        is_silent = what == "SUCCESS" and self.broken_now and not self.leaks
        return what in self.news and not is_silent

    def cool(self, constructs: Iterable[str]) -> None:
        self.cooled += constructs

    def starts(self, construct: str, since: float) -> list[float]:  # noqa: ARG002
        return self.started

    def refused(self, event_id: str) -> bool:
        if self.broken_now:
            return self.broken_now == "not permitted" and event_id not in self.written
        return self.delivers

    def has_dead_letter(self, queue: str, about: str) -> bool:
        return about in self.written if queue == "Events" else self.sets_aside

    def send_dead_letter(self, construct: str, about: str) -> None:  # noqa: ARG002
        self.written.add(about)

    def without_rule(self, name: str) -> Any:  # noqa: ARG002
        return self._meanwhile("")

    def denied(self, constructs: Iterable[str], *actions: str) -> Any:
        self.taken = (tuple(constructs), actions)
        return self._meanwhile("denied")

    def broken(self, construct: str) -> Any:  # noqa: ARG002
        return self._meanwhile("broken")

    def not_permitted(self, rule: str, construct: str) -> Any:  # noqa: ARG002
        return self._meanwhile("not permitted")

    @contextmanager
    def _meanwhile(self, how: str) -> Iterator[None]:
        self.broken_now = how
        try:
            yield
        finally:
            self.broken_now = ""
            if how == "denied" and self.heals and self.weights:
                self.back()
