from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from botocore.stub import Stubber

from tests.aws.account import client_error, refuse
from weighbridge.aws import cloudwatch
from weighbridge.aws.clients import client
from weighbridge.core.errors import RolePermissions
from weighbridge.core.service_role import ServiceRole


def _states(*names: str) -> dict[str, str]:
    return {name: alarm.state for name, alarm in cloudwatch.read(names, "d-AAAAAAAAA", None).items()}


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
    assert _states("red", "green", "nowhere") == {"red": "ALARM", "green": "OK"}


ALL = ["MetricAlarm", "CompositeAlarm", "LogAlarm"]


def test_composite_and_log_alarms_are_read_too(stub: Callable[[str], Stubber]) -> None:
    answer = {
        "MetricAlarms": [{"AlarmName": "red", "StateValue": "ALARM", "EvaluationState": "PARTIAL_DATA"}],
        "CompositeAlarms": [{"AlarmName": "both", "StateValue": "INSUFFICIENT_DATA"}],
        "LogAlarms": [{"AlarmName": "errors", "StateValue": "OK", "EvaluationState": "EVALUATION_ERROR"}],
    }
    asked = {"AlarmNames": ["red", "both", "errors"], "AlarmTypes": ALL, "MaxRecords": 100}
    stub("cloudwatch").add_response("describe_alarms", answer, asked)
    read = cloudwatch.read(["red", "both", "errors"], "d-AAAAAAAAA", None)
    assert {name: (alarm.state, alarm.evaluation) for name, alarm in read.items()} == {
        "red": ("ALARM", "PARTIAL_DATA"),
        "both": ("INSUFFICIENT_DATA", None),
        "errors": ("OK", "EVALUATION_ERROR"),
    }


def test_an_older_sdk_is_not_asked_for_what_it_cannot_read(monkeypatch: pytest.MonkeyPatch) -> None:
    _metric_alarm("green", "OK")
    members = client("cloudwatch").meta.service_model.operation_model("DescribeAlarms").output_shape.members
    assert cloudwatch.kinds() == ALL
    monkeypatch.delitem(members, "LogAlarms")
    calls = refuse(monkeypatch, "cloudwatch", "describe_alarms")
    assert _states("green", "errors") == {"green": "OK"}
    assert [call["AlarmTypes"] for call in calls] == [ALL[:2]]


def test_more_alarms_than_a_call_takes_are_read_in_two(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"alarm-{n:03}" for n in range(101)]
    for name in names:
        _metric_alarm(name, "OK")
    calls = refuse(monkeypatch, "cloudwatch", "describe_alarms")
    assert _states(*names) == dict.fromkeys(names, "OK")
    assert [len(call["AlarmNames"]) for call in calls] == [100, 1]
    assert all(call["AlarmTypes"] == ALL for call in calls)


def test_without_names_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    # Asked for no names in particular, CloudWatch would answer with all alarms of the account.
    calls = refuse(monkeypatch, "cloudwatch", "describe_alarms")
    assert _states() == {}
    assert calls == []


def test_a_denial_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "cloudwatch", "describe_alarms", client_error("AccessDenied", "DescribeAlarms", 403))
    with pytest.raises(RolePermissions, match="AWS service: CloudWatch"):
        _states("red")


def test_an_alarm_is_another_one_once_it_is_changed_or_made_anew_and_not_when_its_state_is_set(
    stub: Callable[[str], Stubber],
) -> None:
    morning, noon = datetime(2026, 11, 23, 6, 0, tzinfo=UTC), datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    tellings = [("a", morning, "OK"), ("a", morning, "ALARM"), ("a", noon, "OK"), ("b", morning, "OK")]
    for arn, changed_at, state in tellings:
        described = {
            "AlarmName": "a",
            "AlarmArn": arn,
            "AlarmConfigurationUpdatedTimestamp": changed_at,
            "StateValue": state,
        }
        stub("cloudwatch").add_response("describe_alarms", {"MetricAlarms": [described]})
    first, red, changed, elsewhere = (cloudwatch.read(["a"], "d-AAAAAAAAA", None)["a"].definition for _ in tellings)
    assert first == red
    assert len({first, changed, elsewhere}) == 3


def test_alarms_are_read_by_the_role_of_the_group(stub: Callable[[str], Stubber], fresh: SimpleNamespace) -> None:
    role = ServiceRole("arn:aws:iam::123456789012:role/team-a", "shop-app/prod")
    asked = {"RoleArn": role.arn, "RoleSessionName": "d-AAAAAAAAA", "ExternalId": "shop-app/prod"}
    credentials = {"AccessKeyId": "k" * 16, "SecretAccessKey": "s", "SessionToken": "t", "Expiration": 0}
    stub("sts").add_response("assume_role", {"Credentials": credentials}, asked)
    fresh.of("cloudwatch").add_client_error("describe_alarms", "AccessDenied", "No.", 403)
    with pytest.raises(RolePermissions, match="The IAM role arn:aws:iam::123456789012:role/team-a does not"):
        cloudwatch.read(["red"], "d-AAAAAAAAA", role)
    [(_, options)] = fresh.made
    assert options["aws_session_token"] == "t"
