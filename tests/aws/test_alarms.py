from collections.abc import Callable

import pytest
from botocore.stub import Stubber

from tests.aws.account import client_error, refuse
from weighbridge.aws import alarms
from weighbridge.aws.clients import client
from weighbridge.core.errors import RolePermissions


def _metric_alarm(name: str, state: str | None = None) -> None:
    client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="Shop",
        MetricName="Errors",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Statistic="Sum",
    )
    if state:
        client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="because")


def test_alarms_that_are_not_there_are_left_out() -> None:
    _metric_alarm("red", "ALARM")
    _metric_alarm("green", "OK")
    assert alarms.states(["red", "green", "nowhere"]) == {"red": "ALARM", "green": "OK"}


def test_composite_alarms_are_read_too(stub: Callable[[str], Stubber]) -> None:
    answer = {
        "MetricAlarms": [{"AlarmName": "red", "StateValue": "ALARM"}],
        "CompositeAlarms": [{"AlarmName": "both", "StateValue": "INSUFFICIENT_DATA"}],
    }
    asked = {"AlarmNames": ["red", "both"], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 100}
    stub("cloudwatch").add_response("describe_alarms", answer, asked)
    assert alarms.states(["red", "both"]) == {"red": "ALARM", "both": "INSUFFICIENT_DATA"}


def test_more_alarms_than_a_call_takes_are_read_in_two(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"alarm-{n:03}" for n in range(101)]
    for name in names:
        _metric_alarm(name, "OK")
    calls = refuse(monkeypatch, "cloudwatch", "describe_alarms")
    assert alarms.states(names) == dict.fromkeys(names, "OK")
    assert [len(call["AlarmNames"]) for call in calls] == [100, 1]
    assert all(call["AlarmTypes"] == ["MetricAlarm", "CompositeAlarm"] for call in calls)


def test_without_names_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    # Asked for no names in particular, CloudWatch would answer with all alarms of the account.
    calls = refuse(monkeypatch, "cloudwatch", "describe_alarms")
    assert alarms.states([]) == {}
    assert calls == []


def test_a_denial_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "cloudwatch", "describe_alarms", client_error("AccessDenied", "DescribeAlarms", 403))
    with pytest.raises(RolePermissions, match="AWS service: CloudWatch"):
        alarms.states(["red"])
