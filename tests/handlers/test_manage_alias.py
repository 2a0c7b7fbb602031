"""What stacks that own an alias are answered, and what comes of it; the decisions themselves are in tests/core/test_wanted.py."""

import io
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.aws.account import Waits, client_error, create_alias, keep_planned, kept, refuse, routing
from tests.aws.invocation import event_file, invoke
from tests.core.samples import at
from tests.handlers.stacks import ARN, CREATE, DELETE, ID, OTHER, UPDATE, Stacks
from weighbridge.aws import cloudformation
from weighbridge.aws.clients import client
from weighbridge.aws.cloudformation import Resource
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.errors import ServiceUnavailable, StopRequested, Throttled
from weighbridge.core.ids import deployment_id
from weighbridge.core.record import Record
from weighbridge.core.wanted import TYPE, Holder, Stack
from weighbridge.handlers import commit, manage_alias
from weighbridge.store import deployments, schedule, settings, wanted


def no_alias() -> None:
    client("lambda").delete_alias(FunctionName="shop", Name="live")


def has_alias() -> bool:
    return any(alias["Name"] == "live" for alias in client("lambda").list_aliases(FunctionName="shop")["Aliases"])


def revision_id() -> str:
    return str(client("lambda").get_alias(FunctionName="shop", Name="live")["RevisionId"])


def started(place: SimpleNamespace) -> list[str]:
    executions = client("stepfunctions").list_executions(stateMachineArn=place.machine)["executions"]
    return sorted(each["name"] for each in executions)


def of(number: str) -> str:
    """The id of the deployment that a request asks for."""
    return deployment_id(f"stack {ID} request-{number}")


def ended(number: str, *, well: bool = True) -> Record:
    """A deployment of a stack's has ended, and an execution of its name with it."""
    record = kept(of(number))
    failure = {"error": "AlarmActive", "cause": "the alarm <errors>"}
    assert deployments.end(record, succeeded(with_target(record), at(9)) if well else failed(record, failure, {}, at(9)))
    event = event_file("commit.execution_ended")
    event["detail"]["name"] = of(number)
    invoke("commit", event)
    return kept(of(number))


def with_target(record: Record) -> Record:
    return record | {"lambdaFunctionInfo": {"functionName": "shop", "functionAlias": "live", "targetVersion": "2"}}


def is_scheduled() -> bool:
    return "until" in schedule.read()


# ------------------------------------------------------------------------------------------------------- creation


def test_the_first_deployment_creates_the_alias_and_shifts_nothing(stacks: Stacks, place: SimpleNamespace) -> None:
    no_alias()
    answer = stacks.created()
    assert answer["Status"] == "SUCCESS"
    assert answer["PhysicalResourceId"] == ARN
    assert answer["Data"] == {"AliasArn": ARN, "LiveVersion": "1", "DeploymentId": of("0")}
    assert (answer["StackId"], answer["LogicalResourceId"], answer["RequestId"]) == (ID, "Live", "request-0")
    assert routing() == ("1", {})
    assert started(place) == []
    assert wanted.open_aliases() == []


def test_the_resource_is_the_deployment_group(stacks: Stacks) -> None:
    stacks.created()
    group = settings.group("stack@shop-app", "shop-live")
    assert group
    assert group.settings.deployment_config_name == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    assert group.settings.aliases == ["shop:live"]


def test_a_creation_whose_answer_is_lost_is_answered_again(stacks: Stacks, monkeypatch: pytest.MonkeyPatch) -> None:
    no_alias()
    stacks.are("CREATE_IN_PROGRESS")
    with monkeypatch.context() as patch:
        patch.setattr(cloudformation, "send", lambda *_: 503)
        with pytest.raises(ServiceUnavailable):
            stacks.ask(CREATE, "0")
    before = revision_id()
    assert stacks.ask(CREATE, "0")["Status"] == "SUCCESS"
    assert revision_id() == before


@pytest.mark.parametrize("service", ["lambda", "dynamodb"])
def test_what_is_throttled_is_not_refused_but_tried_again(
    stacks: Stacks, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_alias()
    stacks.are("CREATE_IN_PROGRESS")
    refuse(
        monkeypatch,
        service,
        {"lambda": "create_alias", "dynamodb": "transact_write_items"}[service],
        client_error("ThrottlingException"),
    )
    with pytest.raises(Throttled):
        stacks.ask(CREATE, "0")
    assert stacks.told == []
    assert stacks.ask(CREATE, "0")["Status"] == "SUCCESS"
    assert routing() == ("1", {})


def test_an_alias_that_is_there_is_adopted_and_deployed_after_the_commit(stacks: Stacks, place: SimpleNamespace) -> None:
    before = revision_id()
    stacks.are("CREATE_IN_PROGRESS")
    answer = stacks.ask(CREATE, "0", TargetVersion="2")
    assert (answer["Status"], answer["Data"]["LiveVersion"]) == ("SUCCESS", "1")
    assert started(place) == []
    stacks.are("CREATE_COMPLETE")
    stacks.hear()
    assert started(place) == [of("0")]
    assert revision_id() == before


def test_an_alias_that_is_still_a_resource_of_the_stack_is_refused(stacks: Stacks) -> None:
    stacks.are("UPDATE_IN_PROGRESS")
    stacks.standing = [Holder(ID, "Alias", "AWS::Lambda::Alias")]
    answer = stacks.ask(CREATE, "0", TargetVersion="2")
    assert answer["Status"] == "FAILED"
    assert "is still a resource (Alias) of this stack and would be deleted: deploy once with Prepare" in answer["Reason"]
    # CloudFormation deletes what it could not create.
    stacks.are("UPDATE_ROLLBACK_IN_PROGRESS")
    assert stacks.ask(DELETE | {"PhysicalResourceId": answer["PhysicalResourceId"]}, "1")["Status"] == "SUCCESS"
    assert has_alias()


def test_an_alias_of_another_stack_is_refused(stacks: Stacks) -> None:
    stacks.are("CREATE_IN_PROGRESS")
    stacks.standing = [Holder(OTHER, "Alias", "AWS::Lambda::Alias")]
    assert "belongs to the stack other-app" in stacks.ask(CREATE, "0")["Reason"]


def test_of_two_stacks_that_want_an_alias_the_first_has_it(stacks: Stacks) -> None:
    stacks.created()
    stacks.are("CREATE_IN_PROGRESS", stack_id=OTHER)
    stacks.resources[OTHER, "Live"] = Resource(TYPE, "", {})
    answer = stacks.ask(CREATE | {"StackId": OTHER}, "1")
    assert "belongs to the stack shop-app, as its resource Live" in answer["Reason"]
    del stacks.resources[ID, "Live"]  # it was taken out with DeletionPolicy: Retain
    assert stacks.ask(CREATE | {"StackId": OTHER}, "2")["Status"] == "SUCCESS"


# --------------------------------------------------------------------------------------------- who asks, and for what


def test_what_no_stack_asks_for_is_refused(stacks: Stacks, place: SimpleNamespace) -> None:
    """Whoever may invoke the function and forges a stack, a resource, its type or its time gets nothing."""
    forged: list[tuple[str, Any]] = [
        ("CREATE_IN_PROGRESS", CREATE | {"StackId": OTHER}),
        ("CREATE_IN_PROGRESS", CREATE | {"LogicalResourceId": "Other"}),
        ("CREATE_IN_PROGRESS", CREATE | {"LogicalResourceId": "Role"}),
        ("CREATE_COMPLETE", CREATE),
        ("UPDATE_COMPLETE", UPDATE),
        ("UPDATE_ROLLBACK_FAILED", DELETE),
    ]
    stacks.resources[ID, "Role"] = Resource("AWS::IAM::Role", "", {})
    for status, event in forged:
        stacks.are(status)
        assert stacks.ask(event)["Status"] == "FAILED"
    assert has_alias()
    assert wanted.get("shop:live") == (None, 0)
    assert settings.group("stack@shop-app", "shop-live") is None
    assert started(place) == []


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged, as it is formatted for CloudWatch."""
    written = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        for handler in (manage_alias, commit):
            writer = handler.logger.registered_handler
            assert isinstance(writer, logging.StreamHandler)
            patch.setattr(writer, "stream", written)
        yield written


def test_who_asks_wrongly_is_not_even_answered(stacks: Stacks, log: io.StringIO) -> None:
    wrong: list[dict[str, Any]] = [{}, CREATE | {"StackId": "x"}, CREATE | {"ResourceType": "Custom::Other"}]
    for event in wrong:
        invoke("manage_alias", event)
    assert stacks.told == []
    assert log.getvalue().count("Refused what is no request of CloudFormation's") == len(wrong)
    assert "Signature" not in log.getvalue()


def test_nothing_is_sent_to_whom_cloudformation_is_not(stacks: Stacks, log: io.StringIO) -> None:
    stacks.are("CREATE_IN_PROGRESS")
    invoke("manage_alias", CREATE | {"ResponseURL": "https://example.com/x?Signature=s3cr3t"})
    assert stacks.told == []
    assert "is not one of CloudFormation's" in log.getvalue()
    assert "s3cr3t" not in log.getvalue()


def test_the_response_url_is_never_logged(stacks: Stacks, log: io.StringIO) -> None:
    stacks.are("CREATE_IN_PROGRESS")
    stacks.ask(CREATE, "0", Start="DuringStack", TargetVersion="2")
    stacks.gone.add(f"{CREATE['ResponseURL']}&n=9")
    stacks.ask(CREATE, "9", Start="nonsense")
    assert "CloudFormation could not be answered" in log.getvalue()
    assert "Signature" not in log.getvalue()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"TargetVersion": None}, "TargetVersion: is missing"),
        ({"DeploymentConfigName": "Mine"}, "No Deployment Configuration found for name: Mine"),
        ({"Hooks": {"BeforeAllowTraffic": "other"}}, "may not be invoked here"),
        ({"FunctionName": "arn:aws:lambda:eu-west-1:999999999999:function:shop"}, "of another account"),
        ({"ServiceRoleArn": "arn:aws:iam::999999999999:role/WeighbridgeServiceRole"}, "is of account 999999999999"),
        (
            {"Start": "DuringStack", "DeploymentConfigName": "CodeDeployDefault.LambdaLinear10PercentEvery10Minutes"},
            "shifts traffic for 90 minutes, and with Start: DuringStack CloudFormation waits for 55 at most",
        ),
        ({"Start": "DuringStack", "WaitHandle": "https://example.com"}, "WaitHandle is not the Ref"),
    ],
)
def test_what_is_wrong_with_a_resource_is_said_at_once(stacks: Stacks, change: dict[str, Any], says: str) -> None:
    stacks.are("CREATE_IN_PROGRESS")
    answer = stacks.ask(CREATE, "0", **change)
    assert answer["Status"] == "FAILED"
    assert says in answer["Reason"]
    assert wanted.get("shop:live") == (None, 0)


def test_a_function_that_may_not_be_deployed_is_refused(stacks: Stacks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYABLE_FUNCTIONS", "orders-*")
    stacks.are("CREATE_IN_PROGRESS")
    assert "restricted to orders-*" in stacks.ask(CREATE)["Reason"]


def test_a_resource_without_a_role_is_refused_where_one_is_required(
    stacks: Stacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_ROLE_REQUIRED", "true")
    stacks.are("CREATE_IN_PROGRESS")
    assert "serviceRoleRequired" in stacks.ask(CREATE)["Reason"]


def test_the_alias_is_touched_by_the_service_role(stacks: Stacks, monkeypatch: pytest.MonkeyPatch) -> None:
    no_alias()
    calls = refuse(monkeypatch, "sts", "assume_role")
    role = "arn:aws:iam::123456789012:role/WeighbridgeServiceRole"
    stacks.are("CREATE_IN_PROGRESS")
    assert stacks.ask(CREATE, "0", ServiceRoleArn=role)["Status"] == "SUCCESS"
    assert {(call["RoleArn"], call["ExternalId"]) for call in calls} == {(role, "stack@shop-app/shop-live")}
    calls.clear()
    stacks.are("DELETE_IN_PROGRESS")
    assert stacks.ask(DELETE, "1")["Status"] == "SUCCESS"
    assert {call["RoleArn"] for call in calls} == {role}


def test_a_nested_stack_is_of_its_roots_application(stacks: Stacks) -> None:
    nested = ID.replace("shop-app", "shop-app-Nested-1ABC")
    stacks.are("CREATE_IN_PROGRESS")
    stacks.nested[nested] = Stack(nested, "CREATE_IN_PROGRESS", "0")
    stacks.resources[nested, "Live"] = Resource(TYPE, "", {})
    assert stacks.ask(CREATE | {"StackId": nested}, "0", TargetVersion="2")["Status"] == "SUCCESS"
    assert settings.group("stack@shop-app", "shop-live")
    stacks.nested[nested] = Stack(nested, "CREATE_COMPLETE", "0")
    stacks.hear(nested)
    item, _ = wanted.get("shop:live")
    assert item
    assert "pending" in item  # it is the root that commits


# ------------------------------------------------------------------------------------------------ after the stack


def updated(stacks: Stacks, version: str, number: str, *, commits: bool = True, **properties: Any) -> Any:
    """An operation of the stack to a version, from its beginning to its end; nobody knows of that yet."""
    stacks.are("UPDATE_IN_PROGRESS", int(number))
    answer = stacks.ask(UPDATE, number, TargetVersion=version, **properties)
    stacks.are("UPDATE_COMPLETE" if commits else "UPDATE_ROLLBACK_COMPLETE", int(number))
    return answer


def test_an_update_moves_nothing_before_the_stack_has_committed(stacks: Stacks, place: SimpleNamespace) -> None:
    stacks.created()
    schedule_before = revision_id()
    stacks.are("UPDATE_IN_PROGRESS", 1)
    answer = stacks.ask(UPDATE, "1")
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", ARN)
    assert answer["Data"] == {"AliasArn": ARN, "LiveVersion": "1", "DeploymentId": of("1")}
    assert is_scheduled()
    stacks.hear()
    assert started(place) == []
    stacks.are("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", 1)
    for _ in range(2):  # and twice is the same
        stacks.hear()
    assert started(place) == [of("1")]
    assert kept(of("1"))["deploymentGroupName"] == "shop-live"
    assert revision_id() == schedule_before
    assert wanted.open_aliases() == []


def test_an_event_that_is_lost_is_made_up_for_by_the_schedule(stacks: Stacks, place: SimpleNamespace) -> None:
    stacks.created()
    updated(stacks, "2", "1")
    invoke("reconcile", event_file("reconcile.scheduled"))
    assert is_scheduled()  # since something is open
    invoke("commit", event_file("commit.scheduled"))
    assert started(place) == [of("1")]


def test_an_event_before_the_providers_answer_changes_nothing(stacks: Stacks, place: SimpleNamespace) -> None:
    stacks.created()
    stacks.are("UPDATE_COMPLETE", 1)
    stacks.hear()
    assert stacks.ask(UPDATE, "1")["Status"] == "FAILED"  # late, when the stack asks for nothing any more
    stacks.hear()
    assert started(place) == []


def test_a_rollback_cancels_before_any_traffic_has_moved(stacks: Stacks, place: SimpleNamespace) -> None:
    stacks.created()
    before = revision_id()
    updated(stacks, "2", "1", commits=False)
    stacks.hear()
    assert wanted.open_aliases() == []
    stacks.are("UPDATE_ROLLBACK_IN_PROGRESS", 1)
    assert stacks.ask(UPDATE, "2", TargetVersion="1")["Status"] == "SUCCESS"
    stacks.hear()
    invoke("commit", event_file("commit.scheduled"))
    assert started(place) == []
    assert revision_id() == before


def test_other_settings_alone_update_the_group(stacks: Stacks, place: SimpleNamespace) -> None:
    stacks.created()
    updated(stacks, "1", "1", AlarmConfiguration={"Enabled": "true", "Alarms": [{"Name": "latency"}]})
    stacks.hear()
    group = settings.group("stack@shop-app", "shop-live")
    assert group
    assert group.settings.alarm_configuration
    assert group.settings.alarm_configuration.watched() == ["latency"]
    assert started(place) == []


def test_while_one_runs_the_newest_waits_and_older_ones_say_so(stacks: Stacks, place: SimpleNamespace) -> None:
    stacks.created()
    for version, number in (("2", "1"), ("1", "2"), ("3", "3")):
        updated(stacks, version, number)
        stacks.hear()
    assert started(place) == sorted([of("1"), of("2")])
    overtaken = kept(of("2"))
    assert overtaken["refusal"]["error"] == "Overtaken"
    assert "the stack has committed a newer one meanwhile" in overtaken["refusal"]["message"]
    assert wanted.open_aliases() == ["shop:live"]
    ended("1", well=False)
    assert of("3") in started(place)
    assert wanted.open_aliases() == []


def test_a_deployment_of_another_group_is_waited_for_too(stacks: Stacks, place: SimpleNamespace) -> None:
    stacks.created()
    record = keep_planned()
    updated(stacks, "2", "1")
    stacks.hear()
    assert started(place) == []
    assert deployments.end(record, failed(record, {"error": "StopRequested", "cause": ""}, {}, at(9)))
    invoke("commit", event_file("commit.scheduled"))
    assert started(place) == [of("1")]


def test_it_replaces_what_runs(stacks: Stacks, place: SimpleNamespace, waits: Waits) -> None:  # noqa: ARG001
    stacks.created()
    updated(stacks, "2", "1")
    stacks.hear()
    updated(stacks, "3", "2", OnRunning="Replace")
    stacks.hear()
    interruption = kept(of("1"))["interruption"]
    assert (interruption["error"], interruption["rollBack"]) == (StopRequested.__name__, True)
    assert started(place) == [of("1")]
    ended("1", well=False)
    assert started(place) == sorted([of("1"), of("2")])


def test_it_is_refused_while_one_runs_where_that_is_asked_for(stacks: Stacks) -> None:
    stacks.created()
    updated(stacks, "2", "1")
    stacks.hear()
    answer = updated(stacks, "3", "2", OnRunning="Fail", commits=False)
    assert answer["Status"] == "FAILED"
    assert f"The deployment {of('1')} of shop:live has not ended" in answer["Reason"]
    assert answer["PhysicalResourceId"] == ARN


def test_one_whose_execution_could_not_be_started_is_not_started_twice(
    stacks: Stacks, place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    stacks.created()
    updated(stacks, "2", "1")
    refuse(monkeypatch, "dynamodb", "transact_write_items", *[client_error("ThrottlingException")])
    with pytest.raises(ExceptionGroup):
        stacks.hear()
    assert is_scheduled()
    stacks.hear()
    assert started(place) == [of("1")]


# ----------------------------------------------------------------------------------------------- during the stack


def started_during(stacks: Stacks, **properties: Any) -> None:
    stacks.created()
    stacks.are("UPDATE_IN_PROGRESS", 1)
    stacks.told.clear()
    answer = stacks.ask(UPDATE, "1", Start="DuringStack", **properties)
    assert (answer is None) == ("WaitHandle" not in properties)


def test_during_the_stack_it_is_answered_when_the_deployment_has_ended(stacks: Stacks, place: SimpleNamespace) -> None:
    started_during(stacks)
    assert started(place) == [of("1")]
    assert wanted.open_aliases() == ["shop:live"]
    ended("1")
    [(url, answer)] = stacks.told
    assert url.endswith("&n=1")
    assert (answer["Status"], answer["PhysicalResourceId"], answer["RequestId"]) == ("SUCCESS", ARN, "request-1")
    assert answer["Data"] == {"AliasArn": ARN, "LiveVersion": "2", "DeploymentId": of("1")}
    item, _ = wanted.get("shop:live")
    assert "Signature" not in str(item)
    assert wanted.open_aliases() == []


def test_during_the_stack_it_fails_with_the_deployment(stacks: Stacks) -> None:
    started_during(stacks)
    ended("1", well=False)
    [(_, answer)] = stacks.told
    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == f"Deployment {of('1')} Stopped: the alarm <errors>"


def test_an_end_that_nobody_tells_of_is_answered_by_the_schedule(stacks: Stacks) -> None:
    started_during(stacks)
    record = kept(of("1"))
    deployments.end(record, failed(record, {"error": "AlarmActive", "cause": "x"}, {}, at(9)))
    invoke("commit", event_file("commit.scheduled"))
    assert [answer["Status"] for _, answer in stacks.told] == ["FAILED"]


def test_who_does_not_wait_any_more_is_not_told_again(stacks: Stacks) -> None:
    started_during(stacks)
    stacks.gone.add(f"{UPDATE['ResponseURL']}&n=1")
    ended("1")
    assert len(stacks.told) == 1
    assert wanted.open_aliases() == []


def test_a_request_that_comes_again_after_its_end_was_told_is_not_answered_otherwise(stacks: Stacks) -> None:
    started_during(stacks)
    ended("1", well=False)
    assert stacks.ask(UPDATE, "1", Start="DuringStack") is None
    assert [answer["Status"] for _, answer in stacks.told] == ["FAILED"]


def test_nor_is_its_wait_condition(stacks: Stacks) -> None:
    handle = "https://cloudformation-waitcondition-eu-west-1.s3.eu-west-1.amazonaws.com/x?Signature=y"
    started_during(stacks, WaitHandle=handle)
    ended("1", well=False)
    assert stacks.ask(UPDATE, "1", Start="DuringStack", WaitHandle=handle)["Status"] == "SUCCESS", "the resource itself"
    assert [answer["Status"] for url, answer in stacks.told if url == handle] == ["FAILURE"]


def test_with_a_wait_condition_the_stack_waits_for_that(stacks: Stacks) -> None:
    handle = "https://cloudformation-waitcondition-eu-west-1.s3.eu-west-1.amazonaws.com/x?Signature=y"
    long = "CodeDeployDefault.LambdaLinear10PercentEvery10Minutes"
    started_during(stacks, WaitHandle=handle, DeploymentConfigName=long)
    stacks.told.clear()
    ended("1", well=False)
    [(url, signal)] = stacks.told
    assert url == handle
    assert (signal["Status"], signal["UniqueId"], signal["Data"]) == ("FAILURE", of("1"), of("1"))


@pytest.mark.parametrize("event", [CREATE, UPDATE], ids=["created", "the same version"])
def test_where_nothing_is_shifted_the_wait_condition_is_ended_at_once(stacks: Stacks, event: Any) -> None:
    handle = "https://cloudformation-waitcondition-eu-west-1.s3.eu-west-1.amazonaws.com/x?Signature=y"
    if event is UPDATE:
        stacks.created()
    stacks.are("CREATE_IN_PROGRESS" if event is CREATE else "UPDATE_IN_PROGRESS", 1)
    stacks.told.clear()
    version = {"TargetVersion": "1"}
    answer = stacks.ask(event, "1", Start="DuringStack", WaitHandle=handle, **version)
    assert answer["Status"] == "SUCCESS", answer
    [(url, signal), _] = stacks.told
    assert (url, signal["Status"], signal["UniqueId"]) == (handle, "SUCCESS", of("1"))


def test_a_rollback_after_the_shift_restores_the_version_at_once_without_hooks_and_alarms(
    stacks: Stacks, place: SimpleNamespace
) -> None:
    started_during(stacks, Hooks={"BeforeAllowTraffic": "CodeDeployHook_pre"})
    create_alias("2")
    ended("1")
    stacks.are("UPDATE_ROLLBACK_IN_PROGRESS", 1)
    back = {"TargetVersion": "1", "Start": "DuringStack", "Hooks": {"BeforeAllowTraffic": "CodeDeployHook_pre"}}
    assert stacks.ask(UPDATE, "2", **back) is None
    assert of("2") in started(place)
    record = kept(of("2"))
    assert record["deploymentConfigName"] == "CodeDeployDefault.LambdaAllAtOnce"
    assert record["overrideAlarmConfiguration"] == {"enabled": False}
    assert "Hooks" not in record["revision"]["appSpecContent"]["content"]
    ended("2")
    assert [answer["Status"] for _, answer in stacks.told] == ["SUCCESS", "SUCCESS"]


def test_a_rollback_while_it_shifts_stops_it_and_is_answered_when_traffic_is_back(stacks: Stacks, waits: Waits) -> None:  # noqa: ARG001
    started_during(stacks)
    stacks.are("UPDATE_ROLLBACK_IN_PROGRESS", 1)
    stacks.hear()  # the update was cancelled
    assert kept(of("1"))["interruption"]["rollBack"]
    ended("1", well=False)
    assert [answer["Status"] for _, answer in stacks.told] == ["FAILED"]
    assert stacks.ask(UPDATE, "2", TargetVersion="1", Start="DuringStack")["Status"] == "SUCCESS"
    assert deployments.get(of("2")) is None  # traffic was there already
    assert routing() == ("1", {})


def test_what_is_asked_for_twice_during_the_stack_is_one_deployment(stacks: Stacks, place: SimpleNamespace) -> None:
    started_during(stacks)
    assert stacks.ask(UPDATE, "1", Start="DuringStack") is None
    assert started(place) == [of("1")]


# ------------------------------------------------------------------------------------- deletion, other names, replacement


def test_a_deletion_takes_alias_and_group_away(stacks: Stacks) -> None:
    stacks.created()
    stacks.are("DELETE_IN_PROGRESS", 1)
    for number in ("1", "2"):  # and twice is the same
        assert stacks.ask(DELETE, number)["Status"] == "SUCCESS"
    assert not has_alias()
    assert settings.group("stack@shop-app", "shop-live") is None
    assert wanted.get("shop:live") == (None, 0)


def test_a_deletion_while_it_shifts_stops_it_where_it_is(stacks: Stacks, waits: Waits) -> None:  # noqa: ARG001
    stacks.created()
    updated(stacks, "2", "1")
    stacks.hear()
    stacks.are("DELETE_IN_PROGRESS", 2)
    assert stacks.ask(DELETE, "2")["Status"] == "SUCCESS"
    assert kept(of("1"))["interruption"]["rollBack"] is False
    assert not has_alias()


def test_a_deletion_that_was_cut_off_goes_on(stacks: Stacks, monkeypatch: pytest.MonkeyPatch) -> None:
    stacks.created()
    stacks.are("DELETE_IN_PROGRESS", 1)
    refuse(monkeypatch, "lambda", "delete_alias", client_error("TooManyRequestsException"))
    with pytest.raises(Throttled):
        stacks.ask(DELETE)
    assert stacks.ask(DELETE)["Status"] == "SUCCESS"
    assert not has_alias()


def test_an_alias_that_nobody_keeps_is_left_by_a_deletion(stacks: Stacks) -> None:
    stacks.are("DELETE_IN_PROGRESS")
    assert stacks.ask(DELETE)["Status"] == "SUCCESS"
    assert has_alias()


def test_an_adoption_that_is_taken_back_leaves_the_alias(stacks: Stacks) -> None:
    before = revision_id()
    stacks.are("UPDATE_IN_PROGRESS", 1)
    assert stacks.ask(CREATE, "1", TargetVersion="2")["Status"] == "SUCCESS"
    stacks.are("UPDATE_ROLLBACK_IN_PROGRESS", 1)
    assert stacks.ask(DELETE, "2")["Status"] == "SUCCESS"
    assert revision_id() == before
    assert wanted.get("shop:live") == (None, 0)


def test_another_alias_is_another_resource(stacks: Stacks) -> None:
    stacks.created()
    stacks.are("UPDATE_IN_PROGRESS", 1)
    answer = stacks.ask(UPDATE, "1", Name="next")
    assert answer["PhysicalResourceId"] == ARN.replace(":live", ":next")
    assert routing() == ("1", {})
    stacks.are("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", 1)
    assert stacks.ask(DELETE, "2")["Status"] == "SUCCESS"
    assert not has_alias()
    client("lambda").get_alias(FunctionName="shop", Name="next")
    stacks.are("DELETE_IN_PROGRESS", 2)
    stacks.ask(DELETE | {"PhysicalResourceId": answer["PhysicalResourceId"]}, "3")


def test_another_alias_that_is_taken_back_leaves_the_first_as_it_was(stacks: Stacks) -> None:
    stacks.created()
    before = revision_id()
    stacks.are("UPDATE_IN_PROGRESS", 1)
    new = stacks.ask(UPDATE, "1", Name="next")["PhysicalResourceId"]
    stacks.are("UPDATE_ROLLBACK_IN_PROGRESS", 1)
    back = stacks.ask(UPDATE | {"PhysicalResourceId": new}, "2", TargetVersion="1")
    assert (back["Status"], back["PhysicalResourceId"]) == ("SUCCESS", ARN)
    assert stacks.ask(DELETE | {"PhysicalResourceId": new}, "3")["Status"] == "SUCCESS"
    assert revision_id() == before
    assert [alias["Name"] for alias in client("lambda").list_aliases(FunctionName="shop")["Aliases"]] == ["live"]


def test_a_creation_that_fails_halfway_is_freed_by_its_deletion(stacks: Stacks, monkeypatch: pytest.MonkeyPatch) -> None:
    no_alias()
    stacks.are("CREATE_IN_PROGRESS")
    refuse(monkeypatch, "lambda", "create_alias", client_error("ResourceNotFoundException"))
    answer = stacks.ask(CREATE, "0")
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", ARN)
    stacks.are("ROLLBACK_IN_PROGRESS")
    stacks.ask(DELETE, "1")
    assert wanted.get("shop:live") == (None, 0)
