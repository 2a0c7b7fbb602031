"""Hook functions: asked about by a dry run, invoked once. moto lets any name pass a dry run, so answers are scripted."""

import io
import socket
from threading import Thread
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
import urllib3.util.connection
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from tests.aws.account import never_answered
from weighbridge.aws import clients, lambda_hooks
from weighbridge.core.errors import (
    HookFailed,
    HookPending,
    OwnRolePermissions,
    ServiceUnavailable,
    Throttled,
    WeighbridgeError,
)
from weighbridge.core.hooks import Outcome

HOOK = "CodeDeployHook_checkShop"
ASKED = {"FunctionName": HOOK, "InvocationType": "DryRun"}
INVOKED = {"FunctionName": HOOK, "InvocationType": "RequestResponse", "Payload": b"{}"}


def _payload(text: str) -> StreamingBody:
    raw = text.encode()
    return StreamingBody(io.BytesIO(raw), len(raw))


def _check() -> None:
    lambda_hooks.check(HOOK, "BeforeAllowTraffic", "d-AAAAAAAAA", None)


def _invoke() -> Outcome | None:
    return lambda_hooks.invoke(HOOK, "BeforeAllowTraffic", b"{}", "d-AAAAAAAAA", None)


def _answering(lambda_: Stubber, payload: str, **members: str) -> None:
    lambda_.add_response("invoke", {"StatusCode": 200, "Payload": _payload(payload)} | members, INVOKED)


def test_a_hook_of_another_region_is_told_as_such() -> None:
    elsewhere = "arn:aws:lambda:us-west-2:123456789012:function:CodeDeployHook_a"
    with Stubber(clients.client("lambda")) as lambda_:
        lambda_.add_client_error("invoke", "ResourceNotFoundException", "Function not found.", 404)
        with pytest.raises(HookFailed, match=rf"hook '{elsewhere}' is of another region; hooks are invoked in eu-west-1"):
            lambda_hooks.check(elsewhere, "BeforeAllowTraffic", "d-AAAAAAAAA", None)


def test_a_hook_that_may_be_invoked_passes() -> None:
    with Stubber(clients.client("lambda")) as lambda_:
        lambda_.add_response("invoke", {"StatusCode": 204}, ASKED)
        _check()
        lambda_.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "status", "expected", "message"),
    [
        ("ResourceNotFoundException", 404, HookFailed, f"no Lambda function '{HOOK}' for the BeforeAllowTraffic hook"),
        ("AccessDeniedException", 403, OwnRolePermissions, "does not give you permission"),
        ("TooManyRequestsException", 429, Throttled, "exceeded the request limit"),
        ("ServiceException", 500, ServiceUnavailable, "AWSLambda answered ServiceException to Invoke"),
        ("InvalidParameterValueException", 400, WeighbridgeError, "AWSLambda refused Invoke"),
    ],
)
def test_a_hook_that_cannot_be_invoked_is_told(
    fresh: SimpleNamespace, code: str, status: int, expected: type[WeighbridgeError], message: str
) -> None:
    fresh.of("lambda").add_client_error("invoke", code, "Because.", status)
    with pytest.raises(WeighbridgeError, match=message) as caught:
        _invoke()
    assert type(caught.value) is expected
    with Stubber(clients.client("lambda")) as lambda_:
        lambda_.add_client_error("invoke", code, "Because.", status)
        with pytest.raises(WeighbridgeError, match=message) as caught:
            _check()
    assert type(caught.value) is expected


@pytest.mark.parametrize(
    "code",
    [
        "ResourceConflictException",
        "ResourceNotReadyException",
        "SnapStartNotReadyException",
        "CodeArtifactUserPendingException",
    ],
)
def test_a_hook_that_is_not_active_yet_has_not_run(fresh: SimpleNamespace, code: str) -> None:
    fresh.of("lambda").add_client_error("invoke", code, "The function is in the following state: Pending", 409)
    with pytest.raises(HookPending, match=rf"hook {HOOK} was not run: it is not Active \(Lambda: .*state: Pending\)"):
        _invoke()
    with Stubber(clients.client("lambda")) as lambda_:
        lambda_.add_client_error("invoke", code, "The function is in the following state: Pending", 409)
        _check()  # it is there, and may be invoked


def test_what_a_hook_returns_is_its_outcome(fresh: SimpleNamespace) -> None:
    _answering(fresh.of("lambda"), '{"status": "Succeeded", "message": "größer"}')
    assert _invoke() == Outcome('{"status": "Succeeded", "message": "größer"}')


def test_a_crash_is_its_outcome_too(fresh: SimpleNamespace) -> None:
    _answering(fresh.of("lambda"), '{"errorType": "KeyError"}', FunctionError="Unhandled")
    assert _invoke() == Outcome('{"errorType": "KeyError"}', "Unhandled")


def test_a_hook_that_is_still_running_has_its_report_awaited_and_is_not_called_again() -> None:
    fresh = boto3.client("lambda", config=lambda_hooks._ONCE)
    requests = never_answered(fresh, "lambda", "Invoke", ReadTimeoutError(endpoint_url="lambda"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clients.session(), "create_client", lambda *_, **__: fresh)
        assert _invoke() is None
    assert len(requests) == 1


def test_a_hook_that_cannot_be_reached_is_not_called_again_here() -> None:
    fresh = boto3.client("lambda", config=lambda_hooks._ONCE)
    requests = never_answered(fresh, "lambda", "Invoke", ConnectTimeoutError(endpoint_url="lambda"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clients.session(), "create_client", lambda *_, **__: fresh)
        with pytest.raises(ServiceUnavailable, match="AWSLambda could not be reached"):
            _invoke()
    assert len(requests) == 1


def test_a_hook_is_waited_for_almost_as_long_as_the_waiting_function_may_run(fresh: SimpleNamespace) -> None:
    _answering(fresh.of("lambda"), "null")
    _invoke()
    [(_, options)] = fresh.made
    assert options["config"].read_timeout == 870  # of the 900 seconds that the function has
    assert options["config"].retries["total_max_attempts"] == 1


def test_the_connection_to_a_running_hook_is_probed_before_anybody_forgets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    connect, opened = urllib3.util.connection.create_connection, list[socket.socket]()

    def remembering(*arguments: Any, **options: Any) -> socket.socket:
        opened.append(connect(*arguments, **options))
        return opened[-1]

    monkeypatch.setattr(urllib3.util.connection, "create_connection", remembering)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = boto3.client(
            "lambda", endpoint_url=f"http://127.0.0.1:{listening.getsockname()[1]}", config=lambda_hooks._ONCE
        )
        request = AWSRequest("GET", client.meta.endpoint_url).prepare()
        session = lambda_hooks._kept_alive(client)._endpoint.http_session
        listening.settimeout(10)
        answering = Thread(target=_answer_once, args=(listening,))
        answering.start()
        assert session.send(request).status_code == 204
        answering.join()
        [connection] = opened
        options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        # What lies between forgets a connection that is idle for 350 seconds.
        assert [connection.getsockopt(socket.IPPROTO_TCP, option) for option in options] == [60, 30, 10]
        session.close()


def _answer_once(listening: socket.socket) -> None:
    with listening.accept()[0] as connection:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


def test_a_hook_is_run_even_where_its_connection_cannot_be_kept_alive() -> None:
    elsewhere = SimpleNamespace(invoke=lambda **_: {"Payload": _payload("null")})
    assert lambda_hooks._kept_alive(elsewhere) is elsewhere
