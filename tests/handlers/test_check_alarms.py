"""States "Check alarms …": what is read, and what it means for the deployment."""

from typing import Any

import pytest
import time_machine

from tests.aws.account import (
    client_error,
    events_of,
    keep_begun,
    keep_planned,
    kept,
    refuse,
)
from tests.aws.invocation import ID, event_file, invoke
from tests.core.samples import at
from weighbridge.aws.clients import client
from weighbridge.core.deployment import alarms_read
from weighbridge.core.endings import failed
from weighbridge.core.errors import (
    DeploymentEnded,
    ServiceUnavailable,
    Throttled,
)
from weighbridge.store import deployments


def _alarm(state: str) -> None:
    client("cloudwatch").put_metric_alarm(
        AlarmName="shop-errors",
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Statistic="Sum",
    )
    client("cloudwatch").set_alarm_state(AlarmName="shop-errors", StateValue=state, StateReason="because")


def _watching(*names: str, ignored: bool = False, **changes: Any) -> None:
    keep_planned(ID, alarms={"names": list(names), "ignorePollFailure": ignored}, **changes)


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_alarms_that_are_not_red_let_the_deployment_go_on(state: str) -> None:
    _watching("shop-errors")
    _alarm(state)
    assert invoke("check_alarms", event_file("check_alarms")) == {}
    assert events_of(kept(ID))[-1] == "Validated"


def test_a_red_alarm_ends_it_and_is_kept_in_the_timeline() -> None:
    _watching("shop-errors")
    _alarm("ALARM")
    answer = invoke("check_alarms", event_file("check_alarms"))
    assert answer["failure"]["error"] == "AlarmActive"
    assert "<shop-errors>" in answer["failure"]["cause"]
    assert events_of(kept(ID))[-1] == "AlarmsRead"


@pytest.mark.parametrize("ignored", [True, False])
@pytest.mark.parametrize("denied", [True, False])
def test_alarms_that_cannot_be_read_obey_the_group(monkeypatch: pytest.MonkeyPatch, ignored: bool, denied: bool) -> None:
    _watching("nowhere", ignored=ignored)
    if denied:
        refuse(monkeypatch, "cloudwatch", "describe_alarms", client_error("AccessDenied", "DescribeAlarms", 403))
    answer = invoke("check_alarms", event_file("check_alarms"))
    assert answer.get("failure", {}).get("error") == (None if ignored else "AlarmsUnreadable")
    assert events_of(kept(ID))[-1] == "AlarmsRead"


@pytest.mark.parametrize(("code", "status"), [("Throttling", 400), ("InternalServiceFault", 500)])
def test_a_reading_that_may_work_later_is_left_to_the_state_machine(
    monkeypatch: pytest.MonkeyPatch, code: str, status: int
) -> None:
    _watching("shop-errors")
    refuse(monkeypatch, "cloudwatch", "describe_alarms", client_error(code, "DescribeAlarms", status))
    with pytest.raises((Throttled, ServiceUnavailable)):
        invoke("check_alarms", event_file("check_alarms"))


def test_the_alarms_of_the_record_are_read_whatever_else_comes_in() -> None:
    _watching("shop-errors")
    _alarm("ALARM")
    others = {"names": [], "ignorePollFailure": True}
    answer = invoke("check_alarms", event_file("check_alarms") | {"alarms": others})
    assert answer["failure"]["error"] == "AlarmActive"


@pytest.mark.parametrize("there", ["nothing", "no plan", "ended"])
def test_without_a_running_deployment_with_a_plan_no_alarm_is_read(monkeypatch: pytest.MonkeyPatch, there: str) -> None:
    calls = refuse(monkeypatch, "cloudwatch", "describe_alarms")
    if there == "no plan":
        keep_begun(ID)
    elif there == "ended":
        _watching("shop-errors")
        deployments.end(kept(ID), failed(kept(ID), {"error": "HookFailed", "cause": "No."}, {}, at(9)))
    with pytest.raises(DeploymentEnded):
        invoke("check_alarms", event_file("check_alarms"))
    assert calls == []


def test_a_reading_is_kept_again_only_when_it_says_something_else() -> None:
    names = [f"{chr(0x1F600)}{n:02}" + chr(0x1F600) * 252 for n in range(50)]
    _watching(*names, ignored=True)
    before = kept(ID)
    for _ in range(37):
        assert invoke("check_alarms", event_file("check_alarms")) == {}
    readings = [entry for entry in kept(ID)["timeline"] if entry["event"] == "AlarmsRead"]
    assert len(readings) == 1
    assert len(readings[0]["reason"]) <= 500
    assert kept(ID) | {"timeline": before["timeline"]} == before


def test_an_alarm_that_is_there_now_and_then_fills_no_record() -> None:
    _watching("nowhere", ignored=True)
    for _ in range(20):
        assert invoke("check_alarms", event_file("check_alarms")) == {}
        deployments.update(ID, alarms_read("Something else.", at(9)))
    own = [entry for entry in kept(ID)["timeline"] if "There is no alarm" in entry.get("reason", "")]
    assert len(own) == 3


@pytest.mark.parametrize("ignored", [True, False])
def test_an_alarm_that_is_changed_meanwhile_is_unreadable(ignored: bool) -> None:
    _watching("shop-errors", ignored=ignored)
    with time_machine.travel(at(0), tick=False):
        _alarm("OK")
    for state in ("INSUFFICIENT_DATA", "OK"):
        client("cloudwatch").set_alarm_state(AlarmName="shop-errors", StateValue=state, StateReason="because")
        assert invoke("check_alarms", event_file("check_alarms")) == {}
    _alarm("OK")
    answer = invoke("check_alarms", event_file("check_alarms"))
    assert answer.get("failure", {}).get("error") == (None if ignored else "AlarmsUnreadable")
    assert "Changed or made anew since the deployment began" in kept(ID)["timeline"][-1]["reason"]


def test_alarms_are_read_by_the_role_of_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    role = "arn:aws:iam::123456789012:role/WeighbridgeServiceRole-shop"
    _watching("shop-errors", serviceRoleArn=role)
    denied = client_error("AccessDenied", "AssumeRole", 403, "Not you.")
    calls = refuse(monkeypatch, "sts", "assume_role", denied)
    cause = invoke("check_alarms", event_file("check_alarms"))["failure"]["cause"]
    assert calls == [{"RoleArn": role, "RoleSessionName": ID, "ExternalId": "shop-app/prod"}]
    assert f"The IAM role {role} could not be assumed" in cause
    assert "cloudwatch:DescribeAlarms" in cause
