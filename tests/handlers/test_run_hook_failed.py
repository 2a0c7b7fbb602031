"""A wait for a hook ends although the function that runs the hook came to no end."""

from typing import Any

import pytest

from tests.aws.account import Waits, keep_planned
from tests.aws.invocation import ID, event_file, invoke
from tests.handlers.hooks import EVENT, SUCCEEDED, TOKEN, Hooks, report, run_hook


@pytest.fixture(autouse=True)
def _planned() -> None:
    keep_planned(ID, **EVENT["plan"])


def _died(**members: Any) -> None:
    invoke("run_hook_failed", event_file("run_hook_failed.timed_out") | members)


def test_the_wait_for_a_hook_is_ended_when_its_function_comes_to_no_end(lambda_: Hooks, waits: Waits) -> None:
    lambda_.answers = [None]
    run_hook()
    _died()
    assert waits.interrupted == [
        (
            TOKEN,
            "Sandbox.Timedout",
            {"errorMessage": "RequestId: 0c2f1f0e-5e0b-4c1b-9d54-0c6f7b1a2d3e Error: Task timed out after 900.00 seconds"},
        )
    ]


def test_it_is_ended_where_the_function_was_not_even_begun(waits: Waits) -> None:
    context = {"condition": "EventAgeExceeded"}
    _died(responsePayload=None, requestContext=context)
    [(token, error, _)] = waits.interrupted
    assert (token, error) == (TOKEN, "EventAgeExceeded")


def test_an_answer_that_was_kept_before_counts(lambda_: Hooks, waits: Waits) -> None:
    lambda_.answers = [None]
    run_hook()
    report()
    _died()
    assert (waits.ended, waits.interrupted) == ([(TOKEN, SUCCEEDED)], [])


def test_a_wait_that_has_a_new_token_or_is_over_is_not_ended(lambda_: Hooks, waits: Waits) -> None:
    lambda_.answers = [None]
    run_hook()
    run_hook("the second try's token")
    waits.over.add(TOKEN)  # as it has been since the machine tried again
    _died()
    assert (waits.ended, waits.interrupted) == ([], [])
