"""What ends a wait early: first, twice, late, at the wrong address, or never to be found."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.aws.account import Waits, client_error, events_of, keep_begun, keep_planned, kept, lost_answer, refuse
from tests.aws.invocation import ID, ROLLBACK_ID, detail_of, event_file, invoke
from tests.core.samples import at, plan
from weighbridge.aws import dynamodb
from weighbridge.core.deployment import Change, begun, created, hook_answered, hook_called, planned
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.errors import AlarmActive, Throttled
from weighbridge.core.hooks import reported
from weighbridge.core.interruptions import Interruption, interrupted
from weighbridge.core.record import Record
from weighbridge.core.rollbacks import rollback_record
from weighbridge.lifecycle.gate import hand_on
from weighbridge.store import deployments, keys, refusals

ALARM = event_file("interrupt.alarm_fired")
STOP = event_file("interrupt.stop_requested")
REPORT = event_file("interrupt.hook_reported")
SECRET = REPORT["detail"]["lifecycleEventHookExecutionId"]
Refused = Callable[[], list[str]]


@pytest.fixture
def refused(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Tells why events were refused since it was last asked, each counted once and kept."""

    def reasons() -> list[str]:
        logged = [entry.__dict__["reason"] for entry in caplog.records if entry.message == "Refused an event"]
        assert capsys.readouterr().out.count('"EventsRefused":[1.0]') == len(logged)
        assert set(logged) <= {refusal["message"] for refusal in refusals.newest(None)}
        caplog.clear()
        return logged

    return reasons


def _baking(deployment_id: str = ID, **changes: Any) -> None:
    keep_begun(deployment_id, alarms=("shop-errors",))
    made = plan(deploymentId=deployment_id, **changes)
    deployments.update(deployment_id, planned(made, at(1)))
    deployments.update(deployment_id, Change(sets={"gate": {"token": "t-bake", "waitingFor": "bake"}}))


def _awaiting_report(event: str = "BeforeAllowTraffic") -> None:
    _baking(hooks={event: "CodeDeployHook_checkShop"})
    made = kept(ID)["plan"]
    deployments.update(ID, hook_called(made, event, SECRET, "t-hook", at(2)))


def _ended(deployment_id: str = ID) -> Record:
    record = kept(deployment_id)
    deployments.end(record, failed(record, {"error": "HookFailed", "cause": "No."}, {}, at(9)))
    return kept(deployment_id)


# ------------------------------------------------------------------------------------------------------- alarms


def test_an_alarm_ends_the_wait_of_every_deployment_that_it_watches(waits: Waits) -> None:
    _baking()
    invoke("interrupt", ALARM)
    [(token, error, details)] = waits.interrupted
    assert (token, error) == ("t-bake", "AlarmActive")
    assert details == kept(ID)["interruption"]
    assert details["rollBack"] is True
    assert "<shop-errors>" in details["message"]
    assert events_of(kept(ID))[-1] == "Interrupted"


def test_an_alarm_that_nobody_watches_ends_nothing(waits: Waits) -> None:
    _baking()
    invoke("interrupt", detail_of(ALARM, alarmName="other"))
    assert waits.interrupted == []
    assert "interruption" not in kept(ID)


def test_an_alarm_of_a_deployment_that_is_gone_from_the_table_ends_nothing(waits: Waits) -> None:
    dynamodb.create(keys.alarm("shop-errors", ID), {})
    invoke("interrupt", ALARM)
    assert waits.interrupted == []


def test_an_alarm_that_fired_before_the_deployment_began_comes_late(waits: Waits) -> None:
    _baking()
    invoke("interrupt", ALARM | {"time": "2026-11-23T05:59:59Z"})
    assert waits.interrupted == []
    assert "interruption" not in kept(ID)


def test_an_alarm_after_the_end_changes_nothing(waits: Waits) -> None:
    _baking()
    ended = _ended()
    invoke("interrupt", ALARM)
    assert kept(ID) == ended
    assert waits.interrupted == []


def test_an_alarm_before_there_is_a_plan_is_recorded_for_validation_to_find(waits: Waits) -> None:
    keep_begun(ID, alarms=("shop-errors",))
    invoke("interrupt", ALARM)
    assert kept(ID)["interruption"]["rollBack"] is False
    assert waits.interrupted == []


def test_an_alarm_that_comes_twice_is_recorded_once_and_makes_sure_of_the_wait(waits: Waits) -> None:
    _baking()
    invoke("interrupt", ALARM)
    first = kept(ID)
    invoke("interrupt", ALARM)
    assert kept(ID) == first
    assert len(waits.interrupted) == 1


def test_a_delivery_that_died_before_it_ended_the_wait_is_made_good(waits: Waits, monkeypatch: pytest.MonkeyPatch) -> None:
    _baking()
    refuse(monkeypatch, "stepfunctions", "send_task_failure", client_error("ThrottlingException"))
    with pytest.raises(ExceptionGroup):
        invoke("interrupt", ALARM)
    assert waits.interrupted == []
    invoke("interrupt", ALARM)
    assert [token for token, _, _ in waits.interrupted] == ["t-bake"]


def test_an_interruption_whose_answer_was_lost_still_ends_the_wait(waits: Waits, no_pauses: list[float]) -> None:
    _baking()
    with lost_answer("dynamodb", "UpdateItem"):
        invoke("interrupt", ALARM)
    assert [token for token, _, _ in waits.interrupted] == ["t-bake"]
    assert len(no_pauses) == 1


def test_a_deployment_that_cannot_be_interrupted_now_does_not_keep_the_others_from_it(
    waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, token in (("d-AAAAAAAAA", "t-1"), ("d-BBBBBBBBB", "t-2"), ("d-CCCCCCCCC", "t-3")):
        _watching(name, token)
    refuse(monkeypatch, "stepfunctions", "send_task_failure", client_error("ThrottlingException"))
    with pytest.raises(ExceptionGroup) as caught:
        invoke("interrupt", ALARM)
    assert [type(error) for error in caught.value.exceptions] == [Throttled]
    assert len(waits.interrupted) == 2
    invoke("interrupt", ALARM)
    assert {token for token, _, _ in waits.interrupted} == {"t-1", "t-2", "t-3"}


def test_a_retry_begins_with_those_that_were_not_reached(waits: Waits, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"d-{letter * 9}" for letter in "ABCDE"]
    for name in names:
        _watching(name, f"t-{name}")
    for name in names[:4]:  # reached by the delivery before, which did not get to tell the fourth
        _interrupted(name, tell=name != names[3])
    assert len(waits.interrupted) == 3
    writes = refuse(monkeypatch, "dynamodb", "update_item")
    invoke("interrupt", ALARM)
    assert [token for token, _, _ in waits.interrupted[3:]] == [f"t-{names[4]}", f"t-{names[3]}"]
    assert len(writes) == 1


def test_watchers_are_reached_beside_each_other(waits: Waits, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"d-{letter * 9}" for letter in "ABCD"]
    for name in names:
        _watching(name, f"t-{name}")
    together = threading.Barrier(len(names), timeout=20)
    read = deployments.get

    def meet(deployment_id: str) -> Any:
        together.wait()  # broken, and so an error, unless all of them are under way
        return read(deployment_id)

    monkeypatch.setattr(deployments, "get", meet)
    invoke("interrupt", ALARM)
    assert {token for token, _, _ in waits.interrupted} == {f"t-{name}" for name in names}


def _interrupted(deployment_id: str, *, tell: bool) -> None:
    record = deployments.update(
        deployment_id, interrupted(Interruption(AlarmActive(["shop-errors"]), roll_back=True), at(2))
    )
    assert record
    if tell:
        hand_on(record)


def _watching(deployment_id: str, token: str) -> None:
    """One of several deployments, each in a group and on an alias of its own, that the same alarm watches."""
    record = created(deployment_id, deployment_id, application="shop-app", group=deployment_id, revision=None, now=at(0))
    deployments.create(record)
    change = begun("config", group_id="g", alarms=["shop-errors"], alias=f"shop:{deployment_id}", now=at(1))
    deployments.begin(record, change)
    deployments.update(deployment_id, Change(sets={"gate": {"token": token, "waitingFor": "bake"}}))


# -------------------------------------------------------------------------------------------------------- stops


@pytest.mark.parametrize(("wanted", "rolls_back"), [(True, True), (False, False), (None, False)])
def test_a_stop_request_ends_the_wait(waits: Waits, wanted: bool | None, rolls_back: bool) -> None:
    _baking(rollBackOn={"failure": True, "alarm": True, "stop": False})
    invoke("interrupt", detail_of(STOP, autoRollbackEnabled=wanted))
    [(token, error, details)] = waits.interrupted
    assert (token, error, details["rollBack"]) == ("t-bake", "StopRequested", rolls_back)


def test_the_first_interruption_wins(waits: Waits) -> None:
    _baking()
    invoke("interrupt", STOP)
    invoke("interrupt", ALARM)
    assert kept(ID)["interruption"]["error"] == "StopRequested"
    assert [error for _, error, _ in waits.interrupted] == ["StopRequested"]
    assert events_of(kept(ID)).count("Interrupted") == 1


def test_a_stop_while_no_wait_is_open_is_recorded_for_the_next_gate(waits: Waits) -> None:
    keep_planned(ID)
    invoke("interrupt", STOP)
    assert kept(ID)["interruption"]["error"] == "StopRequested"
    assert waits.interrupted == []


def test_a_stop_of_a_deployment_that_has_ended_is_refused(waits: Waits, refused: Refused) -> None:
    _baking()
    ended = _ended()
    invoke("interrupt", STOP)
    assert refused() == [f"Deployment {ID} has already completed"]
    assert kept(ID) == ended
    assert waits.interrupted == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"deploymentId": "d-ZZZZZZZZZ"}, "The deployment d-ZZZZZZZZZ could not be found"),
        ({"deploymentId": None}, "deploymentId must be d- and nine upper-case letters or digits"),
        ({"deploymentId": ID.lower()}, "deploymentId must be d- and nine upper-case letters or digits"),
        ({"deploymentId": f"{ID}\n"}, "deploymentId must be d- and nine upper-case letters or digits"),
        ({"deploymentId": {"S": ID}}, "deploymentId must be d- and nine upper-case letters or digits"),
        ({"autoRollbackEnabled": "no"}, "autoRollbackEnabled must be true or false"),
        ({"autoRollbackEnabled": 0}, "autoRollbackEnabled must be true or false"),
    ],
)
def test_a_stop_that_says_nothing_sensible_is_refused(
    waits: Waits, refused: Refused, changes: dict[str, Any], reason: str
) -> None:
    _baking()
    before = kept(ID)
    invoke("interrupt", detail_of(STOP, **changes))
    assert refused() == [reason]
    assert kept(ID) == before
    assert waits.interrupted == []


@pytest.mark.parametrize("detail", [None, [], "text"])
@pytest.mark.parametrize("event", [STOP, REPORT], ids=["stop", "report"])
def test_a_request_without_any_sense_is_refused(refused: Refused, event: dict[str, Any], detail: Any) -> None:
    invoke("interrupt", event | {"detail": detail})
    assert refused() == ["deploymentId must be d- and nine upper-case letters or digits"]


def test_a_rollback_cannot_be_stopped(refused: Refused) -> None:
    # Stopped, it would be recorded as failed while traffic is restored.
    deployments.create(rollback_record(plan(deploymentId=ID, rollbackDeploymentId=ROLLBACK_ID), at(2)))
    invoke("interrupt", detail_of(STOP, deploymentId=ROLLBACK_ID))
    assert refused() != []
    assert "interruption" not in kept(ROLLBACK_ID)


# ------------------------------------------------------------------------------------------------------ reports


@pytest.mark.parametrize("event", ["BeforeAllowTraffic", "AfterAllowTraffic"])
def test_a_report_ends_the_wait_for_it(waits: Waits, event: str) -> None:
    _awaiting_report(event)
    invoke("interrupt", REPORT)
    assert waits.ended == [("t-hook", {"status": "Succeeded"})]
    assert kept(ID)["hooks"][event]["answer"]["by"] == "report"
    assert kept(ID)["lifecycleEvents"][event]["status"] == "Succeeded"


def test_a_report_of_failure_ends_the_wait_with_what_to_fail_with(waits: Waits) -> None:
    _awaiting_report()
    invoke("interrupt", detail_of(REPORT, status="Failed"))
    [(token, result)] = waits.ended
    assert (token, result["status"], result["failure"]["error"]) == ("t-hook", "Failed", "HookFailed")
    assert "CodeDeployHook_checkShop reported Failed" in result["failure"]["cause"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"lifecycleEventHookExecutionId": "guessed"},
            f"No hook of deployment {ID} was given this lifecycleEventHookExecutionId.",
        ),
        (
            {"lifecycleEventHookExecutionId": None},
            f"No hook of deployment {ID} was given this lifecycleEventHookExecutionId.",
        ),
        (
            {"lifecycleEventHookExecutionId": "\ud800"},
            f"No hook of deployment {ID} was given this lifecycleEventHookExecutionId.",
        ),
        ({"deploymentId": "d-ZZZZZZZZZ"}, "The deployment d-ZZZZZZZZZ could not be found"),
    ],
)
def test_a_report_that_is_none_is_refused(waits: Waits, refused: Refused, changes: dict[str, Any], reason: str) -> None:
    _awaiting_report()
    before = kept(ID)
    invoke("interrupt", detail_of(REPORT, **changes))
    assert refused() == [reason]
    assert kept(ID) == before
    assert waits.ended == []


@pytest.mark.parametrize("status", ["Unknown", None, ["Succeeded"], {"S": "Succeeded"}, True, "\ud800"], ids=repr)
def test_a_status_of_any_type_is_refused(waits: Waits, refused: Refused, status: Any) -> None:
    _awaiting_report()
    before = kept(ID)
    for _ in range(7):
        invoke("interrupt", detail_of(REPORT, status=status))
    assert refused() == ["The status of a hook is either Succeeded or Failed."] * 7
    new_entries = kept(ID)["timeline"][len(before["timeline"]) :]
    assert [entry["event"] for entry in new_entries] == ["ReportRefused"] * 5, "whoever has the id could fill the record"
    assert "is neither Succeeded nor Failed" in new_entries[0]["reason"]
    assert kept(ID) | {"timeline": before["timeline"]} == before
    assert waits.ended == []


@pytest.mark.parametrize(("status", "meant"), [("FAILED", "Failed"), (" succeeded ", "Succeeded")])
def test_a_status_counts_in_whatever_case_it_is_written(waits: Waits, status: str, meant: str) -> None:
    _awaiting_report()
    invoke("interrupt", detail_of(REPORT, status=status))
    assert kept(ID)["hooks"]["BeforeAllowTraffic"]["answer"]["status"] == meant
    assert len(waits.ended) == 1


def test_a_second_report_does_not_change_the_first(waits: Waits, refused: Refused) -> None:
    _awaiting_report()
    invoke("interrupt", REPORT)
    first = kept(ID)
    refused()
    invoke("interrupt", detail_of(REPORT, status="Failed"))
    assert kept(ID) == first
    assert waits.ended == [("t-hook", {"status": "Succeeded"})]
    assert refused() == [f"The BeforeAllowTraffic event of deployment {ID} has already completed."]


def test_a_report_whose_delivery_died_before_it_ended_the_wait_is_made_good(
    waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    _awaiting_report()
    refuse(monkeypatch, "stepfunctions", "send_task_success", client_error("ThrottlingException"))
    with pytest.raises(Throttled):
        invoke("interrupt", REPORT)
    invoke("interrupt", REPORT)
    assert waits.ended == [("t-hook", {"status": "Succeeded"})]


def test_a_report_whose_own_answer_was_lost_still_ends_the_wait(waits: Waits, no_pauses: list[float]) -> None:
    _awaiting_report()
    with lost_answer("dynamodb", "UpdateItem"):
        invoke("interrupt", REPORT)
    assert waits.ended == [("t-hook", {"status": "Succeeded"})]
    assert len(no_pauses) == 1


def test_a_report_of_a_hook_that_answered_already_does_not_end_another_wait(waits: Waits) -> None:
    _awaiting_report()
    answer = hook_answered("BeforeAllowTraffic", "CodeDeployHook_checkShop", reported("Succeeded"), at(3))
    deployments.update(ID, answer)
    deployments.update(ID, Change(sets={"gate": {"token": "t-bake", "waitingFor": "bake"}}))
    invoke("interrupt", REPORT)
    assert waits.ended == []


def test_a_report_after_the_end_changes_nothing(waits: Waits, refused: Refused) -> None:
    _awaiting_report()
    record = kept(ID)
    deployments.end(record, succeeded(record, at(9)))
    ended = kept(ID)
    invoke("interrupt", REPORT)
    assert kept(ID) == ended
    assert waits.ended == []
    assert refused() == [f"The BeforeAllowTraffic event of deployment {ID} has already completed."]
