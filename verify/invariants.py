"""What must hold after every story, however it was disturbed."""

import json
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from scenarios.world import appspec
from verify.simulation.clock import Stuck
from verify.simulation.world import SimulatedWorld
from verify.stories import RUNNING, Played

LONGEST = 6 * 3600.0
"""Seconds within which everything has to have come to rest."""


def come_to_rest(world: SimulatedWorld) -> str | None:
    """Lets everything happen that is still to happen; says what did not come to its end."""
    cloud = world.simulation

    def quiet() -> bool:
        return (
            cloud.clock.idle
            and all(record["status"] not in RUNNING for record in world.records())
            and not world.open_wants()
            and not world.awaited()
            and all(execution.status != "RUNNING" for execution in cloud.machine.executions.values())
        )

    try:
        cloud.clock.run(quiet, LONGEST, "the end of everything")
    except Stuck:
        open_records = [record["deploymentId"] for record in world.records() if record["status"] in RUNNING]
        running = [execution.name for execution in cloud.machine.executions.values() if execution.status == "RUNNING"]
        asked = world.open_wants() + world.awaited()
        left = f"open records {open_records}, {asked}, running executions {running}, {cloud.clock.busy}"
        return f"not at rest after {LONGEST:g} s: {left}"
    return None


def breaches(world: SimulatedWorld, played: Played) -> Iterator[str]:
    """What does not hold now that everything has come to rest, one sentence each."""
    alias = world.alias(played.shop)
    if alias.weights:
        yield f"the alias is left between two versions: {alias}"
    for deployment_id in played.deployments:
        record = world.record(deployment_id)
        yield from of_record(record)
        yield from _of_version(record, alias.version, played.live)
        yield from _of_timeline(world, played, record)
        yield from _of_notifications(world, record)
    yield from _of_who_waits(world, played)
    yield from of_locks(world, played)
    yield from of_secrets(world, played)


def _of_who_waits(world: SimulatedWorld, played: Played) -> Iterator[str]:
    """Whoever waits for a deployment is notified of its end, and of the one that it came to."""
    for deployment_id, wait in zip(played.deployments, played.waiting, strict=False):
        record = world.record(deployment_id)
        if not wait.ended.is_set:
            yield f"who waits for {deployment_id} was not notified of its end"
        elif record["status"] == "Succeeded":
            if wait.failure or (wait.output or {}).get("deploymentId") != deployment_id:
                yield f"{deployment_id} has succeeded, but who waits was told {wait.failure or wait.output}"
        elif not wait.failure or wait.failure[0] != record["errorInformation"]["code"]:
            yield f"{deployment_id} is {record['status']}, but who waits was told {wait.failure or wait.output}"


def of_record(record: dict[str, Any]) -> Iterator[str]:
    """A record is final and says why."""
    deployment_id = record["deploymentId"]
    if record["status"] in RUNNING:
        yield f"{deployment_id} is still {record['status']}"
        return
    if "open" in record or "gate" in record:
        yield f"{deployment_id} has ended and keeps {sorted({'open', 'gate'} & record.keys())}"
    if record["status"] != "Succeeded":
        error = record.get("errorInformation", {})
        if not error.get("code") or not error.get("message"):
            yield f"{deployment_id} does not say why it is {record['status']}"
    if record["timeline"][-1]["event"] != "Ended":
        yield f"the timeline of {deployment_id} does not have its end: {record['timeline'][-1]}"


def _of_version(record: dict[str, Any], version: str, before: str) -> Iterator[str]:
    """The alias is on the version that the record says."""
    plan = record.get("plan")
    if record["status"] == "Succeeded":
        should = plan["targetVersion"] if plan else None
    else:
        should = plan["currentVersion"] if plan else before
    if version != should:
        yield f"{record['deploymentId']} is {record['status']}, but the alias is on version {version} instead of {should}"


def of_locks(world: SimulatedWorld, played: Played) -> Iterator[str]:
    if not world.is_free(played.shop):
        yield "a lock is left behind"
    watched = [item["pk"]["S"] for item in world.simulation.emulator.items(world.outputs["TableName"])]
    yield from (f"{pk} is still watched" for pk in watched if pk.startswith("ALARM#"))


def _of_timeline(world: SimulatedWorld, played: Played, record: dict[str, Any]) -> Iterator[str]:
    """Where the alias was left is reported, by the deployment or by its rollback; written twice, it is reported once."""
    rollback = world.item(f"DEPLOYMENT#{record.get('plan', {}).get('rollbackDeploymentId')}", "DEPLOYMENT")
    shifts = [
        entry
        for each in (record, rollback)
        for entry in (each or {}).get("timeline", [])
        if entry["event"] in {"TrafficShifted", "TrafficKept"}
    ]
    written = [write for write in world.simulation.writes if write.function == played.shop.name]
    last = list(takewhile(lambda write: write.routing == written[-1].routing, reversed(written)))
    if last and not {write.revision_id for write in last} & {entry["revisionId"] for entry in shifts}:
        yield f"no timeline tells how the alias came to be as it is: {written}, {shifts}"
    if rollback and rollback["status"] in RUNNING:
        yield f"the rollback {rollback['deploymentId']} is still {rollback['status']}"


def _of_notifications(world: SimulatedWorld, record: dict[str, Any]) -> Iterator[str]:
    ends = {"Succeeded": "SUCCESS", "Failed": "FAILURE", "Stopped": "STOP"}
    notices = [
        json.loads(event["Detail"])
        for event in world.simulation.emulator.published()
        if event["Source"] == "weighbridge" and event["DetailType"].startswith("CodeDeploy")
    ]
    states = [detail["state"] for detail in notices if detail["deploymentId"] == record["deploymentId"]]
    given_up = any(count for name, count in world.simulation.emulator.queued().items() if "Changes" in name)
    if ends[record["status"]] not in states and not given_up:
        yield f"nobody was notified of the end of {record['deploymentId']}, only of {states}"


def of_secrets(world: SimulatedWorld, played: Played) -> Iterator[str]:
    log = world.log()
    for secret in (*played.hook_ids, *world.simulation.machine.waits, *world.simulation.stacks.secrets):
        if secret in log:
            yield f"the log holds the secret {secret}"


def next_deployment(world: SimulatedWorld, played: Played) -> Iterator[str]:
    """A further deployment of the same alias succeeds, whatever became of the one before."""
    target = "3" if world.alias(played.shop).version != "3" else "2"
    revision = {
        "revisionType": "AppSpecContent",
        "appSpecContent": {"content": appspec(played.shop.name, target, current=None)},
    }
    asked = {
        "revision": revision,
        "deploymentConfigName": "CodeDeployDefault.LambdaAllAtOnce",
        "overrideAlarmConfiguration": {"enabled": False},
    }
    deployment = world.ended(world.request(played.shop, asked))
    if deployment.record["status"] != "Succeeded" or world.alias(played.shop).version != target:
        yield f"a further deployment ended {deployment.outcome}: {deployment.message}"
