"""How often AWS lets an account call, and a front for the emulator that answers as AWS does beyond that.

AWS: Lambda's control plane takes 15 requests a second, all operations together, without Invoke, GetFunction and GetPolicy;
CloudWatch's DescribeAlarms takes 9 a second; StartExecution of Step Functions 300 a second and 1,300 at once in the largest
regions. (Quotas of an account and region, from the services' own pages of quotas.)
Emulator: takes whatever comes.
"""

import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

LAMBDA_CONTROL_PLANE = 15.0
DESCRIBE_ALARMS = 9.0
START_EXECUTION, STARTS_AT_ONCE = 300.0, 1300.0
OF_THEIR_OWN = {"Invoke", "InvokeAsync", "InvokeWithResponseStream", "GetFunction", "GetPolicy"}
"""Lambda's operations that are not counted among the control plane's."""


@dataclass
class Bucket:
    """Requests that may be made now: at most `size`, by default as many as in one second, and `rate` more each second."""

    rate: float
    size: float = 0.0
    _left: float = field(init=False)
    _at: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.size = self.size or self.rate
        self._left = self.size

    def take(self, now: float) -> bool:
        """Whether a request at `now` (in seconds, never less than before) is let through."""
        self._left = min(self.size, self._left + (now - self._at) * self.rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Rates:
    """An account's rates, and what is left of them."""

    def __init__(self) -> None:
        self.refused = 0
        """How many requests were one too many."""
        self._control_plane = Bucket(LAMBDA_CONTROL_PLANE)
        self._alarms = Bucket(DESCRIBE_ALARMS)
        self._starts = Bucket(START_EXECUTION, STARTS_AT_ONCE)

    def allow(self, service: str, operation: str, now: float) -> bool:
        """Whether the account may make that request at `now`, in seconds of AWS."""
        bucket = self._of(service, operation)
        if bucket is None or bucket.take(now):
            return True
        self.refused += 1
        return False

    def _of(self, service: str, operation: str) -> Bucket | None:
        if service == "lambda" and operation not in OF_THEIR_OWN:
            return self._control_plane
        if (service, operation) == ("cloudwatch", "DescribeAlarms"):
            return self._alarms
        if (service, operation) == ("sfn", "StartExecution"):
            return self._starts
        return None


Asgi = Callable[[Any, Any, Callable[[Any], Awaitable[None]]], Awaitable[None]]

_SIGNED_FOR = re.compile(r"Credential=(?P<key>[^/]+)/\d{8}/[^/]+/(?P<service>[^/]+)/")
_FUNCTION = re.compile(r"/2015-03-31/functions/[^/]+(?P<rest>/.*)?")
"""Paths of Lambda's operations on one function."""
_REFUSALS = {
    "lambda": (HTTPStatus.TOO_MANY_REQUESTS, {"Type": "User", "message": "Rate exceeded"}, "TooManyRequestsException"),
    "cloudwatch": (HTTPStatus.BAD_REQUEST, {"__type": "Throttling", "message": "Rate exceeded"}, "Throttling"),
}


def limited(app: Asgi, time_scale: float, unlimited: str) -> Asgi:
    """The ASGI application `app` behind an account's rates, in seconds of AWS; the access key `unlimited` has none."""
    rates = Rates()

    async def front(scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        asked = _asked(scope, unlimited) if scope["type"] == "http" else None
        if asked is None or rates.allow(*asked, time.monotonic() / time_scale):
            await app(scope, receive, send)
            return
        status, body, code = _REFUSALS[asked[0]]
        headers = [(b"content-type", b"application/json"), (b"x-amzn-errortype", code.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    return front


def _asked(scope: dict[str, Any], unlimited: str) -> tuple[str, str] | None:
    """Service and operation of a signed request that rates may apply to."""
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
    signed = _SIGNED_FOR.search(headers.get("authorization", ""))
    if not signed or signed["key"] == unlimited:
        return None
    if signed["service"] == "lambda":
        return "lambda", _operation(scope["method"], scope["path"])
    if signed["service"] == "monitoring":
        return "cloudwatch", headers.get("x-amz-target", "").rpartition(".")[2]
    return None


def _operation(method: str, path: str) -> str:
    """What has a quota of its own by its name, everything else as one."""
    function = _FUNCTION.fullmatch(path)
    rest = function["rest"] if function else None
    if rest == "/invocations":
        return "Invoke"
    if function and not rest and method == "GET":
        return "GetFunction"
    return "GetPolicy" if rest == "/policy" and method == "GET" else "of the control plane"
