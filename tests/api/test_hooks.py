"""Reports of hooks: only with the id that the hook was given, once, and in time."""

import io
import json
import logging
from typing import Any

import pytest

from tests.api.caller import Caller, Context, Refused
from tests.aws.account import client_error, keep_planned, kept, lost_answer
from tests.core.samples import at, plan
from weighbridge.api import protocol
from weighbridge.aws import clients
from weighbridge.core.deployment import hook_called
from weighbridge.core.endings import failed
from weighbridge.core.errors import StopRequested
from weighbridge.core.hooks import payload
from weighbridge.core.interruptions import Interruption, interrupted
from weighbridge.handlers import report_hook
from weighbridge.handlers.api import logger
from weighbridge.store import deployments

D, EVENT, SECRET = "d-AAAAAAAAA", "BeforeAllowTraffic", "what only the hook was given"
REPORT = {"deploymentId": D, "lifecycleEventHookExecutionId": SECRET, "status": "Succeeded"}
OPERATION = "PutLifecycleEventHookExecutionStatus"


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What the waits of executions are told."""
    heard_answers: list[dict[str, str]] = []
    monkeypatch.setattr(
        clients.client("stepfunctions"), "send_task_success", lambda **arguments: heard_answers.append(arguments)
    )
    return heard_answers


@pytest.fixture(autouse=True)
def waiting(place: object, heard: list[dict[str, str]]) -> None:  # noqa: ARG001  # the table
    sample = plan(hooks={EVENT: "check"})
    keep_planned(hooks={EVENT: "check"})
    deployments.update(D, hook_called(sample, EVENT, SECRET, "token", at(3)))


def refusal(api: Caller, **changes: Any) -> str:
    with pytest.raises(Refused) as caught:
        api.call(OPERATION, **(REPORT | changes))
    return caught.value.name.removesuffix("Exception")


@pytest.mark.parametrize("text", ["x" * 100_000, "d-AAAAAAAAA\n{}", "\u202ed-AAAAAAAAA"])
def test_of_untrusted_text_hardly_anything_is_logged(api: Caller, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    log, handler = io.StringIO(), logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    monkeypatch.setattr(handler, "stream", log)
    assert refusal(api, deploymentId=text) == "InvalidDeploymentId"
    [line] = log.getvalue().splitlines()
    assert len(line) < 1_000
    assert "deploymentId" not in json.loads(line)


@pytest.mark.parametrize("status", ["Succeeded", "Failed"])
def test_a_report_ends_the_wait(api: Caller, heard: list[dict[str, str]], status: str) -> None:
    assert api.call(OPERATION, **(REPORT | {"status": status})) == {"lifecycleEventHookExecutionId": SECRET}
    assert [each["taskToken"] for each in heard] == ["token"]
    assert f'"status": "{status}"' in heard[0]["output"]
    answer = kept()["hooks"][EVENT]["answer"]
    assert (answer["status"], answer["by"]) == (status, "report")


@pytest.mark.parametrize(
    ("expected", "changes"),
    [
        ("InvalidLifecycleEventHookExecutionStatus", {"status": "Pending"}),
        ("InvalidLifecycleEventHookExecutionStatus", {"status": "Perhaps"}),
        ("InvalidLifecycleEventHookExecutionStatus", {"status": None}),
        ("InvalidLifecycleEventHookExecutionId", {"lifecycleEventHookExecutionId": "guessed"}),
        ("InvalidLifecycleEventHookExecutionId", {"lifecycleEventHookExecutionId": ""}),
        ("InvalidLifecycleEventHookExecutionId", {"lifecycleEventHookExecutionId": None}),
        ("DeploymentDoesNotExist", {"deploymentId": "d-000000000"}),
        ("DeploymentIdRequired", {"deploymentId": None}),
        ("InvalidDeploymentId", {"deploymentId": "d"}),
    ],
)
def test_what_is_no_report_ends_nothing(
    api: Caller, heard: list[dict[str, str]], expected: str, changes: dict[str, Any]
) -> None:
    assert refusal(api, **changes) == expected
    assert heard == []
    assert "answer" not in kept()["hooks"][EVENT]


def test_a_report_counts_once(api: Caller) -> None:
    api.call(OPERATION, **REPORT)
    assert refusal(api) == "LifecycleEventAlreadyCompleted"
    assert refusal(api, status="Failed") == "LifecycleEventAlreadyCompleted"
    assert kept()["hooks"][EVENT]["answer"]["status"] == "Succeeded"


def test_a_report_whose_answer_was_lost_is_recognised_as_the_first(api: Caller, heard: list[dict[str, str]]) -> None:
    with lost_answer("dynamodb", "UpdateItem"):
        api.call(OPERATION, **REPORT)
    assert len(heard) == 1


def test_a_report_after_a_stop_comes_too_late(api: Caller) -> None:
    deployments.update(D, interrupted(Interruption(StopRequested("Stop."), roll_back=True), at(4)))
    assert refusal(api) == "LifecycleEventAlreadyCompleted"
    assert kept()["lifecycleEvents"][EVENT]["status"] == "InProgress"


def test_a_report_after_the_end_comes_too_late(api: Caller) -> None:
    failure = {"error": "HookTimedOut", "cause": "Too late."}
    assert deployments.end(kept(), failed(kept(), failure, {}, at(9)))
    assert refusal(api) == "LifecycleEventAlreadyCompleted"


def test_a_report_to_a_wait_that_is_over_comes_too_late(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def over(**_: str) -> None:
        raise client_error("TaskTimedOut")

    monkeypatch.setattr(clients.client("stepfunctions"), "send_task_success", over)
    assert refusal(api) == "LifecycleEventAlreadyCompleted"


def at_the_hooks_url(operation: str, body: str) -> dict[str, Any]:
    headers = {"x-amz-target": f"CodeDeploy_20141006.{operation}", "content-type": "application/x-amz-json-1.1"}
    event = {"headers": headers, "requestContext": {"http": {"method": "POST"}}, "body": body, "isBase64Encoded": False}
    answer = report_hook.handler(event, Context())  # type: ignore[arg-type]
    assert answer["statusCode"] == 400
    refused: dict[str, Any] = json.loads(answer["body"])
    return refused


@pytest.mark.parametrize(
    "operation", ["GetDeployment", "GetApplicationRevision", "GetDeploymentTarget", "BatchGetDeployments"]
)
def test_a_hook_that_looks_up_its_deployment_is_told_what_it_has(operation: str) -> None:
    """It is waited for, and all the same a deployment's id is no proof of being its hook."""
    refused = at_the_hooks_url(operation, json.dumps({"deploymentId": D, "deploymentIds": [D]}))
    assert refused["__type"] == "UnsupportedActionForDeploymentTypeException"
    replaced = payload(plan(hooks={EVENT: "check"}), EVENT, SECRET).keys() - {
        "DeploymentId",
        "LifecycleEventHookExecutionId",
    }
    assert refused["message"].startswith(f"{operation} is not served here. ")
    assert not [member for member in replaced if member not in refused["message"]]
    assert D not in str(refused)


@pytest.mark.parametrize("operation", ["CreateDeployment", "StopDeployment", "ListDeployments"])
def test_what_no_hook_looks_up_is_refused_without_advice(operation: str) -> None:
    assert at_the_hooks_url(operation, "no JSON")["message"] == f"{operation} is not served here."


def test_every_other_operation_is_refused_unread_at_the_hooks_url() -> None:
    others = set(protocol.service().operation_names) - {OPERATION}
    assert len(others) > 40
    answers = {operation: at_the_hooks_url(operation, "no JSON")["__type"] for operation in others}
    assert answers == dict.fromkeys(others, "UnsupportedActionForDeploymentTypeException")
