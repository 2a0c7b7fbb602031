"""What hooks are given, and what their answers mean."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.samples import at, plan, record
from weighbridge.core import hooks
from weighbridge.core.endings import failed


@pytest.mark.parametrize(
    ("payload", "error", "expected"),
    [
        ('{"status": "Succeeded"}', None, ("Succeeded", "", "return value")),
        ('{"status": "Failed", "message": "no"}', None, ("Failed", "no", "return value")),
        ('{"errorType": "KeyError", "errorMessage": "\'x\'"}', "Unhandled", ("Failed", "crashed: KeyError: 'x'", "crash")),
        ("", "Unhandled", ("Failed", "crashed: Unhandled", "crash")),
        ("null", None, None),
        ('"ok"', None, None),
        ('{"statusCode": 200}', None, None),
        ("not json", None, None),
        ('{"status": "FAILED", "message": "smoke test red"}', None, ("Failed", "smoke test red", "return value")),
        ('{"hookStatus": "FAILED"}', None, ("Failed", "", "return value")),
        ('{"Status": " succeeded ", "Message": "fine"}', None, ("Succeeded", "fine", "return value")),
        ('{"status": "Succeeded", "hookStatus": "Failed"}', None, ("Failed", "", "return value")),
        ('"{\\"status\\": \\"FAILED\\"}"', None, ("Failed", "", "return value")),
        ('"FAILED"', None, ("Failed", "", "return value")),
        ('{"hookStatus": "IN_PROGRESS"}', None, None),
        ('{"status": "Pending"}', None, None),
        ('{"status": ""}', None, None),
        ('{"status": null}', None, None),
        ('{"status": 200}', None, None),
        ('{"status": ["Failed"]}', None, None),
        ('{"status": "Success"}', None, ("Failed", '{"status": "Success"}', "unclear")),
        (
            '{"status": "ok", "hookStatus": "Succeeded"}',
            None,
            ("Failed", '{"status": "ok", "hookStatus": "Succeeded"}', "unclear"),
        ),
    ],
)
def test_what_a_hook_returns_is_an_answer_or_a_promise_to_report(payload: str, error: str | None, expected: Any) -> None:
    answer = hooks.answer_of(hooks.Outcome(payload, error))
    assert (answer and (answer["status"], answer["message"], answer["by"])) == expected


def test_a_verdict_that_is_none_says_what_was_returned_and_what_would_have_been_right() -> None:
    answer = hooks.answer_of(hooks.Outcome('{"status": "Success"}'))
    assert answer
    assert hooks.failure_detail("AfterAllowTraffic", "smoke", answer) == (
        'The AfterAllowTraffic hook smoke returned {"status": "Success"}, which is neither Succeeded nor Failed; '
        'return {"status": "Succeeded"}, or {"status": "Failed", "message": "why"}.'
    )


@pytest.mark.parametrize(
    ("call", "said"),
    [({"returned": "null"}, "and it returned null, which says nothing"), ({}, "and it had not returned")],
)
def test_a_hook_that_never_reports_is_named_with_what_it_returned(call: dict[str, str], said: str) -> None:
    sample = record(hooks={"BeforeAllowTraffic": "schema", "AfterAllowTraffic": "smoke"})
    called: Any = {
        "BeforeAllowTraffic": {"function": "schema", "answer": {"status": "Succeeded"}},
        "AfterAllowTraffic": {"function": "smoke", **call},
    }
    sample["hooks"] = called
    ending = failed(sample, {"error": "HookTimedOut", "cause": "It timed out."}, {}, at(9))
    assert ending.message.startswith(f"It timed out. The AfterAllowTraffic hook smoke did not report, {said}; return ")


def test_a_hook_is_told_what_people_missed() -> None:
    assert hooks.payload(plan(), "BeforeAllowTraffic", "id") == {
        "DeploymentId": "d-AAAAAAAAA",
        "LifecycleEventHookExecutionId": "id",
        "FunctionName": "shop",
        "Alias": "live",
        "CurrentVersion": "1",
        "TargetVersion": "2",
        "LifecycleEvent": "BeforeAllowTraffic",
    }


@given(st.text())
def test_an_execution_id_is_found_by_its_digest_only(guess: str) -> None:
    calls = {"BeforeAllowTraffic": {"executionIdDigest": hooks.digest("the id")}}
    assert hooks.event_of(calls, "the id") == "BeforeAllowTraffic"
    assert hooks.event_of(calls, guess) is None
