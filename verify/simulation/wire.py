"""Where stock boto3 clients meet the simulation: every request of theirs is answered here, or failed by a fault."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NoReturn
from xml.sax.saxutils import escape

import boto3
import botocore.endpoint
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError

from local.rates import Rates
from verify.simulation.clock import Clock, Killed
from verify.simulation.clock import Kind as Due
from verify.simulation.emulator import Answer, Emulator
from verify.simulation.faults import LATE_BY, Call, Fault, Faults, Kind, Span
from weighbridge.aws import clients

LATENCY = 0.004
"""Seconds from a request to its answer."""

Serve = Callable[[str, AWSPreparedRequest], Answer | None]
"""Answers an operation's request in the emulator's place; None where it does not serve it."""

# What each service calls being asked too often, and its HTTP status.
_THROTTLES = {
    "lambda": ("TooManyRequestsException", 429),
    "dynamodb": ("ThrottlingException", 400),
    "sfn": ("ThrottlingException", 400),
    "s3": ("SlowDown", 503),
    "sts": ("Throttling", 400),
    "cloudwatch": ("ThrottlingException", 400),
    "eventbridge": ("ThrottlingException", 400),
    "sns": ("Throttling", 400),
    "cloudformation": ("Throttling", 400),
}
_DENIALS = {"s3": "AccessDenied", "sts": "AccessDenied", "sns": "AuthorizationError", "cloudformation": "AccessDenied"}
_FAILURES = {
    "lambda": "ServiceException",
    "dynamodb": "InternalServerError",
    "s3": "InternalError",
    "sns": "InternalError",
}


class ProcessDied(Killed):
    """The process of a Lambda function ended in the middle of its work."""


@dataclass
class Caller:
    """Whoever makes calls: a function's invocation, of which `event` is its event, or an execution of the state machine."""

    name: str
    event: Any = None
    fault: Fault | None = None
    """What befalls the call that is being made."""
    requests: int = 0
    """How many requests that call has taken so far."""


class Wire:
    """`watch` is called with every request that was answered, by whom it was made, and what the answer was."""

    def __init__(self, clock: Clock, emulator: Emulator, faults: Faults) -> None:
        self._clock = clock
        self._emulator = emulator
        self._faults = faults
        self.served: dict[str, Serve] = {}
        self.rates: Rates | None = None
        """How often the account may call; as often as it likes, where None."""
        self.watch: list[Callable[[str, str, AWSPreparedRequest, Answer], object]] = []
        self.before: list[Callable[[Call], None]] = []

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Meanwhile every client of boto3's default session, and of the functions' own, is connected to the simulation."""
        session = botocore.session.Session()
        session.set_default_client_config(Config(user_agent="simulated"))  # the real one is put together for every request
        session.register("before-call", self._begin)  # type: ignore[arg-type] # called with these names
        session.register("before-send", self._answer)  # type: ignore[arg-type]
        endpoint: Any = botocore.endpoint
        functions: Any = clients
        kept_session, kept_own, kept_time = boto3.DEFAULT_SESSION, clients.session, endpoint.time
        boto3.setup_default_session(botocore_session=session)
        functions.session = lambda: session
        # The pauses before the client tries again.
        endpoint.time = SimpleNamespace(sleep=self._clock.sleep)
        try:
            yield
        finally:
            boto3.DEFAULT_SESSION, functions.session, endpoint.time = kept_session, kept_own, kept_time

    @property
    def _caller(self) -> Caller | None:
        task = self._clock.current
        return task.context if task and isinstance(task.context, Caller) else None

    def _begin(self, event_name: str, **_: Any) -> None:
        caller = self._caller
        if caller is None:
            return
        service, operation = event_name.split(".")[1:]
        call, caller.fault = self._faults.of(caller.name, service, operation, self._clock.now)
        caller.requests = 0
        for look in self.before:
            look(call)

    def _answer(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
        service, operation = event_name.split(".")[1:]
        caller = self._caller
        if caller is None:
            return self._served("user", service, operation, request)
        self._clock.sleep(LATENCY, f"{self._clock.name} asks {service} to {operation}", Due.CALL)
        caller.requests += 1
        if self.rates and not self.rates.allow(service, operation, self._clock.now):
            return self._throttled(request, service)
        fault = caller.fault
        if fault and self._strikes(fault, caller.requests):
            return self._failed(fault.kind, caller, service, operation, request)
        return self._served(caller.name, service, operation, request)

    def _strikes(self, fault: Fault, request: int) -> bool:
        match fault.span:
            case Span.ONCE:
                return request == 1
            case Span.MINUTE:
                return fault.began is not None and self._clock.now <= fault.began + 60
        return not (fault.span is Span.GOOD and fault.ended)

    def _failed(self, kind: Kind, caller: Caller, service: str, operation: str, request: AWSPreparedRequest) -> AWSResponse:
        match kind:
            case Kind.THROTTLED:
                return self._throttled(request, service)
            case Kind.SERVER_ERROR:
                return refusal(request, service, _FAILURES.get(service, "InternalFailure"), 500, "Something went wrong")
            case Kind.DENIED:
                who = f"arn:aws:sts::000000000000:assumed-role/{caller.name}/{caller.name}"
                said = f"User: {who} is not authorized to perform: {operation}"
                return refusal(request, service, _DENIALS.get(service, "AccessDeniedException"), 403, said)
            case Kind.CUT:
                raise ConnectionClosedError(endpoint_url=request.url)
            case Kind.LOST:
                self._served(caller.name, service, operation, request)
                raise ConnectionClosedError(endpoint_url=request.url)
            case Kind.DIES_BEFORE:
                raise ProcessDied
            case Kind.DIES_AFTER:
                self._served(caller.name, service, operation, request)
                raise ProcessDied
            case Kind.TIMES_OUT:
                self._hang(lambda: None)
            case Kind.LATE:
                self._hang(lambda: self._served(caller.name, service, operation, request))
        raise AssertionError(kind)

    def _throttled(self, request: AWSPreparedRequest, service: str) -> AWSResponse:
        code, status = _THROTTLES[service]
        return refusal(request, service, code, status, "Rate exceeded")

    def _hang(self, then: Callable[[], object]) -> NoReturn:
        """Waits until the function is ended; `then` happens a moment later."""
        try:
            while True:
                self._clock.sleep(3600, "an answer that never comes")
        except Killed:
            self._clock.after(LATE_BY, then, "a late call takes effect")
            raise

    def _served(self, who: str, service: str, operation: str, request: AWSPreparedRequest) -> AWSResponse:
        self._clock.changes += 1
        own = self.served.get(service)
        answer = own(operation, request) if own else None
        if answer is None:
            answer = self._emulator.answer(request)
        for look in self.watch:
            look(who, f"{service}.{operation}", request, answer)
        return _response(request, *answer)


class _Body(io.BytesIO):
    """A body as botocore reads one: once, whoever does."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        while chunk := self.read():
            yield chunk


def _response(request: AWSPreparedRequest, status: int, headers: Mapping[str, str], body: bytes) -> AWSResponse:
    return AWSResponse(request.url, status, HTTPHeaders.from_dict(dict(headers)), _Body(body))


def refusal(request: AWSPreparedRequest, service: str, code: str, status: int, message: str) -> AWSResponse:
    """An error as the service's protocol spells it."""
    match service:
        case "s3":
            error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
            return _response(request, status, {"Content-Type": "application/xml"}, error.encode())
        case "sts" | "sns" | "cloudformation":
            error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
            wrapped = f"<ErrorResponse>{error}<RequestId>request</RequestId></ErrorResponse>"
            return _response(request, status, {"Content-Type": "text/xml"}, wrapped.encode())
    body = json.dumps({"__type": code, "message": message}).encode()
    return _response(request, status, {"Content-Type": "application/json", "x-amzn-ErrorType": code}, body)
