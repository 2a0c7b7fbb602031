"""The proxy for stock clients: what it passes on and how, whom it refuses, and what it says where it cannot."""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError, CredentialRetrievalError
from botocore.httpsession import URLLib3Session
from click.testing import CliRunner

from tests.client.upstream import CONTENT_TYPE, Upstream, upstream
from weighbridge_cli import proxy
from weighbridge_cli.proxy import BODY_LIMIT, Proxy, Refusal, Target, UnusableTarget
from weighbridge_cli.verbs.others import proxy as command

SECRET, TOKEN = "the caller's own secret", "the caller's own session"
CREDENTIALS = ReadOnlyCredentials("AKIDOWN", SECRET, TOKEN)
URL = "https://abc123.lambda-url.eu-west-1.on.aws/"
PORT = 4711
ASKED = {
    "host": f"127.0.0.1:{PORT}",
    "content-type": CONTENT_TYPE,
    "x-amz-target": "CodeDeploy_20141006.ListApplications",
    "content-length": "2",
}


@pytest.fixture
def behind() -> Iterator[Upstream]:
    with upstream() as listening:
        yield listening


@pytest.fixture
def listening(behind: Upstream) -> Iterator[Callable[..., Proxy]]:
    """Starts a proxy before `behind`, or before another URL, with credentials or what happens when they are asked for."""
    started: list[tuple[Proxy, threading.Thread]] = []

    def start(url: str = "", credentials: proxy.CredentialsNow = lambda: CREDENTIALS) -> Proxy:
        made = Proxy(Target(url or behind.url, "eu-west-1"), 0, credentials, URLLib3Session())
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        started.append((made, thread))
        return made

    yield start
    for made, thread in started:
        made.shutdown()
        thread.join()
        made.server_close()


def stock(at: Proxy) -> Any:
    """A stock client, with credentials that nobody knows."""
    return boto3.client(
        "codedeploy",
        endpoint_url=f"http://127.0.0.1:{at.port}",
        region_name="us-west-2",
        aws_access_key_id="theirs",
        aws_secret_access_key="theirs",
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )


def ask(at: Proxy, *, method: str = "POST", path: str = "/", body: bytes = b"{}", **changes: str | None) -> tuple[int, Any]:
    """The answer to a request, with headers that differ from those of a client; None leaves one out."""
    connection = http.client.HTTPConnection("127.0.0.1", at.port, timeout=10)
    headers = ASKED | {"host": f"127.0.0.1:{at.port}", "content-length": str(len(body))}
    headers = headers | {name.replace("_", "-"): value for name, value in changes.items()}  # type: ignore[assignment]
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


def test_a_stock_client_is_answered_and_what_it_sent_is_signed_for_lambda(
    behind: Upstream, listening: Callable[..., Proxy]
) -> None:
    assert stock(listening()).list_applications()["applications"] == ["shop"]
    [sent] = behind.sent
    assert (sent.path, sent.body) == ("/_aws/lambda-url/0123-abc/", b"{}")
    assert sent.headers["x-amz-target"] == "CodeDeploy_20141006.ListApplications"
    assert sent.headers["x-amz-security-token"] == TOKEN
    assert sent.scope == "eu-west-1/lambda"
    assert sent.is_signed(behind.url, CREDENTIALS, "eu-west-1")
    assert "theirs" not in str(sent)


def test_the_answer_comes_back_as_it_is(behind: Upstream, listening: Callable[..., Proxy]) -> None:
    behind.status = 400
    behind.headers = {"x-amzn-RequestId": "7", "Set-Cookie": "a=b"}
    behind.body = b'{"__type": "ApplicationDoesNotExistException", "message": "No such application."}'
    client = stock(listening())
    with pytest.raises(client.exceptions.ApplicationDoesNotExistException) as refused:
        client.list_applications()
    assert refused.value.response["Error"]["Message"] == "No such application."
    assert refused.value.response["ResponseMetadata"]["RequestId"] == "7"
    assert "set-cookie" not in refused.value.response["ResponseMetadata"]["HTTPHeaders"]


def test_who_is_not_let_in_behind_is_told_by_the_client_and_by_the_proxy(
    behind: Upstream, listening: Callable[..., Proxy], capfd: pytest.CaptureFixture[str]
) -> None:
    behind.status, behind.headers, behind.body = (
        403,
        {"x-amzn-ErrorType": "AccessDeniedException"},
        b'{"Message": "Forbidden"}',
    )
    with pytest.raises(ClientError, match="ListApplications operation: Forbidden"):
        stock(listening()).list_applications()
    assert "It takes lambda:InvokeFunctionUrl and lambda:InvokeFunction" in capfd.readouterr().err


def test_where_nobody_answers_the_client_reads_why(listening: Callable[..., Proxy]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        nowhere = listening(f"http://127.0.0.1:{taken.getsockname()[1]}/")
        with pytest.raises(ClientError, match="could not reach Weighbridge: Could not connect to the endpoint") as refused:
            stock(nowhere).list_applications()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 502
    assert refused.value.response["Error"]["Code"] == "ServiceUnavailableException"


def test_credentials_that_have_run_out_are_told_of(behind: Upstream, listening: Callable[..., Proxy]) -> None:
    def run_out() -> ReadOnlyCredentials:
        raise CredentialRetrievalError(provider="sso", error_msg="sign in again")

    with pytest.raises(ClientError, match=r"\(ExpiredTokenException\).*sign in again"):
        stock(listening(credentials=run_out)).list_applications()
    assert behind.sent == []


@pytest.mark.parametrize(
    ("status", "changes"),
    [
        (403, {"origin": "https://evil.example"}),
        (403, {"origin": "null"}),
        (403, {"sec_fetch_site": "cross-site"}),
        (403, {"sec_fetch_site": "same-origin"}),
        (403, {"host": "evil.example"}),
        (403, {"host": "127.0.0.1"}),
        (403, {"host": None}),
        (403, {"content_type": "text/plain"}),
        (403, {"content_type": "application/x-www-form-urlencoded"}),
        (403, {"content_type": None}),
        (403, {"x_amz_target": None}),
        (403, {"x_amz_target": "DynamoDB_20120810.Scan"}),
        (403, {"x_amz_target": "CodeDeploy_20141006.ListApplications/../x"}),
        (403, {"method": "GET"}),
        (403, {"method": "PUT"}),
        (403, {"method": "OPTIONS", "origin": "https://evil.example", "access_control_request_method": "POST"}),
        (403, {"path": "/2015-03-31/functions"}),
        (403, {"path": "/?X-Amz-Target=x"}),
        (403, {"path": "http://169.254.169.254/"}),
        (411, {"content_length": None}),
        (411, {"content_length": "-1"}),
        (411, {"transfer_encoding": "chunked"}),
        (413, {"content_length": str(BODY_LIMIT + 1)}),
    ],
)
def test_nothing_else_is_passed_on(
    behind: Upstream, listening: Callable[..., Proxy], status: int, changes: dict[str, Any]
) -> None:
    answered, body = ask(listening(), **changes)
    assert (answered, set(body)) == (status, {"__type", "message"})
    assert behind.sent == []


def test_the_largest_request_is_passed_on(behind: Upstream, listening: Callable[..., Proxy]) -> None:
    assert ask(listening(), body=b" " * BODY_LIMIT)[0] == 200
    assert len(behind.sent[0].body) == BODY_LIMIT


def test_a_request_that_ends_early_is_not_passed_on(behind: Upstream, listening: Callable[..., Proxy]) -> None:
    with socket.create_connection(("127.0.0.1", (at := listening()).port), timeout=10) as client:
        lines = "".join(f"{name}: {value}\r\n" for name, value in (ASKED | {"host": f"127.0.0.1:{at.port}"}).items())
        client.sendall(f"POST / HTTP/1.1\r\n{lines}\r\n".encode())
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1000).startswith(b"HTTP/1.0 400 ")
    assert behind.sent == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_clients_request_is_let_through(host: str) -> None:
    assert proxy.refusal("POST", "/", ASKED | {"host": f"{host}:{PORT}"}, PORT) is None
    assert proxy.refusal("POST", "/", ASKED | {"content-type": f"{CONTENT_TYPE}; charset=UTF-8"}, PORT) is None


def test_refusals_are_read_by_clients() -> None:
    refused = proxy.refusal("GET", "/", ASKED, PORT)
    assert isinstance(refused, Refusal)
    assert json.loads(refused.body)["__type"] == "AccessDeniedException"


def test_it_listens_on_this_machine_only(listening: Callable[..., Proxy]) -> None:
    assert listening().socket.getsockname()[0] == "127.0.0.1"


def test_its_log_has_operations_and_no_secrets(
    behind: Upstream, listening: Callable[..., Proxy], capfd: pytest.CaptureFixture[str]
) -> None:
    at = listening()
    ask(at, authorization="AWS4-HMAC-SHA256 what the client signed", body=b'{"applicationName": "inner"}')
    ask(at, x_amz_target="\x1b[31mnonsense")
    log = capfd.readouterr().err
    assert "CodeDeploy_20141006.ListApplications 200" in log
    assert "?[31mnonsense refused: The proxy passes on requests of CodeDeploy's API only" in log
    sent = str(behind.sent[0])
    for secret in (SECRET, TOKEN, "what the client signed", "inner", behind.sent[0].headers["authorization"]):
        assert secret not in log
    assert "what the client signed" not in sent


@pytest.mark.parametrize(
    ("url", "region", "expected"),
    [
        (URL, None, Target(URL, "eu-west-1")),
        (URL.removesuffix("/"), "us-east-1", Target(URL, "eu-west-1")),
        (
            "http://127.0.0.1:4566/_aws/lambda-url/1/",
            "us-east-1",
            Target("http://127.0.0.1:4566/_aws/lambda-url/1/", "us-east-1"),
        ),
        ("http://localhost:4566", "us-east-1", Target("http://localhost:4566/", "us-east-1")),
        ("https://deploy.example.com/", "us-east-1", Target("https://deploy.example.com/", "us-east-1")),
    ],
)
def test_a_url_tells_its_region(url: str, region: str | None, expected: Target) -> None:
    assert proxy.target(url, region) == expected


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://abc123.lambda-url.eu-west-1.on.aws/", "is not https"),
        ("http://127.0.0.1.example.com/", "is not https"),
        ("ftp://127.0.0.1/", "is not https"),
        ("d-AAAAAAAAA", "is no URL"),
        ("https://[::1", "is no URL"),
        ("https://example.com:99999/", "is no URL"),
        ("https:///", "is no URL"),
        ("", "is no URL"),
        ("https://user:password@example.com/", "is no URL"),
        (f"{URL}?a=b", "is no URL"),
        ("https://example.com/", "does not tell its region"),
    ],
)
def test_an_unusable_url_is_refused(url: str, said: str) -> None:
    with pytest.raises(UnusableTarget, match=said):
        proxy.target(url, None)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str, **environment: str) -> tuple[int, str]:
    """How the command ends, and what it says, where nothing else is configured."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    nowhere = {
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in (nowhere | environment).items():
        monkeypatch.setenv(name, value)
    ended = CliRunner().invoke(command, arguments)
    return ended.exit_code, ended.output


def test_without_credentials_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = run(monkeypatch, URL)
    assert code == 5
    assert "There are no AWS credentials to sign with: sign in" in said


def test_a_profile_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = run(monkeypatch, URL, AWS_PROFILE="shop")
    assert code == 2
    assert "The config profile (shop) could not be found" in said


def test_a_port_that_is_taken_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        code, said = run(monkeypatch, URL, "--port", port, AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b")
    assert code == 2
    assert f"Port {port} cannot be used: " in said


def test_the_help_says_who_can_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = run(monkeypatch, "--help")
    assert code == 0
    assert "every program that runs on this machine" in " ".join(said.split())
    assert "--port" in said


def test_a_shell_whose_traffic_goes_by_a_proxy_is_told_to_leave_this_machine_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    here = f"http://127.0.0.1:{PORT}"
    assert proxy.exports(here) == [f"export AWS_ENDPOINT_URL_CODEDEPLOY={here}"]
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    assert proxy.exports(here)[1:] == ['export NO_PROXY="127.0.0.1${NO_PROXY:+,$NO_PROXY}"']
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert len(proxy.exports(here)) == 1
