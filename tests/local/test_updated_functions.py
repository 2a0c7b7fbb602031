"""A function that is updated while an event waits to be tried again."""

import json
from typing import Any

from tests.local.workbench import Workbench, closed, until

SOURCE = """\
import boto3

def failing(event, context):
    raise RuntimeError("as it was")

def mended(event, context):
    boto3.client("sqs").send_message(QueueUrl=event["queue"], MessageBody='"as it is"')
    return "as it is"
"""


def _after_a_retry(bench: Workbench) -> tuple[Any, Any]:
    """What became of an event between whose tries its function was mended, and what the function answers then."""
    functions, queue = bench.client("lambda"), bench.collector()
    dead_letters = {"TargetArn": bench.queue_arn(queue)}
    name = bench.function(SOURCE, DeadLetterConfig=dead_letters)
    event = json.dumps({"queue": queue})
    functions.update_function_configuration(FunctionName=name, Handler="main.failing")
    functions.invoke(FunctionName=name, InvocationType="Event", Payload=event)
    functions.update_function_configuration(FunctionName=name, Handler="main.mended")
    [became] = until(lambda: bench.collected(queue), 30)
    return became, json.load(functions.invoke(FunctionName=name, Payload=event)["Payload"])


def test_bare_emulator_goes_on_with_what_the_function_was(bare: Workbench) -> None:
    became, answer = _after_a_retry(bare)
    assert (became != "as it is", answer != "as it is") == (True, True), closed("updated_functions")


def test_retry_runs_what_the_function_is_by_then(filled: Workbench) -> None:
    assert _after_a_retry(filled) == ("as it is", "as it is")
