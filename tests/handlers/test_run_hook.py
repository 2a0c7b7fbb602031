"""A hook runs once, whatever happens to the function that runs it, and its answer always reaches the wait that is open."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from tests.aws.account import Waits, client_error, events_of, keep_planned, kept, lost_answer, refuse
from tests.aws.invocation import ID, invoke
from tests.core.samples import at
from tests.handlers.hooks import AFTER, BEFORE, EVENT, SUCCEEDED, TOKEN, Hooks, report, run_hook
from weighbridge.aws.clients import client
from weighbridge.core.deployment import Change, shifted
from weighbridge.core.errors import (
    HookFailed,
    HookPending,
    HookThrottled,
    Interrupted,
    NotThePlan,
    OwnRolePermissions,
    ServiceUnavailable,
    StopRequested,
    Throttled,
)
from weighbridge.core.hooks import digest
from weighbridge.core.interruptions import Interruption, interrupted
from weighbridge.core.plan import routing_after
from weighbridge.store import deployments


@pytest.fixture(autouse=True)
def _planned() -> None:
    keep_planned(ID, **EVENT["plan"])


@contextmanager
def _told(waits: Waits, error: type[Exception], match: str = "") -> Iterator[None]:
    """In the block the wait is failed with that error, whose message matches, and the function comes to its end."""
    before = len(waits.interrupted)
    yield
    [(_, name, details)] = waits.interrupted[before:]
    assert name == error.__name__
    assert re.search(match, details["errorMessage"])


def _shift_all(**changes: Any) -> None:
    """All traffic has moved, by a plan with other hooks."""
    made = EVENT["plan"] | changes
    for step in range(len(made["steps"])):
        deployments.update(ID, shifted(made, step, routing_after(made, step), "r", at(2)))
    deployments.update(ID, Change(sets={"plan.hooks": made["hooks"]}))


def test_a_hook_is_told_what_it_needs_and_its_answer_ends_the_wait(lambda_: Hooks, waits: Waits) -> None:
    lambda_.answers = [{"status": "Succeeded", "message": "größer"}]
    run_hook()
    [payload] = lambda_.given
    execution_id = payload.pop("LifecycleEventHookExecutionId")
    assert payload == {
        "DeploymentId": ID,
        "FunctionName": "shop",
        "Alias": "live",
        "CurrentVersion": "1",
        "TargetVersion": "2",
        "LifecycleEvent": BEFORE,
    }
    assert waits.ended == [(TOKEN, SUCCEEDED)]
    assert kept(ID)["hooks"][BEFORE]["executionIdDigest"] == digest(execution_id)
    assert kept(ID)["hooks"][BEFORE]["answer"]["message"] == "größer"
    assert events_of(kept(ID))[-2:] == ["HookCalled", "HookAnswered"]


def test_a_hook_that_says_no_ends_the_wait_with_what_to_fail_with(lambda_: Hooks, waits: Waits) -> None:
    lambda_.answers = [{"status": "Failed", "message": "too slow"}]
    run_hook()
    [(_, result)] = waits.ended
    assert result["failure"]["error"] == "HookFailed"
    assert result["failure"]["cause"].endswith(
        "The BeforeAllowTraffic hook CodeDeployHook_checkShop returned Failed: too slow"
    )


@pytest.mark.parametrize("answer", [None, "done", {}, {"status": 200}, [], 7])
def test_a_hook_that_returns_no_status_has_its_report_awaited(lambda_: Hooks, waits: Waits, answer: Any) -> None:
    lambda_.answers = [answer]
    run_hook()
    assert waits.ended == []
    assert kept(ID)["gate"] == {"token": TOKEN, "waitingFor": BEFORE}
    assert events_of(kept(ID))[-1] == "HookReturned"
    assert kept(ID)["hooks"][BEFORE]["returned"] == json.dumps(answer)


@pytest.mark.parametrize("answer", [{"status": "FAILED", "message": "red"}, {"hookStatus": "FAILED", "message": "red"}])
def test_a_no_in_another_spelling_ends_the_wait_at_once(lambda_: Hooks, waits: Waits, answer: Any) -> None:
    lambda_.answers = [answer]
    run_hook()
    [(_, result)] = waits.ended
    assert result["failure"]["cause"].endswith("returned Failed: red")


def test_a_verdict_that_is_none_ends_the_wait_at_once_and_says_what_would_have_been_right(
    lambda_: Hooks, waits: Waits
) -> None:
    lambda_.answers = [{"status": "Success"}]
    run_hook()
    [(_, result)] = waits.ended
    assert 'returned {"status": "Success"}, which is neither Succeeded nor Failed; return' in result["failure"]["cause"]


def test_a_hook_that_is_still_running_at_the_end_has_its_report_awaited(lambda_: Hooks, waits: Waits) -> None:
    lambda_.answers = [ReadTimeoutError(endpoint_url="lambda")]
    run_hook()
    assert waits.ended == []


def test_a_report_that_came_before_the_return_counts(lambda_: Hooks, waits: Waits) -> None:
    def run() -> dict[str, str]:
        report()
        return {"status": "Failed"}

    lambda_.answers = [run]
    run_hook()
    assert kept(ID)["hooks"][BEFORE]["answer"]["by"] == "report"
    assert all(result == SUCCEEDED for _, result in waits.ended)


def test_called_twice_a_hook_is_invoked_once(lambda_: Hooks, waits: Waits) -> None:
    lambda_.answers = [None]
    run_hook()
    run_hook("the second try's token")
    assert len(lambda_.given) == 1
    assert waits.ended == []


def test_the_second_try_hands_on_the_answer_that_the_first_one_got(lambda_: Hooks, waits: Waits) -> None:
    lambda_.answers = [None]
    run_hook()
    report()
    run_hook("the second try's token")
    assert waits.ended == [("the second try's token", SUCCEEDED)]


def test_after_a_second_try_reports_and_interruptions_end_its_wait(lambda_: Hooks) -> None:
    # A wait that is tried again has a new token, and the old one ends nothing any more.
    lambda_.answers = [None]
    run_hook()
    run_hook("the second try's token")
    assert kept(ID)["gate"] == {"token": "the second try's token", "waitingFor": BEFORE}


def test_the_first_tries_answer_ends_the_second_tries_wait(lambda_: Hooks, waits: Waits) -> None:
    def run() -> dict[str, str]:
        run_hook("the second try's token")  # the connection to the first broke while its hook was running
        return {"status": "Succeeded"}

    lambda_.answers = [run]
    run_hook()
    assert waits.ended == [("the second try's token", SUCCEEDED)]


def test_a_hook_that_was_throttled_has_not_run_and_runs_on_the_next_try(lambda_: Hooks, waits: Waits) -> None:
    lambda_.answers = [client_error("TooManyRequestsException", "Invoke", 429), SUCCEEDED]
    with _told(waits, Throttled):
        run_hook()
    run_hook("the second try's token")
    assert len(lambda_.given) == 1
    assert waits.ended == [("the second try's token", SUCCEEDED)]


def test_a_hook_without_concurrency_of_its_own_is_named_with_the_reason_and_told_of_once(
    lambda_: Hooks, waits: Waits
) -> None:
    throttled = client_error("TooManyRequestsException", "Invoke", 429, message="Rate Exceeded.")
    throttled.response["Reason"] = "ReservedFunctionConcurrentInvocationLimitExceeded"  # type: ignore[typeddict-unknown-key]
    lambda_.answers = [throttled, throttled, SUCCEEDED]
    for token in ("first", "second"):
        with _told(waits, HookThrottled, match=r"hook CodeDeployHook_checkShop was not run: its reserved concurrency"):
            run_hook(token)
    run_hook("third")
    assert waits.ended == [("third", SUCCEEDED)]
    assert events_of(kept(ID)).count("HookCalled") == 1


def test_a_hook_that_is_not_active_yet_runs_once_it_is(lambda_: Hooks, waits: Waits) -> None:
    lambda_.answers = [client_error("ResourceConflictException", "Invoke", 409), SUCCEEDED]
    with _told(waits, HookPending, match=r"hook CodeDeployHook_checkShop was not run: it is not Active"):
        run_hook("first")
    run_hook("second")
    assert waits.ended == [("second", SUCCEEDED)]
    assert events_of(kept(ID)).count("HookCalled") == 1


def test_a_hook_that_may_or_may_not_have_run_fails_at_once_and_does_not_run_again(lambda_: Hooks, waits: Waits) -> None:
    lambda_.answers = [client_error("ServiceException", "Invoke", 500)]
    with _told(waits, HookFailed, match="could not be invoked"):
        run_hook()
    run_hook("the second try's token")
    assert lambda_.given == []
    assert waits.ended == []


def test_a_call_whose_answer_was_lost_is_made(lambda_: Hooks, waits: Waits, no_pauses: list[float]) -> None:
    lambda_.answers = [SUCCEEDED]
    with lost_answer("dynamodb", "UpdateItem"):
        run_hook()
    assert len(lambda_.given) == len(no_pauses) == 1
    assert waits.ended == [(TOKEN, SUCCEEDED)]


def test_an_answer_whose_own_answer_was_lost_ends_the_wait(lambda_: Hooks, waits: Waits, no_pauses: list[float]) -> None:
    lost = lost_answer("dynamodb", "UpdateItem")

    def run() -> dict[str, str]:
        lost.__enter__()
        return SUCCEEDED

    lambda_.answers = [run]
    run_hook()
    lost.__exit__(None, None, None)
    assert len(no_pauses) == 1
    assert waits.ended == [(TOKEN, SUCCEEDED)]


def test_an_answer_that_could_not_be_handed_on_is_handed_on_by_the_next_try(
    lambda_: Hooks, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    lambda_.answers = [SUCCEEDED]
    refuse(monkeypatch, "stepfunctions", "send_task_success", client_error("ThrottlingException"))
    with _told(waits, Throttled):
        run_hook()
    run_hook("the second try's token")
    assert waits.ended == [("the second try's token", SUCCEEDED)]


def test_a_deployment_that_was_interrupted_does_not_run_its_hook(lambda_: Hooks, waits: Waits) -> None:
    deployments.update(ID, interrupted(Interruption(StopRequested("Stop."), roll_back=True), at(2)))
    with _told(waits, Interrupted):
        run_hook()
    assert lambda_.given == []
    assert "gate" not in kept(ID)
    assert waits.ended == []


def test_an_interruption_before_the_second_try_ends_it(lambda_: Hooks, waits: Waits) -> None:
    lambda_.answers = [None]
    run_hook()
    deployments.update(ID, interrupted(Interruption(StopRequested("Stop."), roll_back=True), at(2)))
    with _told(waits, Interrupted):
        run_hook("the second try's token")


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [("ResourceNotFoundException", 404, HookFailed), ("AccessDeniedException", 403, OwnRolePermissions)],
)
def test_a_hook_that_cannot_be_invoked_fails_the_deployment_at_once(
    lambda_: Hooks, waits: Waits, code: str, status: int, expected: type[Exception]
) -> None:
    lambda_.answers = [client_error(code, "Invoke", status)]
    with _told(waits, expected):
        run_hook()
    assert waits.ended == []


def test_a_second_hook_of_the_deployment_is_its_own(lambda_: Hooks, waits: Waits) -> None:
    lambda_.answers = [SUCCEEDED, SUCCEEDED]
    run_hook()
    _shift_all(hooks=EVENT["plan"]["hooks"] | {AFTER: "CodeDeployHook_checkShop"})
    invoke("run_hook", EVENT | {"lifecycleEvent": AFTER, "taskToken": "t-2"})
    assert waits.ended == [(TOKEN, SUCCEEDED), ("t-2", SUCCEEDED)]
    first, second = (payload["LifecycleEventHookExecutionId"] for payload in lambda_.given)
    assert first != second


def test_of_a_hook_that_is_still_running_the_record_does_not_say_that_it_returned(lambda_: Hooks, waits: Waits) -> None:
    lambda_.answers = [ReadTimeoutError(endpoint_url="lambda")]
    run_hook()
    assert waits.ended == []
    assert "returned" not in kept(ID)["timeline"][-1]["reason"]


AWAY = client_error("InternalServerError", "UpdateItem", 500)


def test_an_answer_that_cannot_be_recorded_ends_the_wait_all_the_same(
    lambda_: Hooks, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer() -> dict[str, str]:
        refuse(monkeypatch, "dynamodb", "update_item", AWAY)
        return SUCCEEDED

    lambda_.answers = [answer]
    run_hook()
    assert waits.ended == [(TOKEN, SUCCEEDED)]


def test_a_call_that_is_on_record_though_its_answer_never_came_is_made(
    lambda_: Hooks, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = client("dynamodb").update_item

    def applied_but_not_answered(**request: Any) -> Any:
        monkeypatch.setattr(client("dynamodb"), "update_item", update)
        update(**request)
        raise AWAY

    monkeypatch.setattr(client("dynamodb"), "update_item", applied_but_not_answered)
    lambda_.answers = [SUCCEEDED]
    run_hook()
    assert waits.ended == [(TOKEN, SUCCEEDED)]
    assert len(lambda_.given) == 1


def test_a_call_that_is_not_on_record_is_left_to_the_next_try(
    lambda_: Hooks, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, "dynamodb", "update_item", AWAY)
    with _told(waits, ServiceUnavailable):
        run_hook()
    assert lambda_.given == []
    lambda_.answers = [SUCCEEDED]
    run_hook("the next try's token")
    assert waits.ended == [("the next try's token", SUCCEEDED)]


def test_a_call_that_may_be_on_record_fails_at_once_instead_of_being_awaited_for_an_hour(
    lambda_: Hooks, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    def applied_or_not(**_: Any) -> None:
        refuse(monkeypatch, "dynamodb", "get_item", AWAY)
        raise AWAY

    monkeypatch.setattr(client("dynamodb"), "update_item", applied_or_not)
    with _told(waits, HookFailed, match="could not be run"):
        run_hook()
    assert lambda_.given == []


def test_a_throttled_hook_that_stays_on_record_as_called_fails_at_once(
    lambda_: Hooks, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    throttled = client_error("TooManyRequestsException", "Invoke", 429)

    def throttle() -> None:
        refuse(monkeypatch, "dynamodb", "update_item", AWAY)
        raise throttled

    lambda_.answers = [throttle]
    with _told(waits, HookFailed, match="could not be run"):
        run_hook()


@pytest.mark.parametrize("lifecycle_event", [BEFORE, AFTER, "AllowTraffic", "Anything"])
def test_a_hook_that_is_not_waited_for_is_not_run(lambda_: Hooks, waits: Waits, lifecycle_event: str) -> None:
    # Traffic has begun to move: the hook before is over, the hook after has not come.
    made = EVENT["plan"]
    deployments.update(ID, shifted(made, 0, routing_after(made, 0), "r", at(2)))
    deployments.update(ID, Change(sets={"plan.hooks": {BEFORE: "a", AFTER: "b"}, "gate": {"token": "t-bake"}}))
    before = kept(ID)
    with _told(waits, NotThePlan):
        invoke("run_hook", EVENT | {"lifecycleEvent": lifecycle_event})
    assert lambda_.given == []
    assert kept(ID) == before


def test_a_hook_after_that_is_waited_for_does_not_let_the_hook_before_run_again(lambda_: Hooks, waits: Waits) -> None:
    _shift_all(hooks={BEFORE: "a", AFTER: "b"})
    with _told(waits, NotThePlan):
        run_hook()
    assert lambda_.given == []


def test_a_token_that_no_wait_holds_does_not_take_the_place_of_one_that_does(lambda_: Hooks, waits: Waits) -> None:
    lambda_.answers = [None]
    run_hook()
    for token, answer in (("an attacker's", "InvalidToken"), ("another machine's", "AccessDeniedException")):
        waits.unknown[token] = answer
        with pytest.raises(NotThePlan):
            run_hook(token)
    assert kept(ID)["gate"] == {"token": TOKEN, "waitingFor": BEFORE}


def test_a_token_of_which_it_cannot_be_told_is_left_to_the_next_try(lambda_: Hooks, waits: Waits) -> None:
    lambda_.answers = [None]
    run_hook()
    waits.unknown["the second try's token"] = "ThrottlingException"
    with pytest.raises(Throttled):
        run_hook("the second try's token")


def test_what_no_wait_could_be_told_is_raised_so_that_lambda_tells_of_it(
    lambda_: Hooks, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, "stepfunctions", "send_task_failure", client_error("ThrottlingException"))
    lambda_.answers = [client_error("ResourceNotFoundException", "Invoke", 404)]
    with pytest.raises(HookFailed):
        run_hook()
    assert waits.interrupted == []


def test_the_same_call_delivered_twice_runs_the_hook_once_and_ends_nothing(lambda_: Hooks, waits: Waits) -> None:
    lambda_.answers = [None]
    run_hook()
    run_hook()
    assert len(lambda_.given) == 1
    assert (waits.ended, waits.interrupted) == ([], [])
