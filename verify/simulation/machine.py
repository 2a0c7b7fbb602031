"""Step Functions' API in virtual time: executions of the deployed definition are started, described, ended and reported.

The emulator leaves out a machine's TimeoutSeconds; nested executions run here without threads.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import stepfunctions

from verify.simulation.callbacks import Callbacks, Wait
from verify.simulation.clock import Clock, Signal
from verify.simulation.clock import Kind as Due
from verify.simulation.emulator import Answer, Emulator
from verify.simulation.execution import CALLER, Execution, Position, Refused, StatesError, Status
from verify.simulation.faults import Faults
from verify.simulation.functions import Functions
from verify.simulation.integrations import Integrations
from verify.simulation.states import TRANSITION, Look, States
from verify.simulation.wire import Caller


class Machine:
    """One state machine. `entering` is called with each state before it is run, and may end the execution."""

    def __init__(self, clock: Clock, emulator: Emulator, functions: Functions, faults: Faults) -> None:
        self._clock, self._emulator = clock, emulator
        self._callbacks = Callbacks(clock)
        self.executions: dict[str, Execution] = {}
        self.entering: list[Look] = []
        self.definition: dict[str, Any] = {}
        self.arn = ""
        self._states = States(clock, self._callbacks, Integrations(clock, functions, faults, self.start), self.entering)

    def load(self, arn: str) -> None:
        self.arn = arn
        self.definition = json.loads(stepfunctions._state_machines[arn]["definition"])

    def forget(self) -> None:
        self.executions.clear()
        self._callbacks.forget()

    @property
    def waits(self) -> dict[str, bool]:
        """Every task token that was given out, and whether the wait for it is over."""
        return {token: wait.ended.is_set for token, wait in self._callbacks.waits.items()}

    def wait_of(self, execution: str) -> tuple[str, Wait]:
        """A token, and the wait for it, of an execution of another machine, which is not played."""
        return self._callbacks.begin(execution)

    def serve(self, operation: str, request: Any) -> Answer:
        asked = json.loads(request.body)
        try:
            answered = _OPERATIONS[operation](self, asked)
        except Refused as refused:
            body = json.dumps({"__type": refused.code, "message": str(refused)}).encode()
            return 400, {"Content-Type": "application/x-amz-json-1.0"}, body
        return 200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(answered).encode()

    def start(self, name: str, state_input: str, at: Position | None = None) -> Execution:
        """Starts an execution; the same name and input again is the same execution for as long as it runs."""
        existing = self.executions.get(name)
        if existing:
            if existing.status == "RUNNING" and existing.input == state_input:
                return existing
            raise Refused("ExecutionAlreadyExists", f"Execution Already Exists: '{existing.arn}'")
        arn = f"{self.arn.replace(':stateMachine:', ':execution:')}:{name}"
        execution = Execution(name, arn, self.arn, state_input, Signal(self._clock), self._clock.now, at=at)
        self.executions[name] = execution
        execution.task = self._clock.spawn(f"execution {name}", lambda: self._run(execution), delay=TRANSITION)
        execution.task.context = Caller(CALLER)
        limit = self.definition.get("TimeoutSeconds")
        if limit:
            self._clock.after(limit, lambda: self.end(execution, "TIMED_OUT"), f"{name} takes too long", Due.BACKGROUND)
        return execution

    def end(self, execution: Execution, status: Status, error: str | None = None, cause: str | None = None) -> None:
        """Ends an execution, whatever it does at the moment; functions that run for it go on."""
        if execution.status != "RUNNING":
            return
        execution.status, execution.error, execution.cause = status, error, cause
        self._clock.changes += 1
        if status == "ABORTED":
            for child in execution.children:
                self.end(child, "ABORTED")
        if execution.task and execution.task is not self._clock.current:
            execution.task.kill()
        self._tell(execution)
        execution.ended.set()

    def _run(self, execution: Execution) -> None:
        try:
            output = self._states.run(execution, self.definition)
        except StatesError as failure:
            self.end(execution, "FAILED", failure.error, failure.cause)
        else:
            execution.output = json.dumps(output)
            self.end(execution, "SUCCEEDED")

    def _tell(self, execution: Execution) -> None:
        detail = {
            "executionArn": execution.arn,
            "stateMachineArn": execution.machine,
            "name": execution.name,
            "status": execution.status,
            "input": execution.input,
            "error": execution.error,
            "cause": execution.cause,
        }
        self._emulator.put_event(
            {
                "Source": "aws.states",
                "DetailType": "Step Functions Execution Status Change",
                "Detail": json.dumps(detail),
                "Resources": [execution.arn],
            }
        )

    def _started(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        execution = self.start(asked["name"], asked["input"])
        return {"executionArn": execution.arn, "startDate": self._clock.start.timestamp() + execution.started}

    def _describe(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        described = self.described(asked["executionArn"].rpartition(":")[2])
        if described is None:
            raise Refused("ExecutionDoesNotExist", f"Execution Does Not Exist: '{asked['executionArn']}'")
        return described

    def described(self, name: str) -> dict[str, Any] | None:
        """An execution as DescribeExecution describes it; None where there is none of that name."""
        execution = self.executions.get(name)
        if execution is None:
            return None
        described = {
            "executionArn": execution.arn,
            "stateMachineArn": execution.machine,
            "name": execution.name,
            "status": execution.status,
            "startDate": self._clock.start.timestamp() + execution.started,
            "input": execution.input,
        }
        for part in ("error", "cause", "output"):
            if (value := getattr(execution, part)) is not None:
                described[part] = value
        return described

    def _listed(self, _asked: Mapping[str, Any]) -> dict[str, Any]:
        return {"executions": [self.described(name) for name in self.executions]}

    def _history_of(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The states that were entered; of a real history that is what anybody looks for here."""
        execution = self.executions[asked["executionArn"].rpartition(":")[2]]
        entered = [
            {"id": number, "type": "StateEntered", "timestamp": 0, "stateEnteredEventDetails": {"name": name}}
            for number, name in enumerate(execution.states, 1)
        ]
        return {"events": entered}

    def _stopped(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        execution = self.executions[asked["executionArn"].rpartition(":")[2]]
        self.end(execution, "ABORTED", asked.get("error"), asked.get("cause"))
        return {"stopDate": self._clock.start.timestamp() + self._clock.now}


_OPERATIONS: dict[str, Callable[[Machine, Mapping[str, Any]], dict[str, Any]]] = {
    "StartExecution": Machine._started,
    "DescribeExecution": Machine._describe,
    "GetExecutionHistory": Machine._history_of,
    "ListExecutions": Machine._listed,
    "StopExecution": Machine._stopped,
    "SendTaskSuccess": lambda machine, asked: machine._callbacks.succeeded(asked),
    "SendTaskFailure": lambda machine, asked: machine._callbacks.failed(asked),
    "SendTaskHeartbeat": lambda machine, asked: machine._callbacks.beat(asked),
}
