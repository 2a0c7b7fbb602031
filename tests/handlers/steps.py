"""The deployment of the files in events/, as the steps of the state machine find it."""

from types import SimpleNamespace
from typing import Any

from tests.aws.account import create_alias, keep_planned, kept
from tests.aws.invocation import APPSPEC, ID, drop, event_file, invoke
from tests.core.samples import at
from weighbridge.core.deployment import shifted
from weighbridge.core.errors import StopRequested
from weighbridge.core.groups import parse
from weighbridge.core.interruptions import Interruption, interrupted
from weighbridge.core.plan import Plan, routing_after
from weighbridge.core.record import Record
from weighbridge.store import deployments, settings

PLAN = event_file("shift_traffic.forward")["plan"]
STOP = interrupted(Interruption(StopRequested("Stop."), roll_back=True), at(9))
KEY = "shop-app/prod/appspec.yaml"
GROUP = {
    "deploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
    "alarmConfiguration": {"alarms": [{"name": "shop-errors"}]},
}
HOOKED = APPSPEC + "Hooks: [{BeforeAllowTraffic: CodeDeployHook_checkShop}]"


def planned_deployment() -> Record:
    """The deployment of the files in events/, right after validation."""
    return keep_planned(ID, **PLAN)


def shifted_deployment(step: int = len(PLAN["steps"]) - 1) -> Record:
    """The deployment after its step `step`, the last one by default."""
    planned_deployment()
    weights = {"2": PLAN["steps"][step]["weight"]} if step < len(PLAN["steps"]) - 1 else {}
    create_alias("1" if weights else "2", weights)
    for each in range(step + 1):
        deployments.update(ID, shifted(PLAN, each, routing_after(PLAN, each), f"r-{each}", at(2)))
    return kept(ID)


def forged(name: str, **changes: Any) -> Any:
    """What a state hands over, with another team's plan or other members."""
    event = event_file(name)
    plan = {
        member: changes.pop(member) for member in list(changes) if member in Plan.__annotations__ and member not in event
    }
    return event | ({"plan": event["plan"] | plan} if plan else {}) | changes


def group(**changes: Any) -> None:
    document = {key: value for key, value in (GROUP | changes).items() if value is not None}
    settings.put_group("shop-app", "prod", parse("shop-app", "prod", document), "2026-11-23T05:00:00.000Z")


def arrive(place: SimpleNamespace, content: str | bytes = HOOKED) -> str:
    """A dropped AppSpec file's deployment, not yet validated."""
    before = set(deployments.unfinished())
    invoke("receive", drop(place, KEY, content))
    [arrived] = set(deployments.unfinished()) - before
    return arrived


def validate(deployment_id: str, retries: int = 0) -> Any:
    return invoke("validate", event_file("validate") | {"deploymentId": deployment_id, "retries": retries})
