# ruff: noqa: SLF001 - the emulator is patched from inside
"""When a metric alarm changes its state.

AWS: a metric alarm looks at exactly the metric that its dimensions name. Once a minute (or once a period, if that is
shorter) it takes the last EvaluationPeriods data points of full periods, reaching a little further back where some
are missing, fills what is still missing as TreatMissingData says, and is in ALARM when DatapointsToAlarm of them
breach the threshold. What SetAlarmState sets lasts until the next evaluation.
Emulator: looks at all metrics of that name together, whatever their dimensions, as one value over the whole range,
and only when somebody puts metric data.
Here: as on AWS, with periods multiplied by the time scale (never below a quarter of a second, so that a period still
holds something). Alarms on metric maths and anomaly bands are left as they are.
"""

import contextvars
import itertools
import json
import logging
import math
import operator
import threading
import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import cloudwatch

from local.gaps.patching import wrap

SHORTEST_PERIOD = 0.25
LONGEST_PAUSE = 0.5
MINUTE = 60
# How many periods further back AWS looks when some are missing. It does not say; its examples show two.
FURTHER_BACK = 2

_COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanThreshold": (operator.gt, "greater than the threshold"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to the threshold"),
    "LessThanThreshold": (operator.lt, "less than the threshold"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to the threshold"),
}

_logger = logging.getLogger(__name__)
_evaluating = threading.Lock()
# The end of the last evaluated period, by alarm ARN: a period is evaluated once.
_evaluated: dict[str, int] = {}


def install(time_scale: float) -> None:
    def evaluate(alarm: dict[str, Any]) -> None:
        with _evaluating:
            _evaluate(alarm, time_scale)

    wrap(cloudwatch, "_evaluate_alarm", lambda _original: evaluate)
    threading.Thread(target=_evaluate_forever, args=(evaluate, time_scale), daemon=True).start()


def _evaluate_forever(evaluate: Callable[[dict[str, Any]], None], time_scale: float) -> None:
    pause = min(LONGEST_PAUSE, max(MINUTE * time_scale, SHORTEST_PERIOD) / 4)
    while True:
        time.sleep(pause)
        for (account, region, _), alarm in list(cloudwatch._alarms._data.items()):
            try:
                contextvars.copy_context().run(_evaluate_in_scope, evaluate, alarm, account, region)
            except Exception:
                _logger.exception("alarm %s could not be evaluated", alarm.get("AlarmName"))


def _evaluate_in_scope(
    evaluate: Callable[[dict[str, Any]], None], alarm: dict[str, Any], account: str, region: str
) -> None:
    set_request_account_id(account)
    set_request_region(region)
    evaluate(alarm)


def _evaluate(alarm: dict[str, Any], time_scale: float) -> None:
    comparison = _COMPARISONS.get(alarm.get("ComparisonOperator", ""))
    if not alarm.get("MetricName") or comparison is None:
        return
    period = max(alarm["Period"] * time_scale, SHORTEST_PERIOD)
    rhythm = min(period, max(MINUTE * time_scale, SHORTEST_PERIOD))
    beat = math.floor(time.time() / rhythm)
    if _evaluated.get(alarm["AlarmArn"]) == beat:
        return
    _evaluated[alarm["AlarmArn"]] = beat

    needed = alarm["EvaluationPeriods"]
    values = _data_points(alarm, beat * rhythm, period, needed + FURTHER_BACK)
    new_state = verdict(
        values,
        breaches=lambda value: comparison[0](value, alarm["Threshold"]),
        periods=needed,
        to_alarm=alarm.get("DatapointsToAlarm") or needed,
        missing=alarm.get("TreatMissingData") or "missing",
    )
    old_state = alarm["StateValue"]
    if new_state is None or new_state == old_state:
        return
    real = [value for value in values if value is not None][:needed]
    reason = _reason(alarm, real, comparison[1], new_state)
    alarm["StateReason"] = reason
    alarm["StateReasonData"] = json.dumps(
        {
            "version": "1.0",
            "queryDate": cloudwatch._ts_iso(time.time()),
            "statistic": alarm.get("ExtendedStatistic") or alarm.get("Statistic"),
            "period": alarm["Period"],
            "recentDatapoints": real,
            "threshold": alarm["Threshold"],
        }
    )
    alarm["StateValue"] = new_state
    alarm["StateUpdatedTimestamp"] = int(time.time())
    cloudwatch._record_history(alarm["AlarmName"], old_state, new_state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old_state, new_state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def verdict(
    values: list[float | None], *, breaches: Callable[[float], bool], periods: int, to_alarm: int, missing: str
) -> str | None:
    """The state that data points amount to; None keeps the state the alarm has.

    values: one a period, the newest first, None where there is no data; more than `periods`, for where some are
    missing. missing: TreatMissingData.
    """
    real = [breaches(value) for value in values if value is not None][:periods]
    lacking = periods - len(real)
    if not real:
        return {"missing": "INSUFFICIENT_DATA", "ignore": None, "breaching": "ALARM", "notBreaching": "OK"}[missing]
    breaching = sum(real) + (lacking if missing == "breaching" else 0)
    if breaching >= to_alarm:
        return "ALARM"
    if lacking and missing == "ignore" and all(real):
        return None
    if lacking and missing == "missing" and _only_breaching_since(values, breaches, to_alarm):
        return "ALARM"
    return "OK"


def _only_breaching_since(values: list[float | None], breaches: Callable[[float], bool], to_alarm: int) -> bool:
    """Whether the oldest data point breaches, lies `to_alarm` periods back, and all since breach or are missing."""
    oldest = max(index for index, value in enumerate(values) if value is not None)
    return oldest + 1 >= to_alarm and all(value is None or breaches(value) for value in values)


def _data_points(alarm: dict[str, Any], end: float, period: float, count: int) -> list[float | None]:
    """The alarm's statistic over `count` periods up to `end` (epoch seconds), the newest first; None without data."""
    dimensions = {dimension["Name"]: dimension["Value"] for dimension in alarm.get("Dimensions") or []}
    key = (alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))
    start = end - count * period
    buckets: list[list[dict[str, Any]]] = [[] for _ in range(count)]
    points = cloudwatch._metrics.get(key) or []
    # Points arrive nearly in order of time, so the end of the list is enough; a late one may be a minute old.
    recent = itertools.takewhile(lambda point: point["Timestamp"] >= start - MINUTE, reversed(points))
    for point in recent:
        if start <= point["Timestamp"] < end:
            buckets[min(int((end - point["Timestamp"]) / period), count - 1)].append(point)
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    return [
        cloudwatch._stat_value(cloudwatch._calc_stats(bucket), statistic, bucket) if bucket else None for bucket in buckets
    ]


def _reason(alarm: dict[str, Any], values: list[float], relation: str, new_state: str) -> str:
    if not values:
        return f"Insufficient Data: {alarm['EvaluationPeriods']} datapoints were unknown."
    was = "was" if len(values) == 1 else "were"
    negation = "" if new_state == "ALARM" else " not"
    return (
        f"Threshold Crossed: {len(values)} out of the last {alarm['EvaluationPeriods']} datapoints "
        f"{values} {was}{negation} {relation} ({alarm['Threshold']})."
    )
