"""CloudWatch alarms."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from weighbridge.aws.clients import client_as
from weighbridge.aws.failures import translating
from weighbridge.core.alarms import Reading
from weighbridge.core.service_role import ServiceRole

_NAMES_A_CALL = 100
_DIGITS = 16
"""Of a digest: enough to tell an alarm from what became of it."""


def read(names: Sequence[str], session_name: str, role: ServiceRole | None) -> dict[str, Reading]:
    """What metric and composite alarms are, by name, as the group's service role sees them where it has one.

    Names without an alarm are left out.
    """
    found: dict[str, Reading] = {}
    if not names:
        return found
    with translating("CloudWatch", role):
        cloudwatch = client_as(role, session_name, "cloudwatch")
        for start in range(0, len(names), _NAMES_A_CALL):
            answer = cloudwatch.describe_alarms(
                AlarmNames=list(names[start : start + _NAMES_A_CALL]),
                AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                MaxRecords=_NAMES_A_CALL,
            )
            for alarm in [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]:
                found[alarm["AlarmName"]] = Reading(alarm["StateValue"], _definition(alarm))
    return found


def _definition(alarm: Mapping[str, Any]) -> str:
    """The time is not that of a change of the state, by whomever."""
    made = [alarm.get("AlarmArn"), str(alarm.get("AlarmConfigurationUpdatedTimestamp"))]
    return hashlib.sha256(json.dumps(made).encode()).hexdigest()[:_DIGITS]
