"""Rules that invoke functions: asynchronous invocation, and schedules in scaled time."""

import json
from collections.abc import Callable
from typing import Any

from tests.local.workbench import Workbench, closed, until

FAILS = """
    import boto3, json
    def handler(event, context):
        boto3.client("sqs").send_message(QueueUrl=QUEUE, MessageBody=json.dumps({"id": event["id"]}))
        raise ValueError(event["detail-type"])
"""
RUNS = FAILS.replace("raise ValueError(event", "print(event")


def on_event(bench: Workbench, function: str, **rule: Any) -> None:
    name = bench.name("rule")
    bench.client("events").put_rule(Name=name, **rule)
    arn = f"arn:aws:lambda:{bench.cloud.region}:000000000000:function:{function}"
    bench.client("events").put_targets(Rule=name, Targets=[{"Id": "function", "Arn": arn}])


def invocations(bench: Workbench, source: str, **config: Any) -> tuple[Callable[[], None], str, str]:
    """What invokes a function by an event of its own, its queue of invocations and its queue of failures."""
    seen, failed, probe = bench.collector(), bench.collector(), bench.name("probe")
    function = bench.function(source.replace("QUEUE", repr(seen)))
    bench.client("lambda").put_function_event_invoke_config(
        FunctionName=function, DestinationConfig={"OnFailure": {"Destination": bench.queue_arn(failed)}}, **config
    )
    on_event(bench, function, EventPattern=json.dumps({"source": [probe]}))

    def send() -> None:
        bench.client("events").put_events(Entries=[{"Source": probe, "DetailType": "Broken", "Detail": "{}"}])

    return send, seen, failed


def test_bare_emulator_drops_what_a_target_fails_on(bare: Workbench) -> None:
    send, seen, failed = invocations(bare, FAILS, MaximumRetryAttempts=0)
    for _ in range(2):  # the first has been dealt with when the second runs
        send()
        assert until(lambda: bare.collected(seen))
    assert bare.collected(failed) == [], closed("asynchronous_targets")


def test_failing_target_is_retried_and_then_reported(filled: Workbench) -> None:
    send, seen, failed = invocations(filled, FAILS)
    send()
    (report,) = until(lambda: filled.collected(failed), 15)
    assert report["responsePayload"]["errorType"] == "ValueError"
    assert report["requestPayload"]["detail-type"] == "Broken"
    assert len(filled.collected(seen)) == 3
    assert report["requestContext"]["condition"] == "RetriesExhausted"


def test_rate_is_scaled(filled: Workbench) -> None:
    seen = filled.collector()
    on_event(filled, filled.function(RUNS.replace("QUEUE", repr(seen))), ScheduleExpression="rate(1 minute)")
    assert until(lambda: filled.collected(seen), 10)


FAILS_FIRST = """
    def broken(event, context): raise ValueError("a broken release")
    def handler(event, context):
        print("mended")
        return "mended"
"""


def mended_meanwhile(bench: Workbench) -> bytes:
    """What a function answers that was mended between two attempts at one event."""
    functions, function = bench.client("lambda"), bench.function(FAILS_FIRST)
    functions.update_function_configuration(FunctionName=function, Handler="main.broken")
    functions.invoke(FunctionName=function, InvocationType="Event", Payload=b"{}")
    until(lambda: f"{function} async output (attempt 1)" in bench.cloud.log.read_text())
    functions.update_function_configuration(FunctionName=function, Handler="main.handler")
    until(lambda: f"{function} async output (attempt 2)" in bench.cloud.log.read_text())
    answer: bytes = functions.invoke(FunctionName=function)["Payload"].read()
    return answer


def test_bare_emulator_keeps_a_mended_function_broken(bare: Workbench) -> None:
    assert b"a broken release" in mended_meanwhile(bare), closed("asynchronous_targets")


def test_a_retry_runs_the_function_as_it_is_by_then(filled: Workbench) -> None:
    assert mended_meanwhile(filled) == b'"mended"'
