"""Deployments to be disturbed: each story goes one way through the state machine, and together they go every way.

A story is played by what its user does; what comes of it is looked at afterwards, by `verify.invariants`. Disturbed, it may
end in another way or sooner than its user expects.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from scenarios.world import Shop, appspec
from verify.simulation.callbacks import Wait
from verify.simulation.stacks import Stack
from verify.simulation.world import SimulatedWorld
from weighbridge.core import ids
from weighbridge.core.awaited import identity

T = TypeVar("T")
HOUR = 3600.0
RUNNING = {"Created", "InProgress"}


@dataclass
class Played:
    """What was deployed: `deployments` are those that were asked for, `hook_ids` what hooks were given to report with.

    `waiting` is who waits for their ends by task tokens, `earlier` are those that had ended before, and `live` is the
    version that the alias was on then.
    """

    shop: Shop
    deployments: list[str] = field(default_factory=list)
    waiting: list[Wait] = field(default_factory=list)
    hook_ids: list[str] = field(default_factory=list)
    earlier: list[str] = field(default_factory=list)
    live: str = "1"


@dataclass(frozen=True)
class Story:
    name: str
    act: Callable[[SimulatedWorld, Played], None]
    settings: Callable[[SimulatedWorld], dict[str, Any]] = lambda _: {}
    history: Callable[[SimulatedWorld, Shop], list[str]] = lambda *_: []
    """Deploys what has been deployed already, and returns the deployments."""
    looked_for: float = math.inf
    """For how many seconds what is dropped is looked for, where its event is lost; what is found later has to be dropped
    again (docs/operations.md)."""

    def play(self, world: SimulatedWorld, before: Callable[[], object] = lambda: None) -> Played:
        """Tells the story to its end; `before` happens once everything is there that its user made beforehand."""
        played = Played(world.shop(deploymentConfigName="Brief", **self.settings(world)))
        played.earlier = self.history(world, played.shop)
        played.live = world.alias(played.shop).version
        before()
        self.act(world, played)
        return played


def with_alarm(world: SimulatedWorld) -> dict[str, Any]:
    return {"alarmConfiguration": {"enabled": True, "alarms": [{"name": world.alarm()}]}}


def _its_alarm(world: SimulatedWorld, played: Played) -> str:
    group = world.item(f"GROUP#{played.shop.name}/prod", "GROUP") or {}
    return str(group["settings"]["alarmConfiguration"]["alarms"][0]["name"])


def drop(world: SimulatedWorld, played: Played, **hooks: str) -> str:
    deployment_id = world.drop(played.shop, **hooks)
    played.deployments.append(deployment_id)
    return deployment_id


def in_bake(world: SimulatedWorld, deployment_id: str) -> bool:
    """Waits until the first share is watched; False where the deployment has ended instead."""

    def ask() -> str | None:
        record = world.record(deployment_id)
        if record["status"] not in RUNNING:
            return "ended"
        return "baking" if record.get("gate", {}).get("waitingFor") == "bake" else None

    return world.until(f"the bake of {deployment_id}, or its end", ask) == "baking"


def hook(world: SimulatedWorld, played: Played, answer: Callable[[dict[str, str]], Any]) -> str:
    """A hook that does `answer`; its name."""
    name = world.hook("return None")

    def run(event: dict[str, str]) -> Any:
        played.hook_ids.append(event["LifecycleEventHookExecutionId"])
        return answer(event)

    world.simulation.functions.users[name] = run
    return name


def _returns(status: str) -> Callable[[dict[str, str]], Any]:
    return lambda _: {"status": status, "message": "seen for itself"}


def report(called: Mapping[str, str], status: str = "Succeeded") -> dict[str, str]:
    """The detail of the event by which a hook reports; `called` is the event that the hook was called with."""
    return {
        "deploymentId": called["DeploymentId"],
        "lifecycleEventHookExecutionId": called["LifecycleEventHookExecutionId"],
        "status": status,
    }


def _reports_later(world: SimulatedWorld) -> Callable[[dict[str, str]], Any]:
    def answer(event: dict[str, str]) -> None:
        detail = report(event)
        world.simulation.clock.after(30, lambda: world.send("Lifecycle Event Hook Reported", detail), "the report")

    return answer


# ------------------------------------------------------------------------------------------------------- the stories


def _all_is_well(world: SimulatedWorld, played: Played) -> None:
    before, after = hook(world, played, _returns("Succeeded")), hook(world, played, _reports_later(world))
    drop(world, played, BeforeAllowTraffic=before, AfterAllowTraffic=after)


def _alarm_fires(world: SimulatedWorld, played: Played) -> None:
    deployment_id = drop(world, played)
    if in_bake(world, deployment_id):
        world.set_alarm(_its_alarm(world, played), "ALARM")


def _alarm_event_is_lost(world: SimulatedWorld, played: Played) -> None:
    with world.without_rule("AlarmFired"):
        _alarm_fires(world, played)


def _hook_says_no(world: SimulatedWorld, played: Played) -> None:
    drop(world, played, AfterAllowTraffic=hook(world, played, _returns("Failed")))


def _hook_never_answers(world: SimulatedWorld, played: Played) -> None:
    drop(world, played, BeforeAllowTraffic=hook(world, played, lambda _: None))
    with world.without_rule("Schedule"):  # a dozen runs that find nothing to do would be a dozen times the same
        world.simulation.clock.advance(HOUR)


def _stopped_by_request(world: SimulatedWorld, played: Played) -> None:
    deployment_id = drop(world, played)
    if in_bake(world, deployment_id):
        world.stop(deployment_id)


def _stop_execution(world: SimulatedWorld, name: str) -> None:
    arn = world.outputs["StateMachineArn"].replace(":stateMachine:", ":execution:") + f":{name}"
    world.client("stepfunctions").stop_execution(executionArn=arn)


def _stopped_in_the_console(world: SimulatedWorld, played: Played) -> None:
    deployment_id = drop(world, played)
    if in_bake(world, deployment_id):
        _stop_execution(world, deployment_id)


def _rollback_stopped_in_the_console(world: SimulatedWorld, played: Played) -> None:
    deployment_id = drop(world, played)
    if not in_bake(world, deployment_id):
        return
    rollback_id = world.record(deployment_id)["plan"]["rollbackDeploymentId"]
    world.stop(deployment_id)

    def ask() -> bool:
        execution = world.simulation.machine.executions.get(rollback_id)
        return (execution is not None and "Shift traffic back" in execution.states) or (
            world.record(deployment_id)["status"] not in RUNNING
        )

    world.until("the rollback's execution", ask)
    execution = world.simulation.machine.executions.get(rollback_id)
    if execution and execution.status == "RUNNING":
        _stop_execution(world, rollback_id)


def _by_the_api(world: SimulatedWorld, played: Played) -> None:
    names = {"applicationName": played.shop.name, "deploymentGroupName": "prod"}
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec(played.shop.name)}}
    deployment_id = _insisting(
        world,
        lambda: world.codedeploy.create_deployment(**names, revision=revision)["deploymentId"],
        # The call may have taken effect all the same: then the deployment is there, and the next try is told so.
        lambda: next((record["deploymentId"] for record in world.records()), None),
    )
    played.deployments.append(deployment_id)
    if in_bake(world, deployment_id):
        ended = lambda: world.record(deployment_id)["status"] not in RUNNING or None  # noqa: E731
        _insisting(world, lambda: world.codedeploy.stop_deployment(deploymentId=deployment_id), ended)


def _insisting(world: SimulatedWorld, call: Callable[[], T], otherwise: Callable[[], T | None]) -> T:
    """Makes a call of the API every half minute until it is not refused, or `otherwise` gives what it was made for."""
    while True:
        try:
            return call()
        except ClientError:
            answer = otherwise()
            if answer is not None:
                return answer
        world.simulation.clock.advance(30)


def _others_deploy_and_wait(world: SimulatedWorld, played: Played) -> None:
    """An execution of the machine by which others deploy, as its one task does: called until the function has done it."""
    hook_name = hook(world, played, _returns("Failed"))
    content = appspec(played.shop.name, AfterAllowTraffic=hook_name)
    execution = "arn:aws:states:us-east-1:000000000000:execution:weighbridge-deploy:release 2026-11-23T06:00:00Z"
    request = {
        "applicationName": played.shop.name,
        "deploymentGroupName": "prod",
        "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}},
    }
    played.deployments.append(ids.deployment_id(identity(execution)))
    while True:
        token, wait = world.simulation.machine.wait_of("release")
        payload = json.dumps({"execution": execution, "request": request, "taskToken": token})
        try:
            name = world.function_of("DeployAndWait")
            answer = world.client("lambda").invoke(FunctionName=name, Payload=payload)
        except ClientError:
            answer = {"FunctionError": "it was not run"}
        if "FunctionError" not in answer:
            played.waiting.append(wait)
            return
        wait.ended.set()  # a token is good for one try
        world.simulation.clock.advance(5)


def _release(world: SimulatedWorld, shop: Shop, version: str) -> str:
    return world.drop_file(shop, appspec(shop.name, version, current=None), f"release-{version}.yaml")


def _two_releases(world: SimulatedWorld, shop: Shop) -> list[str]:
    deployed = [world.ended(_release(world, shop, version)).id for version in ("2", "3")]
    world.pause(60)  # until all is told
    world.simulation.machine.forget()
    world.simulation.writes.clear()
    return deployed


def _old_release_again(world: SimulatedWorld, played: Played) -> None:
    played.deployments.append(_release(world, played.shop, "2"))


def _with_its_group(world: SimulatedWorld, played: Played) -> None:
    played.deployments.append(world.drop_file(played.shop, appspec(played.shop.name), group="fresh"))
    world.put(f"{played.shop.name}/fresh/deployment-group.yaml", "deploymentConfigName: Brief")


def _events_of_drops_are_lost(world: SimulatedWorld, played: Played) -> None:
    with world.without_rule("ObjectDropped"):
        world.put(f"{played.shop.name}/fresh/deployment-group.yaml", "deploymentConfigName: Brief")
        played.deployments.append(world.drop_file(played.shop, appspec(played.shop.name), group="fresh"))


def _nothing_to_shift(world: SimulatedWorld, played: Played) -> None:
    no = hook(world, played, _returns("Failed"))
    content = appspec(played.shop.name, "1", current=None, BeforeAllowTraffic=no)
    played.deployments.append(world.drop_file(played.shop, content, "live.yaml"))


def own_stack(world: SimulatedWorld, shop: Shop) -> Stack:
    """The stack that owns the alias of the function."""
    return world.simulation.stacks.named(shop.name)


def _alias_of_a_stack(world: SimulatedWorld, shop: Shop) -> list[str]:
    """A stack adopts the alias as it is."""
    stack = world.simulation.stacks.create(shop.name, shop.name, "1")
    world.until("the stack", lambda: stack.settled)
    assert stack.status == "CREATE_COMPLETE", stack
    world.until("the event of its commit to be handled", lambda: not world.open_wants())
    world.simulation.writes.clear()
    return []


def settles(world: SimulatedWorld, played: Played, status: str) -> Iterator[str]:
    """Waits until the stack's operation has ended; says so where it ends otherwise."""
    stack = own_stack(world, played.shop)
    world.until(f"the end of the operation of {stack.name}", lambda: stack.settled)
    if stack.status != status:
        yield f"the stack is {stack.status} instead of {status}"


def _stack_deploys(world: SimulatedWorld, played: Played) -> None:
    stack = own_stack(world, played.shop)
    world.simulation.stacks.update(stack, "2")
    world.until("the end of its update", lambda: stack.settled)
    if stack.status == "UPDATE_COMPLETE":  # else it wants nothing
        played.deployments.append(stack.deployment)


STORIES = {
    story.name: story
    for story in (
        Story("all is well", _all_is_well, with_alarm),
        Story("an alarm fires", _alarm_fires, with_alarm),
        Story("an alarm's event is lost", _alarm_event_is_lost, with_alarm),
        Story("a hook says no", _hook_says_no),
        Story("a hook never answers", _hook_never_answers),
        Story("stopped by request", _stopped_by_request),
        Story("stopped in the console", _stopped_in_the_console),
        Story("rollback stopped in the console", _rollback_stopped_in_the_console),
        Story("created and stopped by the API", _by_the_api),
        Story("others deploy and wait", _others_deploy_and_wait),
        Story("dropped together with its group", _with_its_group),
        Story("the events of drops are lost", _events_of_drops_are_lost, looked_for=HOUR),
        Story("an old release is dropped again", _old_release_again, history=_two_releases),
        Story("nothing to shift", _nothing_to_shift, with_alarm),
        Story("a stack deploys", _stack_deploys, history=_alias_of_a_stack),
    )
}
