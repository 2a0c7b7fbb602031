"""The design that everybody else uses, to compare with: wait, then read the alarms, again and again.

A state machine with one function; an execution of it watches the alarm of one deployment.
"""

import json
from typing import Any

from scenarios.world import LAMBDA, World, allow, trusting, zipped

NAME = "polling-watch"
WATCH = """\
import time, boto3

def handler(event, context):
    alarms = boto3.client("cloudwatch").describe_alarms(AlarmNames=[event["alarm"]])["MetricAlarms"]
    if alarms[0]["StateValue"] != "ALARM":
        return {**event, "back": 0}
    back = {"FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {}}}
    boto3.client("lambda").update_alias(FunctionName=event["function"], Name=event["alias"], **back)
    return {**event, "back": time.time()}
"""
"""Reads the alarm, puts all traffic back where it fires, and tells when."""


def state_machine(world: World) -> str:
    """The ARN of the machine; an execution is given `alarm`, `function`, `alias` and `seconds` between two readings."""
    role = world.role(NAME, trusting(LAMBDA), allow(["cloudwatch:DescribeAlarms", "lambda:UpdateAlias"], "*"))
    arn = world.client("lambda").create_function(
        FunctionName=NAME,
        Runtime="python3.14",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": zipped(WATCH)},
        Timeout=20,
    )["FunctionArn"]
    states: dict[str, Any] = {
        "Wait": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "Read the alarm"},
        "Read the alarm": {"Type": "Task", "Resource": arn, "Next": "Is traffic back?"},
        "Is traffic back?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.back", "NumericGreaterThan": 0, "Next": "Back"}],
            "Default": "Wait",
        },
        "Back": {"Type": "Succeed"},
    }
    runs = world.role(f"{NAME}-machine", trusting({"Service": "states.amazonaws.com"}), allow("lambda:InvokeFunction", arn))
    machine = world.client("stepfunctions").create_state_machine(
        name=NAME, roleArn=runs, definition=json.dumps({"StartAt": "Wait", "States": states})
    )
    return str(machine["stateMachineArn"])
