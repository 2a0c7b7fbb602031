"""A proxy on this machine by which stock clients of CodeDeploy reach Weighbridge's `ApiUrl`: `weighbridge proxy`.

They sign for the service `codedeploy`, which the IAM authorization of a function URL refuses. The proxy takes their
requests as they are, signs them for `lambda` with the credentials of whoever started it, and sends them on. So whoever can
reach its port acts as them: it listens on 127.0.0.1 only, answers no web page, and passes on CodeDeploy's requests alone.
"""

import contextlib
import ipaddress
import json
import re
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from urllib.parse import urlsplit

import click
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.httpsession import URLLib3Session
from botocore.session import Session
from botocore.utils import get_environ_proxies

from weighbridge_cli.exits import OutOfReach, Refused

HOST = "127.0.0.1"
VARIABLE = "AWS_ENDPOINT_URL_CODEDEPLOY"
CONTENT_TYPE = "application/x-amz-json-1.1"
BODY_LIMIT = 1024 * 1024
"""Bytes a request may have: as many as the API takes."""
SECONDS_TO_ANSWER = 60
"""The API's function has thirty seconds, and has to start."""
SECONDS_TO_SEND = 30
"""How long a client on this machine may take for its request."""
_TARGET = re.compile(r"CodeDeploy_20141006\.[A-Za-z]{1,100}")
_FUNCTION_URL = re.compile(r"[a-z0-9]+\.lambda-url\.(?P<region>[a-z0-9-]+)\.on\.aws(?:\.cn)?")
_PASSED_BACK = ("Content-Type", "x-amzn-RequestId", "x-amzn-ErrorType")

CredentialsNow = Callable[[], ReadOnlyCredentials]
"""The credentials that hold at the moment; raises one of NO_CREDENTIALS where they have run out and cannot be renewed."""
NO_CREDENTIALS = (BotoCoreError, ClientError, RuntimeError)


class UnusableTarget(Exception):
    """The URL cannot be signed for, or should not be; the message says why."""


@dataclass(frozen=True)
class Target:
    """Where requests go, and the region that they are signed for."""

    url: str
    region: str


@dataclass(frozen=True)
class Refusal:
    """What a request is answered that is not passed on: in CodeDeploy's protocol, so that its clients show the message."""

    status: HTTPStatus
    error: str
    message: str

    @property
    def body(self) -> bytes:
        return json.dumps({"__type": self.error, "message": self.message}).encode()


def target(url: str, region: str | None) -> Target:
    """The target at `url`, whose host tells its region; `region` is the one of a URL that tells none.

    Raises UnusableTarget.
    """
    no_url = UnusableTarget("That is no URL of the stack: take the output ApiUrl (or HookUrl) as it stands.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise no_url from error
    if not parts.hostname or port == 0 or parts.query or parts.fragment or parts.username is not None:
        raise no_url
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise UnusableTarget(f"{url!r} is not https: what is signed goes over the network encrypted only.")
    match = _FUNCTION_URL.fullmatch(parts.hostname)
    signed_for = match["region"] if match else region
    if not signed_for:
        raise UnusableTarget("The URL does not tell its region: set AWS_DEFAULT_REGION, or give --region.")
    return Target(parts._replace(path=parts.path or "/").geturl(), signed_for)


def _is_loopback(hostname: str) -> bool:
    try:
        return ipaddress.ip_address(hostname).is_loopback
    except ValueError:
        return hostname == "localhost"


def refusal(method: str, path: str, headers: Mapping[str, str], port: int) -> Refusal | None:
    """Why a request (header names in lower case) at the proxy's `port` is not passed on; None where it is.

    A browser sends none of this by itself: a page's script cannot set Host, and has to ask beforehand, which nothing here
    permits, for the type of the body and for X-Amz-Target.
    """
    if headers.get("host") not in {f"{HOST}:{port}", f"localhost:{port}"}:
        return _denied(f"The proxy answers to its own address only: use http://{HOST}:{port}.")
    if "origin" in headers or headers.get("sec-fetch-site", "none") != "none":
        return _denied("The proxy answers no web page.")
    if method != "POST" or path != "/":
        return _denied(f"The proxy takes POST requests to / only: use http://{HOST}:{port} as the endpoint of CodeDeploy.")
    if not _TARGET.fullmatch(headers.get("x-amz-target", "")):
        return _denied("The proxy passes on requests of CodeDeploy's API only; the header X-Amz-Target names none.")
    if headers.get("content-type", "").partition(";")[0].strip().lower() != CONTENT_TYPE:
        return _denied(f"The proxy takes the Content-Type {CONTENT_TYPE} only.")
    length = headers.get("content-length", "")
    if not re.fullmatch("[0-9]{1,10}", length) or "transfer-encoding" in headers:
        return Refusal(HTTPStatus.LENGTH_REQUIRED, "SerializationException", "The request does not say how long it is.")
    if int(length) > BODY_LIMIT:
        message = f"A request may have at most {BODY_LIMIT} bytes."
        return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "RequestEntityTooLargeException", message)
    return None


def _denied(message: str) -> Refusal:
    return Refusal(HTTPStatus.FORBIDDEN, "AccessDeniedException", message)


def signed(to: Target, operation: str, body: bytes, credentials: ReadOnlyCredentials) -> AWSRequest:
    """A request of CodeDeploy's API, signed for a function URL; `operation` is its X-Amz-Target."""
    headers = {"Content-Type": CONTENT_TYPE, "X-Amz-Target": operation}
    request = AWSRequest(method="POST", url=to.url, data=body, headers=headers)
    SigV4Auth(credentials, "lambda", to.region).add_auth(request)
    return request


class Proxy(ThreadingHTTPServer):
    """Listens at once, and serves by `serve_forever`. Raises OSError where the port is taken; 0 is a free one."""

    daemon_threads = True

    def __init__(self, to: Target, port: int, credentials: CredentialsNow, upstream: URLLib3Session) -> None:
        super().__init__((HOST, port), _Request)
        self.to = to
        self.credentials = credentials
        self.upstream = upstream

    @property
    def port(self) -> int:
        return self.server_port

    def server_bind(self) -> None:
        """Without the look-up of the host's name that HTTPServer makes, which can take seconds."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, int(self.server_address[1])


class _Request(BaseHTTPRequestHandler):
    server: Proxy
    timeout = SECONDS_TO_SEND

    def _answer(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        refused = refusal(self.command, self.path, headers, self.server.port) or self._pass_on(headers)
        if refused:
            self.log_message("%s refused: %s", headers.get("x-amz-target", "a request")[:150], refused.message)
            self._send(refused.status, {"Content-Type": CONTENT_TYPE}, refused.body)

    do_GET = do_HEAD = do_OPTIONS = do_PUT = do_PATCH = do_DELETE = do_POST = _answer  # noqa: N815 - so the base class calls them

    def _pass_on(self, headers: Mapping[str, str]) -> Refusal | None:
        """Hands the answer of the target to the client; what to answer instead where there is none."""
        operation, length = headers["x-amz-target"], int(headers["content-length"])
        body = self.rfile.read(length)
        if len(body) < length:
            return Refusal(HTTPStatus.BAD_REQUEST, "SerializationException", "The request ends early.")
        try:
            request = signed(self.server.to, operation, body, self.server.credentials())
        except NO_CREDENTIALS as error:
            message = f"The proxy's credentials cannot be used: {error}"
            return Refusal(HTTPStatus.FORBIDDEN, "ExpiredTokenException", message)
        try:
            answer = self.server.upstream.send(request.prepare())
        except BotoCoreError as error:
            message = f"The proxy could not reach Weighbridge: {error}"
            return Refusal(HTTPStatus.BAD_GATEWAY, "ServiceUnavailableException", message)
        self.log_message("%s %d", operation, answer.status_code)
        if answer.status_code == HTTPStatus.FORBIDDEN:
            self.log_message("It takes lambda:InvokeFunctionUrl and lambda:InvokeFunction on the function behind the URL.")
        passed = {name: answer.headers[name] for name in _PASSED_BACK if name in answer.headers}
        self._send(answer.status_code, passed, answer.content)
        return None

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            with contextlib.suppress(ConnectionError):  # the client has gone
                self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:  # noqa: A002 - the base class names it so
        """A printable line on standard error: untrusted text is in it."""
        click.echo("".join(c if c.isprintable() else "?" for c in format % values), err=True)


def exports(proxy_url: str) -> list[str]:
    """The lines that point a shell's clients at the proxy."""
    lines = [f"export {VARIABLE}={proxy_url}"]
    if get_environ_proxies(proxy_url):  # by way of which nobody comes back to this machine
        lines.append(f'export NO_PROXY="{HOST}${{NO_PROXY:+,$NO_PROXY}}"')
    return lines


def serve(to: Target, port: int, session: Session) -> None:
    """Listens, prints the lines to paste, and passes on until it is interrupted. Raises Refused, OutOfReach."""
    try:
        credentials = _credentials(session)
        upstream = URLLib3Session(
            verify=session.get_config_variable("ca_bundle") or True,
            proxies=get_environ_proxies(to.url),
            timeout=SECONDS_TO_ANSWER,
        )
    except NO_CREDENTIALS as error:
        raise OutOfReach(f"Your AWS configuration cannot be used: {error}") from error
    try:
        proxy = Proxy(to, port, credentials, upstream)
    except OSError as error:
        raise Refused(f"Port {port} cannot be used: {error.strerror}. Choose another one.") from error
    with proxy:
        try:
            signal.signal(signal.SIGTERM, _interrupt)
            _explain(proxy)
            proxy.serve_forever()
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)


def _credentials(session: Session) -> CredentialsNow:
    credentials = session.get_credentials()
    if credentials is None:
        raise OutOfReach("There are no AWS credentials to sign with: sign in, give --profile, or set AWS_PROFILE.")
    credentials.get_frozen_credentials()  # what cannot be had now is told now, and who is asked for a code is asked now
    return credentials.get_frozen_credentials


def _explain(proxy: Proxy) -> None:
    here = f"http://{HOST}:{proxy.port}"
    click.echo(f"Passing on CodeDeploy's requests from {here} to {proxy.to.url} until you press Ctrl-C.", err=True)
    click.echo(
        "Each is signed with your credentials, whichever program on this machine sends it. Nothing else is let through:\n"
        "no other service's requests, no web page's, none from other machines. In the shell of your client:\n",
        err=True,
    )
    for line in exports(here):
        click.echo(line)
    sys.stdout.flush()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
