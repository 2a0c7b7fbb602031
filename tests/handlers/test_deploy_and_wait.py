"""Who deploys by an execution and waits is notified of the end, once there is one, and however that came about."""

import json
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from tests.aws.account import Waits, client_error, create_alias, kept, refuse
from tests.aws.invocation import detail_of, event_file, invoke
from tests.core.samples import at
from tests.handlers.steps import group
from weighbridge.aws.clients import client
from weighbridge.core.awaited import identity
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.errors import Throttled
from weighbridge.lifecycle import schedule, start
from weighbridge.store import awaited, deployments

EVENT = event_file("deploy_and_wait")
ENDED, SCHEDULED = event_file("reconcile.execution_ended"), event_file("reconcile.scheduled")
ASKED_BY = identity(EVENT["execution"])
NO = {"error": "HookFailed", "cause": "No."}
pytestmark = pytest.mark.usefixtures("place")


@pytest.fixture(autouse=True)
def time() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(at(0), tick=False) as travelled:
        yield travelled


def ask(**changes: Any) -> str:
    """Has the deployment begin; its id."""
    invoke("deploy_and_wait", EVENT | changes)
    [deployment_id] = deployments.unfinished()
    return deployment_id


def validate(deployment_id: str) -> None:
    group()
    create_alias()
    invoke("validate", event_file("validate") | {"deploymentId": deployment_id})


def end(deployment_id: str, failure: dict[str, str] | None = None) -> None:
    record = kept(deployment_id)
    deployments.end(record, failed(record, failure, {}, at(9)) if failure else succeeded(record, at(9)))


def tell(deployment_id: str) -> None:
    invoke("reconcile", detail_of(ENDED, name=deployment_id))


def test_who_waits_is_looked_after_before_anything_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise Throttled("Rate exceeded")

    monkeypatch.setattr(start, "deploy_requested", fail)
    with pytest.raises(Throttled):
        invoke("deploy_and_wait", EVENT)
    assert schedule.asked_for
    assert awaited.identities() == [ASKED_BY]


def test_a_success_goes_on_with_what_was_deployed(waits: Waits) -> None:
    deployment_id = ask()
    record = kept(deployment_id)
    assert record["identity"] == ASKED_BY
    assert (record["applicationName"], record["description"]) == ("shop-app", "Release 42")
    validate(deployment_id)
    tell(deployment_id)
    assert (waits.ended, waits.interrupted) == ([], []), "it has not ended"
    end(deployment_id)
    tell(deployment_id)
    assert waits.ended == [
        (
            EVENT["taskToken"],
            {
                "deploymentId": deployment_id,
                "status": "Succeeded",
                "functionName": "shop",
                "alias": "live",
                "currentVersion": "1",
                "targetVersion": "2",
                "completeTime": kept(deployment_id)["completeTime"],
            },
        )
    ]
    tell(deployment_id)
    assert len(waits.ended) == 1
    assert awaited.identities() == []


def test_a_failure_fails_by_code_and_message(waits: Waits) -> None:
    deployment_id = ask()
    end(deployment_id, NO)
    tell(deployment_id)
    cause = f"Deployment {deployment_id} failed: {kept(deployment_id)['errorInformation']['message']}"
    assert waits.interrupted == [(EVENT["taskToken"], "HOOK_EXECUTION_FAILURE", cause)]
    assert waits.ended == []


@pytest.mark.parametrize(
    "request_", [{}, [], "text", None, {"applicationName": "shop-app"}, EVENT["request"] | {"unheardOf": 1}]
)
def test_what_cannot_be_asked_for_is_a_deployment_that_says_so(request_: Any) -> None:
    assert kept(ask(request=request_))["refusal"]["error"] == "InvalidDocument"


def test_what_a_calling_state_machine_adds_is_not_asked_for() -> None:
    ours = {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "arn:aws:states:eu-west-1:123456789012:execution:theirs:1"}
    assert "refusal" not in kept(ask(request=EVENT["request"] | ours))


def test_asked_twice_it_is_one_deployment_of_whose_end_the_newer_token_is_told(waits: Waits) -> None:
    assert ask() == ask(taskToken="newer")
    deployment_id = ask(taskToken="newest")
    validate(deployment_id)
    end(deployment_id)
    tell(deployment_id)
    assert [token for token, _ in waits.ended] == ["newest"]


def test_the_token_of_a_try_that_was_given_up_does_not_come_after_the_newer_one(waits: Waits) -> None:
    awaited.keep(ASKED_BY, "newer", at(9))
    awaited.keep(ASKED_BY, "given up, and late", at(3))
    awaited.keep(ASKED_BY, "newer", at(9))
    waiting = awaited.get(ASKED_BY)
    assert waiting
    assert waiting["taskToken"] == "newer"
    assert waits.ended == []


def test_another_start_of_an_execution_is_another_deployment() -> None:
    ask()
    invoke("deploy_and_wait", EVENT | {"execution": EVENT["execution"].replace("06:00", "07:00")})
    assert len(deployments.unfinished()) == 2


def test_an_end_that_came_before_the_newer_token_is_told_by_the_schedule(waits: Waits) -> None:
    deployment_id = ask()
    validate(deployment_id)
    end(deployment_id)
    invoke("deploy_and_wait", EVENT | {"taskToken": "newer"})
    invoke("reconcile", SCHEDULED)
    assert [token for token, _ in waits.ended] == ["newer"]
    assert awaited.identities() == []


def test_an_end_of_which_no_event_came_is_told_by_the_schedule(waits: Waits) -> None:
    deployment_id = ask()
    validate(deployment_id)
    end(deployment_id)
    invoke("reconcile", SCHEDULED)
    assert [token for token, _ in waits.ended] == [EVENT["taskToken"]]


def test_where_the_end_cannot_be_told_it_is_tried_again(waits: Waits, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment_id = ask()
    validate(deployment_id)
    end(deployment_id)
    refuse(monkeypatch, "stepfunctions", "send_task_success", client_error("ThrottlingException"))
    with pytest.raises(Throttled):
        tell(deployment_id)
    assert awaited.identities() == [ASKED_BY]
    tell(deployment_id)
    assert [token for token, _ in waits.ended] == [EVENT["taskToken"]]


def test_who_waits_no_more_is_forgotten(waits: Waits) -> None:
    deployment_id = ask()
    end(deployment_id, NO)
    waits.over.add(EVENT["taskToken"])
    tell(deployment_id)
    assert awaited.identities() == []
    assert waits.interrupted == []


def test_the_schedule_stays_on_while_somebody_waits(waits: Waits, time: Any) -> None:
    awaited.keep(ASKED_BY, "token", at(0))
    [rule] = client("events").list_rules()["Rules"]

    def is_on_after(minutes: int) -> bool:
        time.move_to(at(0) + timedelta(minutes=minutes))
        invoke("reconcile", SCHEDULED)
        return bool(client("events").describe_rule(Name=rule["Name"])["State"] == "ENABLED")

    assert is_on_after(5)
    assert (waits.interrupted, awaited.identities()) == ([], [ASKED_BY]), "it may be about to begin"
    assert is_on_after(10)
    assert awaited.identities() == [], "nothing was begun for it"
    assert not is_on_after(40)


def test_one_that_was_never_begun_fails_in_the_end(waits: Waits, time: Any) -> None:
    awaited.keep(ASKED_BY, "token", at(0))
    time.move_to(at(0) + timedelta(minutes=11))
    invoke("reconcile", SCHEDULED)
    assert [(token, error) for token, error, _ in waits.interrupted] == [("token", "NotStarted")]
    assert waits.ended == []


def test_one_whose_execution_cannot_be_started_is_waited_for(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, "stepfunctions", "start_execution", client_error("ThrottlingException"))
    deployment_id = ask()
    assert client("stepfunctions").list_executions(stateMachineArn=place.machine)["executions"] == []
    assert awaited.identities() == [ASKED_BY]
    invoke("reconcile", SCHEDULED)
    [execution] = client("stepfunctions").list_executions(stateMachineArn=place.machine)["executions"]
    assert execution["name"] == deployment_id


def test_one_that_cannot_be_kept_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "dynamodb", "put_item", client_error("ThrottlingException"))
    with pytest.raises(Throttled):
        ask()
    ask()


def test_a_deployment_that_the_reconciliation_closes_is_told_at_once(waits: Waits, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment_id = ask()
    gone = {"status": "ABORTED", "error": "", "cause": ""}
    monkeypatch.setattr(client("stepfunctions"), "describe_execution", lambda **_: gone)
    tell(deployment_id)
    assert [error for _, error, _ in waits.interrupted] == ["MANUAL_STOP"]
    assert waits.ended == []


def test_the_token_is_kept_apart_from_the_record() -> None:
    deployment_id = ask()
    assert EVENT["taskToken"] not in json.dumps(kept(deployment_id))
