"""CloudWatch alarms."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from weighbridge.aws.clients import client, client_as
from weighbridge.aws.errors import translating
from weighbridge.core.alarms import Reading
from weighbridge.core.service_role import ServiceRole

_NAMES_A_CALL = 100
_DIGITS = 16
"""Of a digest: enough to tell an alarm from what became of it."""


_ANSWERED_IN = {"MetricAlarm": "MetricAlarms", "CompositeAlarm": "CompositeAlarms", "LogAlarm": "LogAlarms"}
"""The kinds of alarms, and the members of an answer in which they are."""


def kinds(cloudwatch: Any = None) -> list[str]:
    """The kinds of alarms that are read: those that botocore, which comes with the Lambda runtime, finds in an answer."""
    model = (cloudwatch or client("cloudwatch")).meta.service_model.operation_model("DescribeAlarms")
    return [kind for kind, member in _ANSWERED_IN.items() if member in model.output_shape.members]


def read(names: Sequence[str], session_name: str, role: ServiceRole | None) -> dict[str, Reading]:
    """What metric, composite and log alarms are, by name, as the group's service role sees them where it has one.

    Names without an alarm are left out.
    """
    readings: dict[str, Reading] = {}
    if not names:
        return readings
    with translating("CloudWatch", role):
        cloudwatch = client_as(role, session_name, "cloudwatch")
        asked = kinds(cloudwatch)
        for start in range(0, len(names), _NAMES_A_CALL):
            answer = cloudwatch.describe_alarms(
                AlarmNames=list(names[start : start + _NAMES_A_CALL]),
                AlarmTypes=asked,
                MaxRecords=_NAMES_A_CALL,
            )
            for alarm in (each for kind in asked for each in answer.get(_ANSWERED_IN[kind], [])):
                readings[alarm["AlarmName"]] = Reading(
                    alarm["StateValue"], _definition(alarm), alarm.get("EvaluationState")
                )
    return readings


def _definition(alarm: Mapping[str, Any]) -> str:
    """The time is not that of a change of the state, by whomever."""
    made = [alarm.get("AlarmArn"), str(alarm.get("AlarmConfigurationUpdatedTimestamp"))]
    return hashlib.sha256(json.dumps(made).encode()).hexdigest()[:_DIGITS]
