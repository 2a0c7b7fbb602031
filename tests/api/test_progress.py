"""How far deployments are, by the API."""

import pytest

from tests.api.caller import Caller, Refused
from tests.aws.account import client_error, keep_planned, new_record, refuse
from tests.core.samples import at, plan
from weighbridge.aws import clients, cloudwatch
from weighbridge.core.alarms import Reading
from weighbridge.core.deployment import shifted
from weighbridge.core.ids import rollback_id
from weighbridge.core.plan import routing_after
from weighbridge.core.rollbacks import rollback_record
from weighbridge.core.service_role import ServiceRole
from weighbridge.store import deployments

D, OTHER = "d-AAAAAAAAA", "d-BBBBBBBBB"


def test_a_deployment_on_its_way_is_shown_with_percent_and_times(api: Caller) -> None:
    keep_planned()
    sample = plan()
    deployments.update(D, shifted(sample, 0, routing_after(sample, 0), "r-1", at(5)))
    shown = api.call("GetDeploymentProgress", deploymentId=D)["deploymentProgress"]
    assert (shown["status"], shown["weight"], shown["waitingFor"]) == ("InProgress", 10, "Bake")
    assert shown["waitsUntil"] == at(65)
    assert shown["steps"][0] == {"weight": 10, "bakeSeconds": 60, "status": "InProgress", "startTime": at(5)}
    assert shown["alarms"] == [{"name": "errors"}]
    assert "timeline" not in shown


def test_the_timeline_comes_where_it_is_asked_for(api: Caller) -> None:
    keep_planned()
    shown = api.call("GetDeploymentProgress", deploymentId=D, includeTimeline=True)["deploymentProgress"]
    assert [entry["event"] for entry in shown["timeline"]] == ["Created", "Started", "Validated"]
    assert shown["timeline"][2]["text"] == "From version 1 to version 2 in 10 steps."


def test_alarms_are_read_where_they_are_asked_for(api: Caller) -> None:
    keep_planned(alarms={"names": ["errors", "gone"], "ignorePollFailure": False})
    clients.client("cloudwatch").put_metric_alarm(
        AlarmName="errors", MetricName="Errors", Namespace="AWS/Lambda", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold", Statistic="Sum",
    )  # fmt: skip
    clients.client("cloudwatch").set_alarm_state(AlarmName="errors", StateValue="OK", StateReason="test")
    shown = api.call("GetDeploymentProgress", deploymentId=D, includeAlarms=True)["deploymentProgress"]
    assert shown["alarms"] == [{"name": "errors", "state": "OK"}, {"name": "gone", "state": "Missing"}]


def test_alarms_that_may_not_be_read_say_so(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_planned()
    refuse(monkeypatch, "cloudwatch", "describe_alarms", client_error("AccessDenied", "DescribeAlarms", 403))
    shown = api.call("GetDeploymentProgress", deploymentId=D, includeAlarms=True)["deploymentProgress"]
    assert shown["alarms"] == [{"name": "errors", "state": "Unreadable"}]


def test_alarms_are_read_by_the_role_of_the_group(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    role = "arn:aws:iam::123456789012:role/WeighbridgeServiceRole-shop"
    keep_planned(serviceRoleArn=role)
    seen: list[ServiceRole | None] = []

    def read(_names: object, _session: str, as_role: ServiceRole | None) -> dict[str, Reading]:
        seen.append(as_role)
        return {"errors": Reading("OK", "as it was")}

    monkeypatch.setattr(cloudwatch, "read", read)
    shown = api.call("GetDeploymentProgress", deploymentId=D, includeAlarms=True)["deploymentProgress"]
    assert (seen, shown["alarms"]) == ([ServiceRole(role, "shop-app/prod")], [{"name": "errors", "state": "OK"}])


def test_alarms_that_are_throttled_are_asked_for_again(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_planned()
    refuse(monkeypatch, "cloudwatch", "describe_alarms", client_error("Throttling", "DescribeAlarms", 400))
    with pytest.raises(Refused, match="ThrottlingException"):
        api.call("GetDeploymentProgress", deploymentId=D, includeAlarms=True)


def test_a_rollback_is_named_while_it_goes_on(api: Caller) -> None:
    keep_planned()
    sample = plan(rollbackDeploymentId=rollback_id(D))
    deployments.create(rollback_record(sample, at(9)))
    shown = api.call("GetDeploymentProgress", deploymentId=D)["deploymentProgress"]
    assert (shown["waitingFor"], shown["rollbackDeploymentId"]) == ("Rollback", rollback_id(D))
    taking_back = api.call("GetDeploymentProgress", deploymentId=rollback_id(D))["deploymentProgress"]
    assert taking_back["rollbackOf"] == D


def test_several_are_shown_in_the_order_asked_for(api: Caller) -> None:
    for deployment_id in (D, OTHER):
        deployments.create(new_record(deployment_id))
    asked_for = [OTHER, "d-CCCCCCCCC", D, OTHER]
    shown = api.call("BatchGetDeploymentProgress", deploymentIds=asked_for)["deploymentsProgress"]
    assert [each["deploymentId"] for each in shown] == [OTHER, D]


def test_wrong_ids_are_refused(api: Caller) -> None:
    for arguments, name in (
        ({"deploymentId": "d-CCCCCCCCC"}, "DeploymentDoesNotExistException"),
        ({"deploymentId": "x"}, "InvalidDeploymentIdException"),
        ({}, "DeploymentIdRequiredException"),
    ):
        with pytest.raises(Refused) as caught:
            api.call("GetDeploymentProgress", **arguments)
        assert caught.value.name == name
    with pytest.raises(Refused, match="BatchLimitExceeded"):
        api.call("BatchGetDeploymentProgress", deploymentIds=[D] * 26)
