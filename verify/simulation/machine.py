"""Step Functions in virtual time: runs the deployed definition and answers the service's API.

States and expressions are evaluated by the emulator's own functions. What it leaves out is here: retries with
MaxDelaySeconds and jitter, a machine's TimeoutSeconds, the bound of its history, callback tasks and nested executions
without threads.
"""

import itertools
import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from ministack.services import stepfunctions

from verify.simulation.clock import Clock, Killed, Signal, Task
from verify.simulation.clock import Kind as Due
from verify.simulation.emulator import Answer, Emulator
from verify.simulation.faults import Call, Fault, Faults, Kind
from verify.simulation.functions import Functions
from verify.simulation.wire import LATENCY, Caller

MOST_EVENTS = 25_000
TRANSITION = 0.01
"""Seconds from one state to the next."""
Status = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]
StatesError = stepfunctions._ExecutionError
CALLER = "state machine"


@dataclass
class Wait:
    """A callback task that waits for its token."""

    ended: Signal
    output: Any = None
    failure: tuple[str, str] | None = None


@dataclass(frozen=True)
class Position:
    """A state that is about to be run, with its input and the variables."""

    state: str
    value: Any
    variables: Mapping[str, Any]


@dataclass
class Execution:
    """An execution; `states` are those that it has entered, `events` the length of its history."""

    name: str
    arn: str
    input: str
    ended: Signal
    started: float
    status: Status = "RUNNING"
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    states: list[str] = field(default_factory=list)
    events: int = 1
    at: "Position | None" = None
    """Where it begins, if not at the definition's first state, and then where it is."""
    task: Task | None = None
    children: list["Execution"] = field(default_factory=list)


class Machine:
    """One state machine. `entering` is told of each state before it is run, and may end the execution."""

    def __init__(self, clock: Clock, emulator: Emulator, functions: Functions, faults: Faults) -> None:
        self._clock, self._emulator, self._functions, self._faults = clock, emulator, functions, faults
        self._chance = random.Random(1)
        self._tokens = itertools.count(1)
        self._waits: dict[str, Wait] = {}
        self._client: Any = None
        self.executions: dict[str, Execution] = {}
        self.entering: list[Callable[[Execution, str], None]] = []
        self.definition: dict[str, Any] = {}
        self.arn = ""

    def load(self, arn: str) -> None:
        self.arn = arn
        self.definition = json.loads(stepfunctions._state_machines[arn]["definition"])

    def forget(self) -> None:
        self.executions.clear()
        self._waits.clear()
        self._tokens = itertools.count(1)

    @property
    def waits(self) -> dict[str, bool]:
        """The task tokens that were given out, and whether the wait for each is over."""
        return {token: wait.ended.is_set for token, wait in self._waits.items()}

    @property
    def tokens(self) -> list[str]:
        """Every task token that was given out."""
        return list(self._waits)

    # ------------------------------------------------------------------------------------------------- the service

    def serve(self, operation: str, request: Any) -> Answer:
        asked = json.loads(request.body)
        try:
            answered = _OPERATIONS[operation](self, asked)
        except _Refused as refused:
            body = json.dumps({"__type": refused.code, "message": str(refused)}).encode()
            return 400, {"Content-Type": "application/x-amz-json-1.0"}, body
        return 200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(answered).encode()

    def start(self, name: str, state_input: str, at: Position | None = None) -> Execution:
        """Starts an execution; the same name and input again is the same execution for as long as it runs."""
        existing = self.executions.get(name)
        if existing:
            if existing.status == "RUNNING" and existing.input == state_input:
                return existing
            raise _Refused("ExecutionAlreadyExists", f"Execution Already Exists: '{existing.arn}'")
        arn = f"{self.arn.replace(':stateMachine:', ':execution:')}:{name}"
        execution = Execution(name, arn, state_input, Signal(self._clock), self._clock.now, at=at)
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

    def _tell(self, execution: Execution) -> None:
        detail = {
            "executionArn": execution.arn,
            "stateMachineArn": self.arn,
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
            raise _Refused("ExecutionDoesNotExist", f"Execution Does Not Exist: '{asked['executionArn']}'")
        return described

    def described(self, name: str) -> dict[str, Any] | None:
        """An execution as DescribeExecution tells of it; None where there is none of that name."""
        execution = self.executions.get(name)
        if execution is None:
            return None
        described = {
            "executionArn": execution.arn,
            "stateMachineArn": self.arn,
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

    def _succeeded(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        wait = self._open(asked["taskToken"])
        wait.output = json.loads(asked["output"])
        wait.ended.set()
        return {}

    def _failed(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        wait = self._open(asked["taskToken"])
        wait.failure = (asked.get("error", ""), asked.get("cause", ""))
        wait.ended.set()
        return {}

    def _open(self, token: str) -> Wait:
        wait = self._waits.get(token)
        if wait is None:
            raise _Refused("InvalidToken", "Invalid Token: 'Invalid token'")
        if wait.ended.is_set:
            raise _Refused("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
        return wait

    # ------------------------------------------------------------------------------------------------ an execution

    def _run(self, execution: Execution) -> None:
        context: dict[str, Any] = {
            "QueryLanguage": "JSONata",
            "Execution": {"Id": execution.arn, "Name": execution.name, "Input": json.loads(execution.input)},
            "StateMachine": {"Id": self.arn, "Name": self.arn.rpartition(":")[2]},
            "variables": dict(execution.at.variables) if execution.at else {},
        }
        first = execution.at or Position(self.definition["StartAt"], json.loads(execution.input), {})
        name: str | None = first.state
        value = first.value
        try:
            while name is not None:
                execution.at = Position(name, value, dict(context["variables"]))
                value, name = self._step(execution, name, value, context)
                self._clock.sleep(TRANSITION, f"{execution.name} goes to {name}")
        except StatesError as failure:
            self.end(execution, "FAILED", failure.error, failure.cause)
        else:
            execution.output = json.dumps(value)
            self.end(execution, "SUCCEEDED")

    def _step(self, execution: Execution, name: str, value: Any, context: dict[str, Any]) -> tuple[Any, str | None]:
        """Runs a state; what it puts out, and the state that follows, None after the last."""
        state = self.definition["States"][name]
        execution.states.append(name)
        self._history(execution, 2)
        context["State"] = {"Name": name, "RetryCount": 0}
        for look in self.entering:
            look(execution, name)
        match state["Type"]:
            case "Choice":
                output, following = stepfunctions._execute_choice(state, value, context)
                return output, following
            case "Succeed":
                return value, None
            case "Fail":
                error, cause = (
                    stepfunctions._apply_jsonata_template(state[part], value, context) for part in ("Error", "Cause")
                )
                raise StatesError(error, cause)
        return self._task(execution, state, value, context)

    def _history(self, execution: Execution, events: int) -> None:
        execution.events += events
        if execution.events >= MOST_EVENTS:
            self.end(execution, "FAILED", "States.Runtime", f"The execution reached {MOST_EVENTS} events.")
            raise Killed

    def _task(
        self, execution: Execution, state: dict[str, Any], value: Any, context: dict[str, Any]
    ) -> tuple[Any, str | None]:
        tries: dict[int, int] = {}
        while True:
            self._history(execution, 3)
            try:
                result = self._attempt(execution, state, value, context)
                output = stepfunctions._apply_jsonata_output(state, value, context, result=result, default=result)
                stepfunctions._apply_state_assign(state, value, context, result=result)
            except StatesError as failure:
                retrier, place = stepfunctions._find_matching_retrier(state.get("Retry", []), failure.error, tries)
                if retrier is not None:
                    self._clock.sleep(self._pause(retrier, tries.get(place, 0)), f"{execution.name} tries again")
                    tries[place] = tries.get(place, 0) + 1
                    continue
                catcher = stepfunctions._find_matching_catcher(state.get("Catch", []), failure.error)
                if catcher is None:
                    raise
                caught = {"Error": failure.error, "Cause": failure.cause}
                output = stepfunctions._apply_catcher(catcher, value, context, "JSONata", caught)
                return output, catcher["Next"]
            return output, state.get("Next")

    def _pause(self, retrier: Mapping[str, Any], retries: int) -> float:
        longest = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** min(retries, 60)
        longest = min(longest, retrier.get("MaxDelaySeconds", longest))
        return self._chance.uniform(0, longest) if retrier.get("JitterStrategy") == "FULL" else float(longest)

    def _attempt(self, execution: Execution, state: dict[str, Any], value: Any, context: dict[str, Any]) -> Any:
        service, _, pattern = state["Resource"].partition(":::")[2].partition(".")
        wait = Wait(Signal(self._clock))
        if pattern == "waitForTaskToken":
            token = f"token-{next(self._tokens)}-of-{execution.name}"
            context["Task"] = {"Token": token}
            self._waits[token] = wait
        arguments = stepfunctions._apply_jsonata_arguments(state, value, context)
        limit = None
        if "TimeoutSeconds" in state:
            limit = stepfunctions._jsonata_state_field(state, "TimeoutSeconds", "number", value, context)
        match service.removeprefix("aws-sdk:"):
            case "lambda:invoke":
                name = arguments["FunctionName"].rpartition(":")[2]
                run: Callable[[], Any] = lambda: self._invoke(name, arguments["Payload"])  # noqa: E731
            case "states:startExecution":
                run = lambda: self._nested(execution, arguments)  # noqa: E731
            case "dynamodb:getItem" | "dynamodb:updateItem" as integration:
                operation = {"getItem": "get_item", "updateItem": "update_item"}[integration.partition(":")[2]]
                run = lambda: self._dynamodb(operation, arguments)  # noqa: E731
            case unknown:
                raise RuntimeError(f"the simulation does not know the integration {unknown}")
        if pattern == "waitForTaskToken":
            return self._awaited(execution, wait, run, limit)
        return run()

    def _awaited(self, execution: Execution, wait: Wait, run: Callable[[], Any], limit: float | None) -> Any:
        """Waits for a token's report while the call that carries the token away is made."""

        def carry() -> None:
            try:
                run()
            except StatesError as failure:
                if not wait.ended.is_set:
                    wait.failure = (failure.error, failure.cause)
                    wait.ended.set()

        call = self._clock.spawn(f"the call of {execution.name}", carry)
        call.context = Caller(CALLER)
        try:
            in_time = wait.ended.wait(limit)
        finally:
            wait.ended.set()  # from now on the token is no longer good, whatever ended the wait
        if not in_time:
            raise StatesError("States.Timeout", "")
        if wait.failure:
            raise StatesError(*wait.failure)
        return wait.output

    # ---------------------------------------------------------------------------------------------- integrations

    def _invoke(self, name: str, payload: Any) -> Any:
        with self._call("lambda", f"Invoke {name.removeprefix('Weighbridge-').partition('Function')[0]}", "Lambda"):
            outcome = self._functions.invoke(name, payload)
        if outcome.error is not None:
            raise StatesError(outcome.error["errorType"], json.dumps(outcome.error))
        return {"StatusCode": 200, "Payload": outcome.value}

    def _nested(self, parent: Execution, arguments: Mapping[str, Any]) -> Any:
        with self._call("sfn", "StartExecution", "StepFunctions"):
            try:
                child = self.start(arguments["Name"], json.dumps(arguments["Input"]))
            except _Refused as refused:
                raise StatesError(f"StepFunctions.{refused.code}Exception", str(refused)) from refused
        parent.children.append(child)
        child.ended.wait()
        described = {"ExecutionArn": child.arn, "Name": child.name, "Status": child.status}
        described |= {"Error": child.error, "Cause": child.cause or ""} if child.error else {}
        if child.status != "SUCCEEDED":
            raise StatesError("States.TaskFailed", json.dumps(described))
        return described | {"Output": json.loads(child.output or "null")}

    @contextmanager
    def _call(self, service: str, operation: str, errors: str) -> Iterator[None]:
        """A call of an optimized integration: what befalls it ends the block, as Step Functions names it."""
        call, fault = self._faults.of(CALLER, service, operation, self._clock.now)
        self._clock.sleep(LATENCY, f"{self._clock.name} asks for {operation}", Due.CALL)
        if fault and fault.kind is not Kind.LOST:
            raise StatesError(*_refusal(fault, call, errors))
        yield
        if fault:
            raise StatesError(*_refusal(fault, call, errors))

    def _dynamodb(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        if self._client is None:
            self._client = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))
        try:
            answer = getattr(self._client, operation)(**arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            name = code if code.endswith("Exception") else f"{code}Exception"
            raise StatesError(f"DynamoDb.{name}", str(error)) from error
        except ConnectionClosedError as error:
            raise StatesError("DynamoDb.SdkClientException", str(error)) from error
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


class _Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


_OPERATIONS: dict[str, Callable[[Machine, Mapping[str, Any]], dict[str, Any]]] = {
    "StartExecution": Machine._started,
    "DescribeExecution": Machine._describe,
    "GetExecutionHistory": Machine._history_of,
    "ListExecutions": Machine._listed,
    "StopExecution": Machine._stopped,
    "SendTaskSuccess": Machine._succeeded,
    "SendTaskFailure": Machine._failed,
}


def _refusal(fault: Fault, call: Call, service: str) -> tuple[str, str]:
    """What Step Functions calls a fault of an integration. Lambda's names are documented, the others' follow them."""
    kinds = {
        Kind.THROTTLED: "TooManyRequestsException" if service == "Lambda" else "ThrottlingException",
        Kind.SERVER_ERROR: "ServiceException",
        Kind.CUT: "SdkClientException",
        Kind.LOST: "SdkClientException",
        Kind.DENIED: "AWSLambdaException" if service == "Lambda" else "AccessDeniedException",
    }
    return f"{service}.{kinds[fault.kind]}", f"{call} was {fault.kind.value}."
