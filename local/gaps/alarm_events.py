# ruff: noqa: SLF001 - the emulator is patched from inside
"""The event of an alarm's state change.

AWS: every state change of an alarm, SetAlarmState's included, is a `CloudWatch Alarm State Change` event on the
default bus, with the alarm's configuration and both states.
Emulator: notifies SNS topics only.
Here: the event is put on the default bus for metric and composite alarms.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ministack.services import cloudwatch, eventbridge

from local.gaps.patching import wrap

# The state in each alarm's last event, by the alarm's ARN: the next event has to repeat it.
_told: dict[str, dict[str, str]] = {}


def install() -> None:
    wrap(cloudwatch, "_dispatch_alarm_actions", _telling)


def _telling(original: Callable[..., None]) -> Callable[..., None]:
    def dispatch(alarm: dict[str, Any], old_state: str, new_state: str, reason: str) -> None:
        original(alarm, old_state, new_state, reason)
        state = {"value": new_state, "reason": reason, "timestamp": _timestamp(time.time())}
        if alarm.get("StateReasonData"):
            state["reasonData"] = alarm["StateReasonData"]
        previous = _told.get(alarm["AlarmArn"]) or {
            "value": old_state,
            "reason": "Unchecked: Initial alarm creation",
            "timestamp": _timestamp(alarm.get("AlarmConfigurationUpdatedTimestamp", time.time())),
        }
        _told[alarm["AlarmArn"]] = state
        detail = {
            "alarmName": alarm["AlarmName"],
            "state": state,
            "previousState": previous,
            "configuration": _configuration(alarm),
        }
        eventbridge._put_events(
            {
                "Entries": [
                    {
                        "Source": "aws.cloudwatch",
                        "DetailType": "CloudWatch Alarm State Change",
                        "Detail": json.dumps(detail),
                        "Resources": [alarm["AlarmArn"]],
                    }
                ]
            },
            allow_aws_source=True,
        )

    return dispatch


def _configuration(alarm: dict[str, Any]) -> dict[str, Any]:
    description = {"description": alarm["AlarmDescription"]} if alarm.get("AlarmDescription") else {}
    if "AlarmRule" in alarm:
        return description | {"alarmRule": alarm["AlarmRule"]}
    metric = {
        "namespace": alarm.get("Namespace"),
        "name": alarm.get("MetricName"),
        "dimensions": {dimension["Name"]: dimension["Value"] for dimension in alarm.get("Dimensions") or []},
    }
    stat = alarm.get("ExtendedStatistic") or alarm.get("Statistic")
    metric_stat = {"metric": metric, "period": alarm.get("Period"), "stat": stat}
    return description | {"metrics": [{"id": "m1", "metricStat": metric_stat, "returnData": True}]}


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
