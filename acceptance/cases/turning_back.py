"""Cases 4, 5 and 6: alarms and stops of every kind bring all traffic back."""

import time
from collections.abc import Callable

from acceptance.cases import limits
from acceptance.cases.configurations import ALARMED, LONG, STOPPED, watched
from acceptance.lines import Answer, failed, held, unanswered
from acceptance.stage import Stage, middle, outcome
from acceptance.waiting import PATIENCE, expect

TIMES = 5
ON_THE_WAY = ("Interrupt", "ShiftTraffic")
"""The functions between an alarm and the alias."""


def alarms_bring_traffic_back(stage: Stage) -> Answer:
    stage.configure(deploymentConfigName=LONG, alarmConfiguration=watched(stage.alarm))
    took = [_alarmed(stage, stage.alarm) for _ in range(TIMES)]
    message = f"first {took[0]:.1f} s, middle {middle(took):.1f} s, longest {max(took):.1f} s"
    answer = held if max(took) <= limits.REACTION_SECONDS else failed
    return answer(message, first=took[0], middle=middle(took), longest=max(took))


def cold_functions_bring_traffic_back(stage: Stage) -> Answer:
    """As an alarm finds functions that nobody has called for a while; warm ones are those of the case before."""
    stage.configure(deploymentConfigName=LONG, alarmConfiguration=watched(stage.alarm))
    cooled: list[float] = []

    def cool() -> None:
        cooled.append(time.time())
        stage.cool(ON_THE_WAY)

    took = _alarmed(stage, stage.alarm, beforehand=cool)
    message = f"traffic back after {took:.1f} s"
    if took > limits.REACTION_SECONDS:
        return failed(message, seconds=took)
    starts = {name: stage.starts(name, since=cooled[0]) for name in ON_THE_WAY}
    if not all(starts.values()):
        return unanswered(f"{message}; how long the functions took to start is not in their logs", seconds=took)
    each = {name: max(inits) for name, inits in starts.items()}
    message += "".join(f", {name} started in {seconds:.2f} s" for name, seconds in each.items())
    return held(message, seconds=took, **each)


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
    for kind, named, fires in (("composite", composite, stage.alarm), ("maths", maths, maths)):
        stage.configure(deploymentConfigName=LONG, alarmConfiguration=watched(named))
        took[kind] = _alarmed(stage, fires)
    message = ", ".join(f"{kind} {seconds:.1f} s" for kind, seconds in took.items())
    return held(message, **took) if max(took.values()) <= limits.REACTION_SECONDS else failed(message, **took)


def log_alarms_bring_traffic_back(stage: Stage) -> Answer:
    log = f"{stage.alarm}-log"
    stage.add_log_alarm(log)
    stage.configure(deploymentConfigName=LONG, alarmConfiguration=watched(log))
    took = _alarmed(stage, log)
    message = f"{took:.1f} s"
    return held(message, seconds=took) if took <= limits.REACTION_SECONDS else failed(message, seconds=took)


def _alarmed(stage: Stage, alarm: str, beforehand: Callable[[], object] = lambda: None) -> float:
    """Seconds from an alarm in a bake until all traffic is back."""
    before, _ = stage.routing()
    deployment_id = stage.drop()
    stage.baking(deployment_id)
    beforehand()
    stage.set_alarm(alarm, "ALARM")
    try:
        took = stage.seconds_until_back(before, 3 * limits.REACTION_SECONDS)
        expect(outcome(stage.ended(deployment_id)), ALARMED, "the deployment")
    finally:
        stage.set_alarm(alarm, "OK")
    return took


def stops_bring_traffic_back(stage: Stage) -> Answer:
    stage.configure(deploymentConfigName=LONG)
    ways: dict[str, Callable[[str], object]] = {
        "bus": lambda each: stage.send("Deployment Stop Requested", {"deploymentId": each}),
        "console": lambda each: _stop_execution(stage, each),
    }
    if stage.has_api:
        ways["api"] = lambda each: stage.api.stop_deployment(deploymentId=each)
    took = {way: _stopped(stage, stop) for way, stop in ways.items()}
    return held(", ".join(f"{way} {seconds:.1f} s" for way, seconds in took.items()), **took)


def the_schedule_finds_a_stop_whose_event_is_lost(stage: Stage) -> Answer:
    stage.configure(deploymentConfigName=LONG)
    with stage.without_rule("ExecutionEnded"):
        took = _stopped(stage, lambda each: _stop_execution(stage, each), limits.SCHEDULE_SECONDS)
    return held(f"{took:.0f} s", seconds=took)


def _stopped(stage: Stage, stop: Callable[[str], object], schedule: float = 0) -> float:
    """Seconds until all traffic is back; the record may take another run of the `schedule`, where it is waited for."""
    before, _ = stage.routing()
    deployment_id = stage.drop()
    stage.baking(deployment_id)
    stop(deployment_id)
    took = stage.seconds_until_back(before, schedule or 3 * limits.REACTION_SECONDS)
    expect(outcome(stage.ended(deployment_id, schedule or PATIENCE)), STOPPED, "the deployment")
    return took


def _stop_execution(stage: Stage, deployment_id: str) -> None:
    arn = stage.outputs["StateMachineArn"].replace(":stateMachine:", ":execution:") + f":{deployment_id}"
    stage.client("stepfunctions").stop_execution(executionArn=arn)
