"""What is done about deployments whose executions are gone: every branch of core.reconciliation, through the handler."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from tests.aws.account import (
    OUTDATED,
    Waits,
    client_error,
    create_alias,
    keep_begun,
    keep_planned,
    kept,
    new_record,
    refuse,
    routing,
)
from tests.aws.invocation import ID, ROLLBACK_ID, Context, detail_of, event_file, invoke
from tests.core.samples import at, members, plan
from weighbridge.aws import stepfunctions as step_functions
from weighbridge.aws.clients import client
from weighbridge.core.deployment import Change, begun, created, planned
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.errors import StopRequested, Throttled
from weighbridge.core.execution import Execution
from weighbridge.core.interruptions import Interruption, interrupted
from weighbridge.core.record import Record
from weighbridge.core.rollbacks import rollback_record
from weighbridge.store import deployments

ENDED, SCHEDULED = event_file("reconcile.execution_ended"), event_file("reconcile.scheduled")
Executions = Callable[..., None]


@pytest.fixture
def executions(monkeypatch: pytest.MonkeyPatch) -> Executions:
    """Says how executions stand, by name; there are no others."""

    def are(**standing: str | tuple[str, str, str]) -> None:
        def describe(executionArn: str) -> dict[str, str]:  # noqa: N803
            execution = standing.get(executionArn.rsplit(":", 1)[1].replace("-", "_"))
            if execution is None:
                raise client_error("ExecutionDoesNotExist", "DescribeExecution")
            status, error, cause = (execution, "", "") if isinstance(execution, str) else execution
            return {"status": status, "error": error, "cause": cause}

        monkeypatch.setattr(client("stepfunctions"), "describe_execution", describe)

    are()
    return are


def _started(place: SimpleNamespace) -> dict[str, Any]:
    executions = client("stepfunctions").list_executions(stateMachineArn=place.machine)["executions"]
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(client("stepfunctions"), "describe_execution", raising=False)
        described = [client("stepfunctions").describe_execution(executionArn=each["executionArn"]) for each in executions]
    return {each["name"]: json.loads(each["input"]) for each in described}


def _shifted(**changes: Any) -> Record:
    """A deployment whose alias is at thirty percent."""
    create_alias("1", {"2": 0.3})
    return keep_planned(ID, rollbackDeploymentId=ROLLBACK_ID, **changes)


def _outcome(deployment_id: str = ID) -> tuple[str, str | None]:
    record = kept(deployment_id)
    return record["status"], record.get("errorInformation", {}).get("code")


def test_an_execution_that_lives_is_left_alone(executions: Executions, place: SimpleNamespace) -> None:
    before = _shifted()
    executions(d_LAFB8W95J="RUNNING")
    invoke("reconcile", SCHEDULED)
    assert kept(ID) == before
    assert _started(place) == {}


@pytest.mark.parametrize("name", ["d-ZZZZZZZZZ", "somebody-started-it-by-hand"])
def test_an_execution_of_no_deployment_is_left_alone(name: str) -> None:
    invoke("reconcile", detail_of(ENDED, name=name))


def test_a_deployment_that_has_ended_is_left_alone(executions: Executions) -> None:
    record = _shifted()
    deployments.end(record, failed(record, {"error": "HookFailed", "cause": "No."}, {}, at(9)))
    ended = kept(ID)
    executions(d_LAFB8W95J="FAILED")
    invoke("reconcile", ENDED)
    assert kept(ID) == ended


def test_a_deployment_that_was_never_started_is_started(executions: Executions, place: SimpleNamespace) -> None:
    deployments.create(new_record(ID))
    executions()
    invoke("reconcile", SCHEDULED)
    assert _started(place) == {ID: {"deploymentId": ID}}
    assert kept(ID) == new_record(ID)


def test_a_stopped_execution_gets_a_rollback_and_then_its_end(executions: Executions, place: SimpleNamespace) -> None:
    record = _shifted()
    executions(d_LAFB8W95J="ABORTED")
    invoke("reconcile", ENDED)
    assert _started(place) == {ROLLBACK_ID: {"deploymentId": ROLLBACK_ID, "rollBack": record["plan"]}}
    assert _outcome() == ("InProgress", None)
    executions(d_LAFB8W95J="ABORTED", d_D6J7V9HE5="RUNNING")
    invoke("reconcile", SCHEDULED)
    assert _outcome() == ("InProgress", None)
    executions(d_LAFB8W95J="ABORTED", d_D6J7V9HE5="SUCCEEDED")
    invoke("reconcile", SCHEDULED)
    assert _outcome() == ("Stopped", "MANUAL_STOP")


def test_traffic_goes_back_even_if_that_cannot_be_recorded(
    executions: Executions, place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = _shifted()
    executions(d_LAFB8W95J="ABORTED")
    refuse(monkeypatch, "dynamodb", "update_item", client_error("AccessDeniedException", "UpdateItem"))
    invoke("reconcile", ENDED)
    assert _started(place) == {ROLLBACK_ID: {"deploymentId": ROLLBACK_ID, "rollBack": record["plan"]}}


def test_traffic_is_restored_here_before_a_record_of_that_is_kept(
    executions: Executions, monkeypatch: pytest.MonkeyPatch
) -> None:
    _shifted()
    executions(d_LAFB8W95J="FAILED", d_D6J7V9HE5="ABORTED")
    refuse(monkeypatch, "dynamodb", "put_item", client_error("AccessDeniedException", "PutItem"))
    invoke("reconcile", ENDED)
    assert routing() == ("1", {})
    assert _outcome() == ("InProgress", None), "the next run finishes it"
    invoke("reconcile", SCHEDULED)
    assert _outcome() == ("Failed", "INTERNAL_ERROR")


def test_the_end_of_a_rollback_ends_what_it_rolled_back(executions: Executions) -> None:
    record = _shifted()
    deployments.create(rollback_record(record["plan"], at(5)))
    back = kept(ROLLBACK_ID)
    deployments.end(back, succeeded(back, at(6)))
    executions(d_LAFB8W95J="TIMED_OUT", d_D6J7V9HE5="SUCCEEDED")
    invoke("reconcile", detail_of(ENDED, name=ROLLBACK_ID, status="SUCCEEDED"))
    assert _outcome() == ("Failed", "TIMEOUT")
    assert kept(ID)["rollbackInfo"]["rollbackDeploymentId"]


@pytest.mark.parametrize("rollback", ["ABORTED", "FAILED", "TIMED_OUT"])
def test_where_the_rollbacks_execution_died_too_traffic_is_restored_here(
    executions: Executions, place: SimpleNamespace, rollback: str
) -> None:
    _shifted()
    executions(d_LAFB8W95J=("FAILED", "INTERNAL_ERROR", "It crashed."), d_D6J7V9HE5=rollback)
    invoke("reconcile", ENDED)
    assert routing() == ("1", {})
    assert _outcome() == ("Failed", "INTERNAL_ERROR")
    assert _outcome(ROLLBACK_ID) == ("Succeeded", None)
    assert deployments.unfinished() == []
    assert _started(place) == {}


def test_traffic_is_restored_by_the_role_of_the_group(executions: Executions, monkeypatch: pytest.MonkeyPatch) -> None:
    _shifted(serviceRoleArn="arn:aws:iam::123456789012:role/Deployer")
    assumed = refuse(monkeypatch, "sts", "assume_role")
    executions(d_LAFB8W95J="ABORTED", d_D6J7V9HE5="ABORTED")
    invoke("reconcile", ENDED)
    assert routing() == ("1", {})
    assert [(call["RoleArn"], call["ExternalId"], call["RoleSessionName"]) for call in assumed] == [
        ("arn:aws:iam::123456789012:role/Deployer", "shop-app/prod", ROLLBACK_ID)
    ]


def test_a_rollback_that_died_alone_is_finished_and_then_what_it_rolled_back(executions: Executions) -> None:
    record = _shifted()
    deployments.create(rollback_record(record["plan"], at(5)))
    executions(d_LAFB8W95J="ABORTED", d_D6J7V9HE5="ABORTED")
    invoke("reconcile", detail_of(ENDED, name=ROLLBACK_ID))
    assert routing() == ("1", {})
    assert _outcome(ROLLBACK_ID) == ("Succeeded", None)
    assert _outcome() == ("Stopped", "MANUAL_STOP")


def test_an_alias_that_somebody_else_moved_is_left_to_them(executions: Executions, monkeypatch: pytest.MonkeyPatch) -> None:
    _shifted()
    create_alias("2", {"1": 0.5})
    refuse(monkeypatch, "lambda", "update_alias", client_error(*OUTDATED))
    executions(d_LAFB8W95J="ABORTED", d_D6J7V9HE5="ABORTED")
    invoke("reconcile", SCHEDULED)
    assert routing() == ("2", {"1": 0.5})
    assert _outcome() == ("Stopped", "MANUAL_STOP")
    assert _outcome(ROLLBACK_ID) == ("Failed", "INVALID_LAMBDA_CONFIGURATION")
    assert "Somebody else moved the alias" in kept(ID)["rollbackInfo"]["rollbackMessage"]


def test_without_a_rollback_the_weights_stay_and_the_record_says_so(executions: Executions) -> None:
    _shifted(rollBackOn={"failure": True, "alarm": True, "stop": False})
    executions(d_LAFB8W95J="ABORTED")
    invoke("reconcile", ENDED)
    assert routing() == ("1", {"2": 0.3})
    assert _outcome() == ("Stopped", "MANUAL_STOP")
    left = deployments.left_by("shop:live")
    assert left
    assert left["deploymentId"] == ID


@pytest.mark.parametrize("began", [True, False])
def test_a_deployment_without_a_plan_is_closed(executions: Executions, place: SimpleNamespace, began: bool) -> None:
    if began:
        keep_begun(ID)
    else:
        deployments.create(new_record(ID))
    executions(d_LAFB8W95J="TIMED_OUT")
    invoke("reconcile", ENDED)
    assert _outcome() == ("Failed", "TIMEOUT")
    assert _started(place) == {}
    keep_begun("d-BBBBBBBBB")


def test_an_interruption_that_was_recorded_says_why_it_ended(executions: Executions) -> None:
    _shifted()
    deployments.update(ID, interrupted(Interruption(StopRequested("Stop."), roll_back=False), at(9)))
    executions(d_LAFB8W95J=("FAILED", "States.Runtime", "?"))
    invoke("reconcile", ENDED)
    assert kept(ID)["errorInformation"] == {"code": "MANUAL_STOP", "message": "Stop."}


def test_settling_twice_does_no_harm(executions: Executions) -> None:
    _shifted()
    executions(d_LAFB8W95J="ABORTED", d_D6J7V9HE5="ABORTED")
    invoke("reconcile", ENDED)
    ended, back = kept(ID), kept(ROLLBACK_ID)
    for event in (ENDED, detail_of(ENDED, name=ROLLBACK_ID), SCHEDULED):
        invoke("reconcile", event)
    assert (kept(ID), kept(ROLLBACK_ID)) == (ended, back)


def test_what_cannot_be_reconciled_now_is_reconciled_by_the_next_run(
    executions: Executions, monkeypatch: pytest.MonkeyPatch
) -> None:
    _shifted()
    executions(d_LAFB8W95J="ABORTED", d_D6J7V9HE5="ABORTED")
    refuse(monkeypatch, "lambda", "update_alias", client_error("TooManyRequestsException", "UpdateAlias", 429))
    with pytest.raises(Throttled):
        invoke("reconcile", ENDED)
    assert _outcome() == ("InProgress", None)
    invoke("reconcile", SCHEDULED)
    assert routing() == ("1", {})
    assert _outcome() == ("Stopped", "MANUAL_STOP")


def test_a_deployment_that_cannot_be_reconciled_does_not_keep_the_run_from_the_others(
    executions: Executions, monkeypatch: pytest.MonkeyPatch, place: SimpleNamespace
) -> None:
    _shifted()
    deployments.create(new_record("d-BBBBBBBBB", createTime="2026-11-24T06:00:00.000Z"))
    executions(d_LAFB8W95J="ABORTED", d_D6J7V9HE5="ABORTED")
    refuse(monkeypatch, "lambda", "update_alias", client_error("AccessDenied", "UpdateAlias", 403))
    invoke("reconcile", SCHEDULED)
    assert _outcome() == ("InProgress", None)
    assert set(_started(place)) == {"d-BBBBBBBBB"}


def test_a_record_that_nobody_foresaw_does_not_keep_the_run_from_the_others_either(
    executions: Executions, place: SimpleNamespace
) -> None:
    broken = created("d-CCCCCCCCC", "who knows", application="a", group="g", revision=None, now=at(0))
    deployments.create(members(**{name: value for name, value in broken.items() if name != "lifecycleEvents"}))
    deployments.create(new_record("d-BBBBBBBBB", createTime="2026-11-24T06:00:00.000Z"))
    executions(d_CCCCCCCCC="FAILED")
    with pytest.raises(ExceptionGroup) as caught:
        invoke("reconcile", SCHEDULED)
    assert [type(error) for error in caught.value.exceptions] == [KeyError]
    assert set(_started(place)) == {"d-BBBBBBBBB"}


# --------------------------------------------------------------------------------------------- what a scheduled run costs


def _baking(*names: str) -> None:
    for name in names:
        record = created(name, name, application="shop-app", group=name, revision=None, now=at(0))
        deployments.create(record)
        deployments.begin(record, begun("config", group_id="g", alarms=[], alias=f"shop:{name}", now=at(1)))
        deployments.update(name, planned(plan(deploymentId=name), at(1)))


def _described(monkeypatch: pytest.MonkeyPatch, *refusals: Exception) -> list[dict[str, Any]]:
    return refuse(monkeypatch, "stepfunctions", "describe_execution", *refusals)


def _names(calls: list[dict[str, Any]]) -> list[str]:
    return [call["executionArn"].rsplit(":", 1)[1] for call in calls]


def test_a_scheduled_run_asks_of_a_deployment_that_lives_once_and_reads_its_record(
    executions: Executions, monkeypatch: pytest.MonkeyPatch
) -> None:
    _baking("d-AAAAAAAAA", "d-BBBBBBBBB")
    executions(d_AAAAAAAAA="RUNNING", d_BBBBBBBBB="RUNNING")
    described, read = _described(monkeypatch), refuse(monkeypatch, "dynamodb", "get_item")
    invoke("reconcile", SCHEDULED)
    assert sorted(_names(described)) == ["d-AAAAAAAAA", "d-BBBBBBBBB"]
    assert len(read) == 2


def test_a_scheduled_run_that_is_cut_short_leaves_nobody_out(
    executions: Executions, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"d-{letter * 9}" for letter in "ABCDEFGHIJKL"]
    _baking(*names)
    executions(**{name.replace("-", "_"): "RUNNING" for name in names})
    described = _described(monkeypatch)
    seen = set[str]()
    for number in range(9):
        left = iter([60_000, 50_000, 40_000, 30_000, 20_000])  # of its time, before the first, the second, …
        monkeypatch.setattr(Context, "get_remaining_time_in_millis", lambda _, left=left: next(left))
        described.clear()
        with time_machine.travel(at(300 * number), tick=False):
            invoke("reconcile", SCHEDULED)
        assert len(described) == 4
        seen |= set(_names(described))
    assert seen == set(names)


def test_a_scheduled_run_ends_at_the_first_throttling(executions: Executions, monkeypatch: pytest.MonkeyPatch) -> None:
    _baking("d-AAAAAAAAA", "d-BBBBBBBBB", "d-CCCCCCCCC")
    executions(d_AAAAAAAAA="RUNNING", d_BBBBBBBBB="RUNNING", d_CCCCCCCCC="RUNNING")
    described = _described(monkeypatch, client_error("ThrottlingException", "DescribeExecution"))
    invoke("reconcile", SCHEDULED)
    assert len(described) == 1


def test_a_deployment_that_cannot_be_asked_for_keeps_no_other(
    executions: Executions, monkeypatch: pytest.MonkeyPatch
) -> None:
    _baking("d-AAAAAAAAA", "d-BBBBBBBBB")
    executions(d_AAAAAAAAA="RUNNING", d_BBBBBBBBB="RUNNING")
    described = _described(monkeypatch, client_error("AccessDeniedException", "DescribeExecution", 403))
    invoke("reconcile", SCHEDULED)
    assert len(described) == 2


def test_a_scheduled_run_that_cannot_begin_is_left_to_the_next(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def throttled() -> list[str]:
        raise Throttled("Too many requests.")

    monkeypatch.setattr(deployments, "unfinished", throttled)
    invoke("reconcile", SCHEDULED)
    assert [entry.message for entry in caplog.records] == ["Not reconciled: the open deployments could not be listed"]


# ---------------------------------------------------------------------------------- what nobody else could do so far


def test_a_rollback_whose_role_may_not_restore_traffic_is_held_up_until_it_may(
    executions: Executions, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _shifted()
    executions(d_LAFB8W95J="FAILED", d_D6J7V9HE5="FAILED")
    denied = client_error("AccessDeniedException", "UpdateAlias", 403)
    refuse(monkeypatch, "lambda", "update_alias", denied, denied, denied)
    invoke("reconcile", ENDED)  # the event is not delivered again: the next run goes on with it
    invoke("reconcile", SCHEDULED)  # it finds the deployment and its rollback
    back = kept(ROLLBACK_ID)
    assert [entry["event"] for entry in back["timeline"]].count("RollbackHeldUp") == 1
    assert back["heldUp"]["code"] == "IAM_ROLE_PERMISSIONS"
    assert capsys.readouterr().out.count('"RollbacksHeldUp":[1.0]') == 3
    assert _outcome() == ("InProgress", None)
    assert routing() == ("1", {"2": 0.3})
    invoke("reconcile", SCHEDULED)
    assert routing() == ("1", {})
    assert _outcome() == ("Failed", "INTERNAL_ERROR")
    assert _outcome(ROLLBACK_ID) == ("Succeeded", None)
    assert "heldUp" not in kept(ROLLBACK_ID)


def test_a_rollback_that_succeeded_is_not_made_again_whatever_became_of_its_execution(executions: Executions) -> None:
    record = _shifted()
    deployments.create(rollback_record(record["plan"], at(5)))
    back = kept(ROLLBACK_ID)
    deployments.end(back, succeeded(back, at(6)))
    create_alias("2", {"1": 0.5})  # what was done to the alias since is nobody's business
    executions(d_LAFB8W95J="FAILED", d_D6J7V9HE5="ABORTED")
    invoke("reconcile", SCHEDULED)
    assert routing() == ("2", {"1": 0.5})
    assert _outcome()[0] == "Failed"
    assert "Automatic rollback is triggered" in kept(ID)["rollbackInfo"]["rollbackMessage"]


def test_a_wait_is_ended_with_what_is_on_record_where_whoever_recorded_it_could_not(
    executions: Executions, waits: Waits
) -> None:
    _shifted()
    deployments.update(ID, Change(sets={"gate": {"token": "t-1", "waitingFor": "bake"}}))
    executions(d_LAFB8W95J="RUNNING")
    invoke("reconcile", SCHEDULED)
    assert waits.interrupted == []
    deployments.update(ID, interrupted(Interruption(StopRequested("Stop."), roll_back=True), at(7)))
    invoke("reconcile", SCHEDULED)
    assert waits.interrupted == [("t-1", "StopRequested", {"error": "StopRequested", "message": "Stop.", "rollBack": True})]
    assert _outcome() == ("InProgress", None)


def test_a_deployment_that_completes_while_it_is_looked_at_keeps_its_traffic(
    executions: Executions, place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _shifted()
    executions(d_LAFB8W95J="SUCCEEDED")
    describe = step_functions.describe

    def describe_the_one_that_just_ended(name: str) -> Execution:
        deployments.end(kept(ID), succeeded(kept(ID), at(8)))
        return describe(name)

    monkeypatch.setattr(step_functions, "describe", describe_the_one_that_just_ended)
    invoke("reconcile", SCHEDULED)
    assert _started(place) == {}
    assert _outcome() == ("Succeeded", None)


def test_a_completion_that_outlives_its_execution_keeps_its_traffic(
    executions: Executions, place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _shifted()
    executions(d_LAFB8W95J="ABORTED")
    get, read = deployments.get, list[Any]()

    def get_and_be_overtaken(deployment_id: str) -> Any:
        record = get(deployment_id)
        if not read:
            read.append(record)
            deployments.end(kept(ID), succeeded(kept(ID), at(8)))
        return record

    monkeypatch.setattr(deployments, "get", get_and_be_overtaken)
    invoke("reconcile", ENDED)
    assert read
    assert _started(place) == {}
    assert _outcome() == ("Succeeded", None)


def test_locks_that_were_taken_while_a_deployment_was_closed_are_freed(
    executions: Executions, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The execution was stopped in its first state, and the function that validates went on.
    deployments.create(new_record(ID))
    executions(d_LAFB8W95J="ABORTED")
    get, reads = deployments.get, list[Any]()

    def get_and_be_overtaken(deployment_id: str) -> Any:
        record = get(deployment_id)
        if not reads:
            reads.append(record)
            change = begun("c", group_id="g", alarms=["errors"], alias="shop:live", now=at(1))
            deployments.begin(new_record(ID), change)
        return record

    monkeypatch.setattr(deployments, "get", get_and_be_overtaken)
    invoke("reconcile", ENDED)
    assert reads
    assert _outcome() == ("Stopped", "MANUAL_STOP")
    assert deployments.watched_by("errors") == []
    keep_begun("d-BBBBBBBBB")
