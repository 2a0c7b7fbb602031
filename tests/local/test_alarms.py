"""Metric alarms: what they look at, when they change, and the events of it."""

from collections.abc import Sequence
from typing import Any

import pytest

from local.gaps.alarm_evaluation import verdict
from tests.local.workbench import Workbench, closed, until

MINE = [{"Name": "FunctionName", "Value": "mine"}, {"Name": "ExecutedVersion", "Value": "2"}]
OTHER = [{"Name": "FunctionName", "Value": "mine"}, {"Name": "ExecutedVersion", "Value": "1"}]


def alarm(bench: Workbench, **settings: Any) -> str:
    name = bench.name("alarm")
    bench.client("cloudwatch").put_metric_alarm(
        **{
            "AlarmName": name,
            "AlarmDescription": "errors of the new version",
            "Namespace": name,
            "MetricName": "Errors",
            "Dimensions": MINE,
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            **settings,
        }
    )
    return name


def put(bench: Workbench, name: str, value: float, dimensions: list[dict[str, str]]) -> None:
    bench.client("cloudwatch").put_metric_data(
        Namespace=name, MetricData=[{"MetricName": "Errors", "Dimensions": dimensions, "Value": value}]
    )


def state(bench: Workbench, name: str) -> str:
    return str(bench.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"])


def becomes(bench: Workbench, name: str, expected: str) -> None:
    """Waits for a state; less than the minute which a period would take in real time."""
    until(lambda: state(bench, name) == expected, seconds=40)


def test_bare_emulator_mixes_dimensions(bare: Workbench) -> None:
    name = alarm(bare)
    put(bare, name, 5, OTHER)
    assert state(bare, name) == "ALARM", closed("alarm_evaluation")


def test_alarm_looks_at_its_own_dimensions(filled: Workbench) -> None:
    name, watched = alarm(filled, TreatMissingData="notBreaching"), alarm(filled)
    put(filled, name, 5, OTHER)
    put(filled, name, 5, MINE[:1])
    put(filled, watched, 5, MINE)
    becomes(filled, watched, "ALARM")
    # Its data came earlier, and so did its evaluation.
    assert state(filled, name) == "OK"


def test_alarm_fires_and_recovers_in_scaled_periods(filled: Workbench) -> None:
    name = alarm(filled, TreatMissingData="notBreaching")
    becomes(filled, name, "OK")
    put(filled, name, 1, MINE)
    becomes(filled, name, "ALARM")
    becomes(filled, name, "OK")


def test_alarm_by_the_metrics_of_a_weighted_alias(filled: Workbench) -> None:
    source = "import os\ndef handler(event, context): assert os.environ['AWS_LAMBDA_FUNCTION_VERSION'] == '1'"
    function = filled.function(source, versions=2)
    filled.client("lambda").create_alias(
        FunctionName=function,
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}},
    )
    dimensions = {"FunctionName": function, "Resource": f"{function}:live"}
    old, new = (
        alarm(
            filled,
            Namespace="AWS/Lambda",
            Dimensions=[{"Name": k, "Value": v} for k, v in (dimensions | {"ExecutedVersion": version}).items()],
        )
        for version in "12"
    )
    invoke = filled.client("lambda").invoke

    seen: set[tuple[str, str]] = set()

    def both_have_seen_their_own() -> bool:
        invoke(FunctionName=function, Qualifier="live")
        seen.update((name, state(filled, name)) for name in (old, new))
        return seen >= {(old, "OK"), (new, "ALARM")}

    until(both_have_seen_their_own, seconds=40)
    assert not seen & {(old, "ALARM"), (new, "OK")}


PATTERN = {"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"]}


def events_of(bench: Workbench, queue: str, name: str, count: int) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []

    def enough() -> bool:
        events.extend(event for event in bench.collected(queue) if event["detail"]["alarmName"] == name)
        return len(events) >= count

    until(enough)
    return events


def test_bare_emulator_sends_no_alarm_event(bare: Workbench) -> None:
    queue, probe = bare.collector(PATTERN), bare.collector({"source": ["probe"]})
    name = alarm(bare)
    bare.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="by hand")
    # Events are delivered in order, so one that comes later tells that none is on its way.
    bare.client("events").put_events(Entries=[{"Source": "probe", "DetailType": "probe", "Detail": "{}"}])
    until(lambda: bare.collected(probe))
    assert bare.collected(queue) == [], closed("alarm_events")


def test_state_change_by_hand_is_an_event(filled: Workbench) -> None:
    # "ignore" keeps what was set by hand; otherwise the next evaluation takes it back, as on AWS.
    name = alarm(filled, TreatMissingData="ignore")
    queue = filled.collector(PATTERN | {"detail": {"alarmName": [name]}})
    change = filled.client("cloudwatch").set_alarm_state
    change(AlarmName=name, StateValue="ALARM", StateReason="by hand")
    change(AlarmName=name, StateValue="ALARM", StateReason="again: no change, no event")
    change(AlarmName=name, StateValue="OK", StateReason="better")
    first, second = sorted(events_of(filled, queue, name, 2), key=lambda event: event["detail"]["state"]["timestamp"])
    assert first["source"] == "aws.cloudwatch"
    assert first["resources"] == [f"arn:aws:cloudwatch:{filled.cloud.region}:000000000000:alarm:{name}"]
    assert first["detail"]["state"]["value"] == "ALARM"
    assert first["detail"]["state"]["reason"] == "by hand"
    assert first["detail"]["previousState"]["value"] == "INSUFFICIENT_DATA"
    assert first["detail"]["configuration"]["description"] == "errors of the new version"
    assert first["detail"]["configuration"]["metrics"][0]["metricStat"] == {
        "metric": {
            "namespace": name,
            "name": "Errors",
            "dimensions": {"FunctionName": "mine", "ExecutedVersion": "2"},
        },
        "period": 60,
        "stat": "Sum",
    }
    assert second["detail"]["previousState"] == first["detail"]["state"]
    assert second["detail"]["state"]["value"] == "OK"


def test_state_change_by_data_is_an_event_with_its_data(filled: Workbench) -> None:
    name = alarm(filled)
    queue = filled.collector(PATTERN | {"detail": {"alarmName": [name], "state": {"value": ["ALARM"]}}})
    put(filled, name, 3, MINE)
    (event,) = events_of(filled, queue, name, 1)
    assert '"recentDatapoints": [3.0]' in event["detail"]["state"]["reasonData"]
    assert "greater than or equal to the threshold (1" in event["detail"]["state"]["reason"]


def test_composite_alarm_follows_and_is_an_event(filled: Workbench) -> None:
    child, name = alarm(filled, TreatMissingData="ignore"), filled.name("composite")
    filled.client("cloudwatch").put_composite_alarm(AlarmName=name, AlarmRule=f'ALARM("{child}")')
    queue = filled.collector(PATTERN | {"detail": {"alarmName": [name], "state": {"value": ["ALARM"]}}})
    filled.client("cloudwatch").set_alarm_state(AlarmName=child, StateValue="ALARM", StateReason="by hand")
    (event,) = events_of(filled, queue, name, 1)
    assert event["detail"]["configuration"] == {"alarmRule": f'ALARM("{child}")'}


X, O = 1.0, 0.0  # noqa: E741 a breaching and a quiet data point, as AWS's documentation writes them
STATES = ("missing", "ignore", "breaching", "notBreaching")


@pytest.mark.parametrize(
    ("newest_first", "expected"),
    [
        ([X, None, X, None, O], ("OK", "OK", "OK", "OK")),
        ([None, None, None, None, O], ("OK", "OK", "OK", "OK")),
        ([None, None, None, None, None], ("INSUFFICIENT_DATA", None, "ALARM", "OK")),
        ([X, None, X, X, O], ("ALARM", "ALARM", "ALARM", "ALARM")),
        ([None, None, X, None, None], ("ALARM", None, "ALARM", "OK")),
    ],
)
def test_missing_data_three_of_three(newest_first: Sequence[float | None], expected: tuple[str | None, ...]) -> None:
    verdicts = tuple(
        verdict(list(newest_first), breaches=lambda value: value >= X, periods=3, to_alarm=3, missing=missing)
        for missing in STATES
    )
    assert verdicts == expected


@pytest.mark.parametrize(("to_alarm", "expected"), [(1, "ALARM"), (2, "ALARM"), (3, "OK")])
def test_some_out_of_many(to_alarm: int, expected: str) -> None:
    values: list[float | None] = [O, X, O, X, O]
    fires = verdict(values, breaches=lambda value: value >= X, periods=5, to_alarm=to_alarm, missing="missing")
    assert fires == expected
