"""Case 7: hooks are waited for, however they answer and however long they take, and hold nothing up."""

import time

from acceptance.cases import limits
from acceptance.cases.configurations import ALARMED, ALL_AT_ONCE, HOOK_FAILED, watched
from acceptance.lines import Answer, failed, held
from acceptance.stage import Stage, outcome
from acceptance.waiting import expect

REPORTED = (
    "dict(deploymentId=event['DeploymentId'], lifecycleEventHookExecutionId=event['LifecycleEventHookExecutionId'],"
    " status='Succeeded')"
)
BY_BUS = (
    "boto3.client('events').put_events(Entries=[dict(EventBusName=os.environ['BUS'], Source='weighbridge.smoke',"
    f" DetailType='Lifecycle Event Hook Reported', Detail=json.dumps({REPORTED}))])"
)
# As docs/from-codedeploy.md says, but for an emulator, which has what is in a layer at another place than /opt.
BY_API = (
    "os.environ['AWS_DATA_PATH'] = os.environ.get('_LAMBDA_LAYERS_DIRS', '/opt') + '/weighbridge';"
    f" boto3.client('codedeploy').put_lifecycle_event_hook_execution_status(**{REPORTED})"
)


def hooks_are_waited_for(stage: Stage) -> Answer:
    stage.configure(deploymentConfigName=ALL_AT_ONCE)
    good = stage.add_hook("returns", 'return {"status": "Succeeded"}')
    expect(outcome(stage.ended(stage.drop(BeforeAllowTraffic=good))), "Succeeded", "a hook that returns")
    before = stage.routing()
    bad = stage.add_hook("crashes", 'raise RuntimeError("it is broken")')
    expect(outcome(stage.ended(stage.drop(AfterAllowTraffic=bad))), HOOK_FAILED, "a hook that crashes")
    expect(stage.routing(), before, "the alias afterwards")
    return held("one that returns succeeds, one that crashes brings traffic back")


def reports_of_hooks_are_taken(stage: Stage) -> Answer:
    stage.configure(deploymentConfigName=ALL_AT_ONCE)
    role, bus = stage.caller_role(), {"BUS": stage.outputs["EventBusName"]}
    hooks = {"BeforeAllowTraffic": stage.add_hook("by-bus", BY_BUS, Role=role, Environment={"Variables": bus})}
    if stage.has_api:
        api, layers = {"AWS_ENDPOINT_URL_CODEDEPLOY": stage.outputs["ApiUrl"]}, [stage.outputs["HookLayerArn"]]
        by_api = stage.add_hook("by-api", BY_API, Role=role, Environment={"Variables": api}, Layers=layers)
        hooks["AfterAllowTraffic"] = by_api
    began = time.monotonic()
    record = stage.ended(stage.drop(**hooks))
    took = time.monotonic() - began
    expect(outcome(record), "Succeeded", "hooks that return nothing and report")
    other = "one by the API and the layer" if stage.has_api else "and there is no API for another"
    return held(f"one reports on the bus, {other}: all over after {took:.1f} s", seconds=took)


def an_alarm_ends_the_wait_for_a_running_hook(stage: Stage) -> Answer:
    stage.configure(deploymentConfigName=ALL_AT_ONCE, alarmConfiguration=watched(stage.alarm))
    before, _ = stage.routing()
    deployment_id = stage.drop(AfterAllowTraffic=_sleeping(stage, "busy", limits.BUSY_SECONDS))
    stage.in_hook(deployment_id, "AfterAllowTraffic")
    stage.set_alarm(stage.alarm, "ALARM")
    try:
        took = stage.seconds_until_back(before, limits.BUSY_SECONDS + 3 * limits.REACTION_SECONDS)
        expect(outcome(stage.ended(deployment_id)), ALARMED, "the deployment")
    finally:
        stage.set_alarm(stage.alarm, "OK")
    message = f"traffic back after {took:.1f} s, of a hook of {limits.BUSY_SECONDS} s"
    return held(message, seconds=took) if took <= limits.REACTION_SECONDS else failed(message, seconds=took)


def a_slow_hook_is_waited_for(stage: Stage) -> Answer:
    stage.configure(deploymentConfigName=ALL_AT_ONCE)
    deployment_id = stage.drop(AfterAllowTraffic=_sleeping(stage, "slow", limits.SLOW_SECONDS))
    stage.in_hook(deployment_id, "AfterAllowTraffic")
    began = time.monotonic()
    ended = stage.ended(deployment_id, limits.SLOW_SECONDS + 120)
    expect(outcome(ended), "Succeeded", f"after {limits.SLOW_SECONDS} s")
    took = time.monotonic() - began
    return held(f"answered after {took:.0f} s", seconds=took)


def _sleeping(stage: Stage, kind: str, seconds: int) -> str:
    return stage.add_hook(kind, f'time.sleep({seconds}); return {{"status": "Succeeded"}}', timeout=seconds + 60)
