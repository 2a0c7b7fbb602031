"""Lambda functions in this process: the deployed handlers themselves, and users' functions as plain Python functions."""

import importlib
import itertools
import json
import os
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from verify.simulation.clock import Clock, Killed, Kind, Task
from verify.simulation.concurrency import Concurrency
from verify.simulation.emulator import Answer, Emulator
from verify.simulation.wire import Caller
from weighbridge.lifecycle import schedule

PROVIDER = "weighbridge-cloudformation"
"""The one function of the stack that has a name of its own, since stacks have to know it."""
START = 0.02
"""Seconds until an invoked function runs."""
BUSY = 0.25
"""Seconds that an invocation takes beside its calls, where there is a limit to how many run at a time."""
TOO_MANY = "Lambda.TooManyRequestsException"
USER = "arn:aws:iam::000000000000:user/somebody"
Event = Any
UserFunction = Callable[[Event], Any]


@dataclass(frozen=True)
class Context:
    function_name: str
    aws_request_id: str
    clock: Clock
    ends: float
    """When, by the clock, the function's time is up."""
    memory_limit_in_mb: int = 512

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:us-east-1:000000000000:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return int(1000 * (self.ends - self.clock.now))


class TimedOut(Killed):
    """Thrown into an invocation that has run as long as its function may."""


class ImportModuleError(Exception):
    """What Lambda makes of a module that cannot be imported."""


@dataclass(frozen=True)
class Outcome:
    """What an invocation gave: what the function returned, as JSON carries it, or its error."""

    value: Any = None
    error: Mapping[str, Any] | None = None

    @property
    def was_refused(self) -> bool:
        """Whether it never ran, since too many others did."""
        return self.error is not None and self.error["errorType"] == TOO_MANY


class Functions:
    """Runs the functions that the emulator knows; `users` maps the names of those that are no handlers to what they do.

    `watch` is called at every invocation that begins: the construct, or a user's function, and the event.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = itertools.count(1)
        self._invoked: Counter[str] = Counter()
        self.users: dict[str, UserFunction] = {}
        self.watch: list[Callable[[str, Event], object]] = []
        self.concurrency: Concurrency | None = None
        """How many invocations run at a time; any number, where None."""
        self.emulator: Emulator
        self.hook_url = ""

    def forget(self) -> None:
        """Invocations are numbered from the first again, and every process is new."""
        self._numbers = itertools.count(1)
        self._invoked.clear()
        schedule.asked_for.clear()

    def load(self) -> None:
        """Takes over the environment of every deployed function, so that all handlers run in this process."""
        for record in self.emulator.functions().values():
            for name, value in record["config"].get("Environment", {}).get("Variables", {}).items():
                known = os.environ.setdefault(name, value)
                if known != value:
                    raise RuntimeError(f"two functions differ in {name}, so they cannot share a process")
        # Tasks share one thread, and what they do has one order.
        vars(importlib.import_module("weighbridge.lifecycle.interrupt"))["at_once"] = _in_turn

    def execute(self, record: Mapping[str, Any], event: Event) -> dict[str, Any]:
        """Runs a function's record for the emulator, and answers as its own executor does."""
        name = record["config"]["FunctionName"]
        outcome = self.invoke(name, event)
        for pause in self.concurrency.pauses() if self.concurrency and self._clock.current else ():
            if not outcome.was_refused:
                break
            self._clock.sleep(pause, f"{self._clock.name} asks for {name} again")
            outcome = self.invoke(name, event)
        if outcome.error is not None:
            return {"body": dict(outcome.error), "error": True, "function_error": "Unhandled"}
        return {"body": outcome.value}

    def invoke(self, name: str, event: Event) -> Outcome:
        """Runs a function and waits until it has ended, in a task; it goes on if the task is ended meanwhile."""
        record = self.emulator.function(name)
        if record is None:
            return Outcome(error={"errorType": "Lambda.ResourceNotFoundException", "errorMessage": f"No function {name}"})
        limits, construct = self.concurrency, _construct(name)
        if limits and not limits.take(construct):
            return Outcome(error={"errorType": TOO_MANY, "errorMessage": "Rate Exceeded."})
        task = self.start(name, event)
        if limits:
            task.when_done(lambda: limits.give_back(construct))
        task.join()
        if isinstance(task.error, TimedOut):
            return Outcome(error={"errorType": "Sandbox.Timedout", "errorMessage": str(task.error)})
        if isinstance(task.error, Killed):
            return Outcome(
                error={"errorType": "Runtime.ExitError", "errorMessage": "Runtime exited with error: exit status 1"}
            )
        if task.error is not None:
            return Outcome(error=_described(task.error))
        return Outcome(task.result)

    def start(self, name: str, event: Event) -> Task:
        """The task in which the function runs; Lambda ends it when its time is up, whether anybody waits for it or not."""
        # Named after who wants it and what it is about, so that it is called the same whatever else was invoked before.
        what = f"{_construct(name)} for {self._clock.name}{_about(event)}"
        self._invoked[what] += 1
        arrived, request_id = json.dumps(event), f"request-{next(self._numbers)}"
        begin = START + (BUSY if self.concurrency else 0)
        timeout = float((self.emulator.function(name) or {"config": {"Timeout": 3}})["config"]["Timeout"])
        context = Context(name, request_id, self._clock, self._clock.now + begin + timeout)
        task = self._clock.spawn(f"{what} {self._invoked[what]}", lambda: self._run(name, arrived, context), delay=begin)
        task.context = Caller(_construct(name), event)
        for look in self.watch:
            look(_construct(name), event)
        too_long = TimedOut(f"Task timed out after {timeout} seconds")
        limit = self._clock.after(
            begin + timeout, lambda: task.kill(too_long), f"{task.name} has run too long", Kind.BACKGROUND
        )
        task.when_done(limit.cancel)
        return task

    def _run(self, name: str, event: str, context: Context) -> Any:
        user = self.users.get(name)
        if user:
            return json.loads(json.dumps(user(json.loads(event))))
        record = self.emulator.function(name)
        if record is None:
            raise KeyError(name)
        module, _, attribute = record["config"]["Handler"].rpartition(".")
        try:
            handler = getattr(importlib.import_module(module), attribute)
        except ImportError as error:
            raise ImportModuleError(f"Unable to import module '{module}': {error}") from error
        return json.loads(json.dumps(handler(json.loads(event), context)))

    def serve_url(self, _operation: str, request: Any) -> Answer:
        """Answers a request to the API's function URL."""
        name = self.named("ReportHook" if self.hook_url and self.hook_url in request.url else "Api")
        body = request.body if isinstance(request.body, str) else (request.body or b"").decode()
        event = {
            "version": "2.0",
            "rawPath": "/",
            "rawQueryString": "",
            "headers": {key.lower(): _text(value) for key, value in request.headers.items()},
            "requestContext": {"http": {"method": request.method, "path": "/"}, "authorizer": {"iam": {"userArn": USER}}},
            "body": body,
            "isBase64Encoded": False,
        }
        outcome = self.invoke(name, event)
        if outcome.was_refused:
            return 429, {"Content-Type": "application/json"}, b'{"Message": "Rate Exceeded."}'
        if outcome.error is not None:
            return 502, {"Content-Type": "application/json"}, b'{"Message": "Internal Server Error"}'
        answer = outcome.value
        return answer["statusCode"], answer["headers"], answer["body"].encode()

    def named(self, construct: str) -> str:
        """The name of the deployed function of a construct."""
        [name] = [name for name in self.emulator.functions() if name.startswith(f"Weighbridge-{construct}Function")]
        return name

    def serve(self, operation: str, request: Any) -> Answer | None:
        """Answers Lambda's Invoke in the emulator's place."""
        if operation != "Invoke":
            return None
        name = request.url.partition("/functions/")[2].partition("/")[0]
        name = name.replace("%3A", ":").rpartition("function:")[2].partition(":")[0]
        if self.emulator.function(name) is None:
            error = json.dumps({"Type": "User", "Message": f"Function not found: {name}"}).encode()
            return 404, {"x-amzn-ErrorType": "ResourceNotFoundException", "Content-Type": "application/json"}, error
        match _text(request.headers.get("X-Amz-Invocation-Type", "")):
            case "DryRun":
                return 204, {}, b""
            case "Event":
                self.emulator.invoke_later(name, json.loads(request.body))
                return 202, {}, b""
        outcome = self.invoke(name, json.loads(request.body))
        if outcome.was_refused:
            error = json.dumps({"Type": "User", "message": "Rate Exceeded."}).encode()
            return 429, {"x-amzn-ErrorType": "TooManyRequestsException", "Content-Type": "application/json"}, error
        if outcome.error is not None:
            return 200, {"X-Amz-Function-Error": "Unhandled"}, json.dumps(outcome.error).encode()
        return 200, {}, json.dumps(outcome.value).encode()


def _in_turn(work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
    return [work(item) for item in items]


def _construct(name: str) -> str:
    """The name of the construct that a deployed function belongs to; other functions keep their own."""
    if name == PROVIDER:
        return "ManageAlias"
    return name.removeprefix("Weighbridge-").partition("Function")[0]


def _about(event: Event) -> str:
    """What an event of EventBridge's is about: an execution, a deployment or an alarm."""
    detail = event.get("detail") if isinstance(event, dict) else None
    if not isinstance(detail, dict):
        return ""
    return "".join(f" about {detail[name]}" for name in ("name", "deploymentId", "alarmName") if name in detail)


def _described(error: BaseException) -> dict[str, Any]:
    trace = traceback.format_tb(error.__traceback__)[1:]
    kind = "Runtime.ImportModuleError" if isinstance(error, ImportModuleError) else type(error).__name__
    return {"errorMessage": str(error), "errorType": kind, "requestId": "request", "stackTrace": trace}


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
