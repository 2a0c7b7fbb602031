"""The states of CloudWatch alarms."""

from collections.abc import Sequence

from weighbridge.aws.clients import client
from weighbridge.aws.failures import translating

_NAMES_A_CALL = 100


def states(names: Sequence[str]) -> dict[str, str]:
    """Name to state (OK, ALARM, INSUFFICIENT_DATA) of metric and composite alarms; names without an alarm are left out."""
    found: dict[str, str] = {}
    with translating("CloudWatch"):
        for start in range(0, len(names), _NAMES_A_CALL):
            answer = client("cloudwatch").describe_alarms(
                AlarmNames=list(names[start : start + _NAMES_A_CALL]),
                AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                MaxRecords=_NAMES_A_CALL,
            )
            for alarm in [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]:
                found[alarm["AlarmName"]] = alarm["StateValue"]
    return found
