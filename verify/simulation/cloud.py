"""An account in this process with Weighbridge deployed to it, in virtual time."""

import importlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest

from local.cloud import REGION, ROOT
from local.deployment import deploy
from verify.simulation.clock import Clock, Kind
from verify.simulation.concurrency import reserved_in
from verify.simulation.emulator import ENDPOINT, Answer, Emulator
from verify.simulation.faults import Faults
from verify.simulation.functions import Functions
from verify.simulation.machine import Machine
from verify.simulation.stacks import Stacks
from verify.simulation.wire import Wire

START = datetime(2026, 1, 1, 6, 0, tzinfo=UTC)
POLL = 0.2
"""Seconds between two looks at the table's stream."""
_WRITES = {f"dynamodb.{operation}" for operation in ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems")}


@dataclass(frozen=True)
class Write:
    """An UpdateAlias that took effect, by a function of the stack or by a user."""

    who: str
    function: str
    routing: tuple[str, Mapping[str, float]]
    revision_id: str


@dataclass
class Cloud:
    """What `simulated` opens. `outputs` are those of the stack."""

    clock: Clock
    emulator: Emulator
    functions: Functions
    machine: Machine
    stacks: Stacks
    wire: Wire
    faults: Faults
    outputs: Mapping[str, str]
    client: Callable[[str], Any]
    reserved: Mapping[str, int]
    """What the template has functions reserve of the account's concurrency, by construct."""
    writes: list[Write] = field(default_factory=list)
    region: str = REGION
    is_reading: bool = False
    endpoint: str = ENDPOINT
    time_scale: float = 1

    def since(self, stamp: str) -> float:
        """Seconds from the start of the clock to a time in ISO 8601, as records tell it."""
        return (datetime.fromisoformat(stamp) - self.clock.start).total_seconds()

    def forget(self) -> None:
        """Back to how the account was when it was remembered; users' functions stay."""
        self.clock.clear()
        self.functions.forget()
        self.faults.forget()
        self.machine.forget()
        self.stacks.forget()
        self.writes.clear()
        self.clock.output.seek(0)
        self.clock.output.truncate()
        self.emulator.forget(self.outputs["TableName"])
        self._begin()

    def _note_write(self, who: str, operation: str, request: AWSPreparedRequest, answered: Answer) -> None:
        status, _, body = answered
        if operation != "lambda.UpdateAlias" or status >= 300:  # noqa: PLR2004
            return
        alias = json.loads(body)
        weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        function = request.url.partition("/functions/")[2].partition("/")[0]
        self.writes.append(Write(who, function, (alias["FunctionVersion"], weights), alias["RevisionId"]))

    def _begin(self) -> None:
        """What goes on by itself: the stream is read, schedules come round."""
        self.is_reading = False
        for name, rule, targets in self.emulator.rules():
            schedule = str(rule.get("ScheduleExpression") or "")
            if schedule:
                [count, unit] = schedule.removeprefix("rate(").removesuffix(")").split()
                seconds = int(count) * {"minute": 60, "hour": 3600}[unit.removesuffix("s")]
                self._repeat(name, seconds, [str(target["Arn"]).rpartition(":")[2] for target in targets])

    def _note_change(self, _who: str, operation: str, _request: AWSPreparedRequest, _answered: Answer) -> None:
        """Has the table's stream read in a moment, and again until all of it is."""
        if operation not in _WRITES or self.is_reading:
            return
        self.is_reading = True

        def read() -> None:
            try:
                while self.emulator.has_unread_changes():
                    self.clock.sleep(POLL, "the stream is read")
                    self.emulator.poll_streams()
            finally:
                self.is_reading = False

        self.clock.spawn("stream", read)

    def _repeat(self, rule: str, seconds: float, functions: list[str]) -> None:
        event = {
            "version": "0",
            "id": rule,
            "source": "aws.events",
            "detail-type": "Scheduled Event",
            "time": self.clock.time.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "detail": {},
        }

        def fire() -> None:
            if self.emulator.is_enabled(rule):
                for function in functions:
                    self.emulator.invoke_later(function, event)
            self._repeat(rule, seconds, functions)

        self.clock.after(seconds, fire, f"the schedule of {rule}", Kind.BACKGROUND)


@contextmanager
def _sleeping(clock: Clock) -> Iterator[None]:
    """Meanwhile a task that sleeps lets virtual time pass."""
    real = time.sleep
    time.sleep = lambda seconds: clock.sleep(float(seconds)) if clock.current else real(seconds)
    try:
        yield
    finally:
        time.sleep = real


@contextmanager
def _logging(clock: Clock) -> Iterator[None]:
    """Meanwhile the handlers' loggers write to the clock's output, whoever imported them first."""
    names = [path.stem for path in (ROOT / "functions" / "weighbridge" / "handlers").glob("[!_]*.py")]
    loggers = [importlib.import_module(f"weighbridge.handlers.{name}").logger for name in names]
    writers = {handler for logger in loggers for handler in logger.handlers if isinstance(handler, logging.StreamHandler)}
    before = [(writer, writer.setStream(clock.output)) for writer in writers]
    try:
        yield
    finally:
        for writer, stream in before:
            writer.setStream(stream)


@contextmanager
def _answering(stacks: Stacks) -> Iterator[None]:
    """Meanwhile answers to CloudFormation reach the simulated one."""
    adapter = importlib.import_module("weighbridge.aws.cloudformation")
    real, adapter.send = adapter.send, stacks.send  # type: ignore[attr-defined]
    try:
        yield
    finally:
        adapter.send = real  # type: ignore[attr-defined]


@contextmanager
def simulated(assembly: Path) -> Iterator[Cloud]:
    """An account with the stack of a cloud assembly in it."""
    with Clock(START) as clock:
        functions, faults = Functions(clock), Faults()
        emulator = Emulator(clock, functions.execute)
        functions.emulator = emulator
        machine = Machine(clock, emulator, functions, faults)
        wire = Wire(clock, emulator, faults)
        wire.served |= {"lambda": functions.serve, "sfn": machine.serve}
        wire.served |= {"codedeploy": functions.serve_url, "weighbridge": functions.serve_url}
        with wire.connected(), _sleeping(clock), _logging(clock), ExitStack() as meanwhile:
            client = cache(boto3.client)
            stacks = Stacks(clock, emulator)
            cloud = Cloud(clock, emulator, functions, machine, stacks, wire, faults, {}, client, reserved_in(assembly))
            cloud.outputs = deploy(cloud, assembly)
            stacks.token = cloud.outputs["ServiceToken"]
            wire.served["cloudformation"] = stacks.serve  # from now on: the installation itself is the emulator's
            meanwhile.enter_context(_answering(stacks))
            functions.load()
            functions.hook_url = cloud.outputs.get("HookUrl", "")
            machine.load(cloud.outputs["StateMachineArn"])
            wire.watch.append(cloud._note_write)
            wire.watch.append(cloud._note_change)
            cloud._begin()
            yield cloud
