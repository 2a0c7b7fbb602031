"""A wait for a hook ends although the function that runs the hook came to no end."""

import io
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.response import StreamingBody

from tests.aws.account import Waits, keep_planned
from tests.aws.invocation import ID, event_file, invoke
from tests.core.samples import at
from weighbridge.aws import lambda_hooks
from weighbridge.core.deployment import hook_answered
from weighbridge.core.hooks import reported
from weighbridge.store import deployments

EVENT = event_file("run_hook")
TOKEN, BEFORE, AFTER = EVENT["taskToken"], "BeforeAllowTraffic", "AfterAllowTraffic"
SUCCEEDED = {"status": "Succeeded"}


class Hooks:
    """Lambda as it invokes hooks: what it answers next, and what hooks were given."""

    meta = SimpleNamespace(region_name="eu-west-1")

    def __init__(self) -> None:
        self.given: list[dict[str, Any]] = []
        self.answers: list[Any] = []

    def invoke(self, **arguments: Any) -> dict[str, Any]:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        self.given.append(json.loads(arguments["Payload"]))
        if callable(answer):
            answer = answer()
        raw = json.dumps(answer).encode()
        return {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(raw), len(raw))}


@pytest.fixture
def lambda_(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hooks]:
    answering = Hooks()
    monkeypatch.setattr(lambda_hooks, "client_as", lambda *_: answering)
    yield answering
    assert answering.answers == []


@pytest.fixture(autouse=True)
def _planned() -> None:
    keep_planned(ID, **EVENT["plan"])


def _run(token: str = TOKEN) -> None:
    invoke("run_hook", EVENT | {"taskToken": token})


def _report() -> None:
    """The hook's report reaches the record while the hook is still running."""
    deployments.update(ID, hook_answered(BEFORE, "CodeDeployHook_checkShop", reported("Succeeded"), at(3)))


def _died(**members: Any) -> None:
    invoke("run_hook_failed", event_file("run_hook_failed.timed_out") | members)


def test_the_wait_for_a_hook_is_ended_when_its_function_comes_to_no_end(lambda_: Hooks, waits: Waits) -> None:
    lambda_.answers = [None]
    _run()
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
    _run()
    _report()
    _died()
    assert (waits.ended, waits.interrupted) == ([(TOKEN, SUCCEEDED)], [])


def test_a_wait_that_has_a_new_token_or_is_over_is_not_ended(lambda_: Hooks, waits: Waits) -> None:
    lambda_.answers = [None]
    _run()
    _run("the second try's token")
    waits.over.add(TOKEN)  # as it has been since the machine tried again
    _died()
    assert (waits.ended, waits.interrupted) == ([], [])
