"""The cases of the smoke test, by their numbers. Each is played on a stage that the others have left clean, and measures.

A case raises NotSo where something is otherwise than it says; what it breaks, it mends.
"""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import sqrt
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from acceptance.lines import Answer, failed, held, unanswered
from acceptance.stage import ALIAS, Stage, expect, middle, outcome, until
from local.cloud import ROOT

HEARD_SECONDS = 900
"""S3 takes five minutes to tell EventBridge of a bucket's events; three times that is too long."""
AGAIN_SECONDS = 15
REACTION_SECONDS = 10.0
"""Within so many seconds of an alarm all traffic is back, by the README's "within seconds"."""
SWEEP_SECONDS = 420
BUSY_SECONDS = 120
SLOW_SECONDS = 400
"""A connection that is idle for 350 seconds is forgotten by what lies between."""
THREADS = 20
SHARE = 0.1
ALL_AT_ONCE = "CodeDeployDefault.LambdaAllAtOnce"
CANARIES = {"SmokeShort": 1, "SmokeLong": 2880}
"""Configurations, and for how many minutes they watch the first share: one that ends, and one that outlasts its case."""
SHORT, LONG = CANARIES
STOPPED = "Stopped MANUAL_STOP"
ALARMED = "Stopped ALARM_ACTIVE"
HOOK_FAILED = "Failed HOOK_EXECUTION_FAILURE"


@dataclass(frozen=True)
class Case:
    number: int
    what: str
    play: Callable[[Stage], Answer]
    is_long: bool = False
    """Left out by SMOKE=quick."""


# ------------------------------------------------------------------------------------------------ 1, 2: the way in


def drops_are_heard(stage: Stage) -> Answer:
    began = time.monotonic()
    unheard = -1
    while time.monotonic() - began < HEARD_SECONDS:
        unheard += 1
        for name, minutes in CANARIES.items():
            canary = {"canaryPercentage": 100 * SHARE, "canaryInterval": minutes}
            routing = {"type": "TimeBasedCanary", "timeBasedCanary": canary}
            stage.put(f"deployment-configs/{name}.json", {"trafficRoutingConfig": routing})
        dropped = time.monotonic()
        while time.monotonic() - dropped < AGAIN_SECONDS:
            if all(stage.item(f"CONFIG#{name}", "CONFIG") for name in CANARIES):
                took = time.monotonic() - began
                return held(f"after {took:.0f} s; {unheard} drops before were not", seconds=took, unheard_drops=unheard)
            time.sleep(0.2)
    return failed(f"no drop was heard in {HEARD_SECONDS} s")


def group_and_file_together(stage: Stage) -> Answer:
    target = stage.other_version()
    began = time.monotonic()
    stage.put(f"{stage.name}/together/deployment-group.yaml", {"deploymentConfigName": ALL_AT_ONCE})
    deployment_id = stage.drop("together")
    until("the traffic on the new version", lambda: stage.routing() == (target, {}))
    shifted = time.monotonic() - began
    expect(outcome(stage.ended(deployment_id)), "Succeeded", "the deployment")
    ended = time.monotonic() - began
    return held(f"traffic moved {shifted:.1f} s after the drop, all over after {ended:.1f} s", shifted=shifted, ended=ended)


# --------------------------------------------------------------------------------------------------- 3: the weights


def weights_are_shares(stage: Stage) -> Answer:
    stage.configure(deploymentConfigName=LONG)
    (before, _), target = stage.routing(), stage.other_version()
    deployment_id = stage.drop()
    stage.baking(deployment_id)
    began = time.monotonic()
    until("the weights in GetAlias", lambda: stage.routing() == (before, {target: SHARE}))
    settled = time.monotonic() - began
    share = _versions_that_ran(stage)[target] / stage.requests
    stage.stop_all()
    stage.configure(deploymentConfigName=SHORT)
    expect(outcome(stage.ended(stage.drop())), "Succeeded", "the canary of a minute")
    expect(stage.routing(), (target, {}), "the alias after it")
    told = f"{100 * share:.1f} % of {stage.requests} requests, weights read after {settled:.1f} s"
    # Four standard deviations: by chance alone less than one in ten thousand runs is outside.
    if abs(share - SHARE) > 4 * sqrt(SHARE * (1 - SHARE) / stage.requests):
        return failed(told, share=share, requests=stage.requests)
    return held(told, share=share, requests=stage.requests, settled=settled)


def _versions_that_ran(stage: Stage) -> Counter[str]:
    """How many requests of the alias each version answered."""
    functions = stage.client("lambda")

    def invoked(_: int) -> str:
        return str(functions.invoke(FunctionName=stage.function, Qualifier=ALIAS)["ExecutedVersion"])

    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(pool.map(invoked, range(stage.requests)))


# ---------------------------------------------------------------------------------------------- 4, 5: the reaction


def alarms_bring_traffic_back(stage: Stage) -> Answer:
    stage.configure(deploymentConfigName=LONG, alarmConfiguration=_watched(stage.alarm))
    took = [_alarmed(stage, stage.alarm) for _ in range(5)]
    return _reaction(took)


def other_alarms_bring_traffic_back(stage: Stage) -> Answer:
    composite, maths = f"{stage.alarm}-composite", f"{stage.alarm}-maths"
    stage.client("cloudwatch").put_composite_alarm(AlarmName=composite, AlarmRule=f'ALARM("{stage.alarm}")')
    metric = {"Namespace": "WeighbridgeSmoke", "MetricName": maths}
    stage.add_alarm(
        maths,
        Metrics=[
            {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
            {"Id": "twice", "Expression": "m * 2", "ReturnData": True},
        ],
    )
    took = {}
    for kind, watched, fires in (("composite", composite, stage.alarm), ("maths", maths, maths)):
        stage.configure(deploymentConfigName=LONG, alarmConfiguration=_watched(watched))
        took[kind] = _alarmed(stage, fires)
    told = ", ".join(f"{kind} {seconds:.1f} s" for kind, seconds in took.items())
    return held(told, **took) if max(took.values()) <= REACTION_SECONDS else failed(told, **took)


def _watched(alarm: str) -> dict[str, Any]:
    return {"enabled": True, "alarms": [{"name": alarm}]}


def _alarmed(stage: Stage, alarm: str) -> float:
    """Seconds from an alarm in a bake until all traffic is back."""
    before, _ = stage.routing()
    deployment_id = stage.drop()
    stage.baking(deployment_id)
    stage.set_alarm(alarm, "ALARM")
    try:
        took = stage.seconds_until_back(before, 3 * REACTION_SECONDS)
        expect(outcome(stage.ended(deployment_id)), ALARMED, "the deployment")
    finally:
        stage.set_alarm(alarm, "OK")
    return took


def _reaction(took: list[float]) -> Answer:
    told = f"first {took[0]:.1f} s, middle {middle(took):.1f} s, longest {max(took):.1f} s"
    answer = held if max(took) <= REACTION_SECONDS else failed
    return answer(told, first=took[0], middle=middle(took), longest=max(took))


# ----------------------------------------------------------------------------------------------------- 6: the stops


def stops_bring_traffic_back(stage: Stage) -> Answer:
    stage.configure(deploymentConfigName=LONG)
    took = {
        "bus": _stopped(stage, lambda each: stage.send("Deployment Stop Requested", {"deploymentId": each})),
        "api": _stopped(stage, lambda each: stage.api.stop_deployment(deploymentId=each)),
        "console": _stopped(stage, lambda each: _stop_execution(stage, each)),
    }
    return held(", ".join(f"{way} {seconds:.1f} s" for way, seconds in took.items()), **took)


def the_sweep_finds_what_nobody_told_of(stage: Stage) -> Answer:
    stage.configure(deploymentConfigName=LONG)
    with stage.without_rule("ExecutionEnded"):
        took = _stopped(stage, lambda each: _stop_execution(stage, each), SWEEP_SECONDS)
    return held(f"{took:.0f} s", seconds=took)


def _stopped(stage: Stage, stop: Callable[[str], object], limit: float | None = None) -> float:
    before, _ = stage.routing()
    deployment_id = stage.drop()
    stage.baking(deployment_id)
    stop(deployment_id)
    took = stage.seconds_until_back(before, limit or 3 * REACTION_SECONDS)
    expect(outcome(stage.ended(deployment_id)), STOPPED, "the deployment")
    return took


def _stop_execution(stage: Stage, deployment_id: str) -> None:
    arn = stage.outputs["StateMachineArn"].replace(":stateMachine:", ":execution:") + f":{deployment_id}"
    stage.client("stepfunctions").stop_execution(executionArn=arn)


# ------------------------------------------------------------------------------------------------------ 7: the hooks


def hooks_are_heard(stage: Stage) -> Answer:
    stage.configure(deploymentConfigName=ALL_AT_ONCE)
    good = stage.add_hook("returns", 'return {"status": "Succeeded"}')
    expect(outcome(stage.ended(stage.drop(BeforeAllowTraffic=good))), "Succeeded", "a hook that returns")
    before = stage.routing()
    bad = stage.add_hook("crashes", 'raise RuntimeError("it is broken")')
    expect(outcome(stage.ended(stage.drop(AfterAllowTraffic=bad))), HOOK_FAILED, "a hook that crashes")
    expect(stage.routing(), before, "the alias afterwards")
    return held("one that returns succeeds, one that crashes brings traffic back")


def an_alarm_ends_the_wait_for_a_running_hook(stage: Stage) -> Answer:
    stage.configure(deploymentConfigName=ALL_AT_ONCE, alarmConfiguration=_watched(stage.alarm))
    before, _ = stage.routing()
    deployment_id = stage.drop(AfterAllowTraffic=_sleeping(stage, "busy", BUSY_SECONDS))
    stage.in_hook(deployment_id, "AfterAllowTraffic")
    stage.set_alarm(stage.alarm, "ALARM")
    try:
        took = stage.seconds_until_back(before, BUSY_SECONDS + 3 * REACTION_SECONDS)
        expect(outcome(stage.ended(deployment_id)), ALARMED, "the deployment")
    finally:
        stage.set_alarm(stage.alarm, "OK")
    told = f"traffic back after {took:.1f} s, of a hook of {BUSY_SECONDS} s"
    return held(told, seconds=took) if took <= REACTION_SECONDS else failed(told, seconds=took)


def a_slow_hook_is_heard(stage: Stage) -> Answer:
    stage.configure(deploymentConfigName=ALL_AT_ONCE)
    deployment_id = stage.drop(AfterAllowTraffic=_sleeping(stage, "slow", SLOW_SECONDS))
    stage.in_hook(deployment_id, "AfterAllowTraffic")
    began = time.monotonic()
    expect(outcome(stage.ended(deployment_id, SLOW_SECONDS + 120)), "Succeeded", f"after {SLOW_SECONDS} s")
    took = time.monotonic() - began
    return held(f"heard after {took:.0f} s", seconds=took)


def _sleeping(stage: Stage, kind: str, seconds: int) -> str:
    return stage.add_hook(kind, f'time.sleep({seconds}); return {{"status": "Succeeded"}}', timeout=seconds + 60)


# ------------------------------------------------------------------------------------------------------ 8: the facts


def facts(stage: Stage) -> Answer:
    functions, named = stage.client("lambda"), {"FunctionName": stage.function, "Name": "facts"}
    first = functions.create_alias(**named, FunctionVersion="1")
    try:
        same = functions.update_alias(**named)
        if same["RevisionId"] == first["RevisionId"]:
            return failed("an update that changes nothing keeps the revision")
        weighted = functions.update_alias(**named, RoutingConfig={"AdditionalVersionWeights": {"2": 0.01}})
        expect(weighted["RoutingConfig"]["AdditionalVersionWeights"], {"2": 0.01}, "a weight of 0.01")
        cleared = functions.update_alias(**named, RoutingConfig={"AdditionalVersionWeights": {}})
        expect(cleared.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}), {}, "empty weights")
        try:
            functions.update_alias(**named, RevisionId=first["RevisionId"])
        except functions.exceptions.PreconditionFailedException:
            return held("a new revision without a change; 0.01 and empty weights as written; a stale revision refused")
        return failed("a stale revision is accepted")
    finally:
        functions.delete_alias(**named)


# -------------------------------------------------------------------------------------------------------- 10: the API


def api_wants_signatures(stage: Stage) -> Answer:
    listed = stage.api.list_applications()["applications"]
    if stage.name not in listed:
        return failed(f"signed, it lists {len(listed)} applications, but not this one")
    if _is_open_to_all(stage):
        return unanswered("signed calls get their answer, but here nobody looks at signatures")
    url, body = stage.outputs["ApiUrl"], b"{}"
    header = {"X-Amz-Target": "CodeDeploy_20141006.ListApplications", "Content-Type": "application/x-amz-json-1.1"}
    expect(_status(url, header, body), 403, "unsigned")
    other = _for_another_service(stage)
    try:
        other.list_applications()
    except ClientError as error:
        expect(error.response["ResponseMetadata"]["HTTPStatusCode"], 403, "signed for codedeploy")
        return held("200 signed, 403 unsigned, 403 signed for another service")
    return failed("a signature for another service is accepted")


def _is_open_to_all(stage: Stage) -> bool:
    """Whether the account answers calls that nobody has signed, as an emulator may."""
    anyone = boto3.Session(region_name=stage.account.region).client("lambda", config=Config(signature_version=UNSIGNED))
    try:
        anyone.get_account_settings()
    except ClientError:
        return False
    return True


def _for_another_service(stage: Stage) -> Any:
    config = Config(retries={"total_max_attempts": 1})
    return stage.account.session.client("codedeploy", endpoint_url=stage.outputs["ApiUrl"], config=config)


def _status(url: str, headers: dict[str, str], body: bytes) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:  # noqa: S310 - our own URL
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


# ------------------------------------------------------------------------------------------------- 14: the tear-down


def teardown_is_refused(stage: Stage) -> Answer:
    stage.configure(deploymentConfigName=LONG)
    before, _ = stage.routing()
    deployment_id = stage.drop()
    stage.baking(deployment_id)
    command = [sys.executable, "-m", "infra.teardown", "-c", f"stackName={stage.name}"]
    if stage.account.profile:
        command += ["--profile", stage.account.profile]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    stage.send("Deployment Stop Requested", {"deploymentId": deployment_id})
    stage.seconds_until_back(before, 3 * REACTION_SECONDS)
    stage.ended(deployment_id)
    if run.returncode == 0:
        return failed("an open deployment holds nobody up")
    if deployment_id not in run.stdout + run.stderr:
        return failed(f"refused, but not for the open deployment: {(run.stderr or run.stdout).strip()[-200:]}")
    return held("refused, with the deployment's id")


CASES = [
    Case(1, "drops are heard", drops_are_heard),
    Case(2, "a group and a file dropped together are deployed", group_and_file_together),
    Case(3, "weights are shares of requests", weights_are_shares),
    Case(4, "an alarm brings traffic back, five times", alarms_bring_traffic_back),
    Case(5, "composite and metric maths alarms do", other_alarms_bring_traffic_back),
    Case(6, "stops by bus, API and console do", stops_bring_traffic_back),
    Case(6, "a stop that nobody is told of does, by the sweep", the_sweep_finds_what_nobody_told_of, is_long=True),
    Case(7, "hooks are heard", hooks_are_heard),
    Case(7, "an alarm is heard while a hook runs", an_alarm_ends_the_wait_for_a_running_hook),
    Case(7, "a hook of 400 seconds is heard", a_slow_hook_is_heard, is_long=True),
    Case(8, "aliases do what the shifts rely on", facts),
    Case(10, "the API takes signed calls and no others", api_wants_signatures),
    Case(14, "a tear-down is refused while a deployment is open", teardown_is_refused),
]
