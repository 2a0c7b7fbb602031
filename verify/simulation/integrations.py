"""What the definition's tasks call: Lambda, DynamoDB and the state machine itself, and how faults of them are named."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from local.gaps import sdk_errors
from verify.simulation.clock import Clock
from verify.simulation.clock import Kind as Due
from verify.simulation.execution import CALLER, Execution, Refused, StatesError
from verify.simulation.faults import Call, Fault, Faults, Kind
from verify.simulation.functions import Functions
from verify.simulation.wire import LATENCY


class Integrations:
    """Makes the calls of tasks. `start` starts an execution of that name, with that input."""

    def __init__(self, clock: Clock, functions: Functions, faults: Faults, start: Callable[[str, str], Execution]) -> None:
        self._clock, self._functions, self._faults, self._start = clock, functions, faults, start
        self._client: Any = None

    def call(self, service: str, execution: Execution, arguments: Mapping[str, Any]) -> Any:
        """What the service of a task's resource (`lambda:invoke`) answers to an execution; raises StatesError."""
        match service.removeprefix("aws-sdk:"):
            case "lambda:invoke":
                name, asynchronous = (
                    arguments["FunctionName"].rpartition(":")[2],
                    arguments.get("InvocationType") == "Event",
                )
                return self._invoke(name, arguments["Payload"], asynchronous=asynchronous)
            case "states:startExecution":
                return self._nested(execution, arguments)
            case "dynamodb:getItem":
                return self._dynamodb("get_item", arguments)
            case "dynamodb:updateItem":
                return self._dynamodb("update_item", arguments)
        raise RuntimeError(f"the simulation does not know the integration {service}")

    def _invoke(self, name: str, payload: Any, *, asynchronous: bool) -> Any:
        with self._call("lambda", f"Invoke {name.removeprefix('Weighbridge-').partition('Function')[0]}", "Lambda"):
            if asynchronous:
                self._functions.emulator.invoke_later(name, payload)
                return {"StatusCode": 202, "Payload": {}}
            outcome = self._functions.invoke(name, payload)
        if outcome.error is not None:
            raise StatesError(outcome.error["errorType"], json.dumps(outcome.error))
        return {"StatusCode": 200, "Payload": outcome.value}

    def _nested(self, parent: Execution, arguments: Mapping[str, Any]) -> Any:
        with self._call("sfn", "StartExecution", "StepFunctions"):
            try:
                child = self._start(arguments["Name"], json.dumps(arguments["Input"]))
            except Refused as refused:
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
            raise StatesError(sdk_errors.name(error.response["Error"]["Code"]), str(error)) from error
        except ConnectionClosedError as error:
            raise StatesError("DynamoDb.SdkClientException", str(error)) from error
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


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
