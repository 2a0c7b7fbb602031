"""Executions of the deployment state machine, and the waits in them."""

import json
from typing import Any

from botocore.exceptions import ClientError

from weighbridge.aws.clients import client
from weighbridge.aws.errors import code_of, translating
from weighbridge.core.errors import RolePermissions
from weighbridge.core.execution import Execution
from weighbridge.core.plan import Plan
from weighbridge.environment import environment

_STATES = "AWSStepFunctions"
_WAIT_IS_OVER = {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}


def start(deployment_id: str) -> None:
    """Starts a deployment's execution, named after it; starting it again does nothing."""
    _start(deployment_id, {"deploymentId": deployment_id})


def start_rollback(plan: Plan) -> None:
    """Starts the execution that restores what `plan` changed, as the machine itself would have done."""
    _start(plan["rollbackDeploymentId"], {"deploymentId": plan["rollbackDeploymentId"], "rollBack": plan})


def _start(name: str, state_input: Any) -> None:
    with translating(_STATES):
        try:
            client("stepfunctions").start_execution(
                stateMachineArn=environment.state_machine_arn, name=name, input=json.dumps(state_input)
            )
        except ClientError as error:
            if code_of(error) != "ExecutionAlreadyExists":
                raise


def describe(name: str) -> Execution:
    """How the execution `name` stands; its status is None where there is no such execution."""
    arn = environment.state_machine_arn.replace(":stateMachine:", ":execution:") + f":{name}"
    with translating(_STATES):
        try:
            answer = client("stepfunctions").describe_execution(executionArn=arn)
        except ClientError as error:
            if code_of(error) != "ExecutionDoesNotExist":
                raise
            return Execution(None)
    return Execution(answer["status"], answer.get("error", ""), answer.get("cause", ""))


def function_arn(name: str) -> str:
    """The ARN of a Lambda function beside the machine: in its account and region."""
    _, partition, _, region, account, *_ = environment.state_machine_arn.split(":")
    return f"arn:{partition}:lambda:{region}:{account}:function:{name}"


def end_wait(token: str, output: Any) -> bool:
    """Lets the wait that holds `token` go on with `output`; False where it is over already."""
    return _send("send_task_success", taskToken=token, output=json.dumps(output))


def interrupt_wait(token: str, error: str, details: Any) -> bool:
    """Ends the wait that holds `token` with an error of that name; False where it is over already."""
    return fail_wait(token, error, json.dumps(details))


def fail_wait(token: str, error: str, cause: str) -> bool:
    """Ends the wait that holds `token` with an error of that name and a text; False where it is over already."""
    return _send("send_task_failure", taskToken=token, error=error, cause=cause)


def is_waiting(token: str) -> bool:
    """Whether a wait of the machine's holds `token`; tokens of other machines are denied."""
    try:
        return _send("send_task_heartbeat", taskToken=token)
    except RolePermissions:
        return False


def _send(operation: str, **arguments: str) -> bool:
    with translating(_STATES):
        try:
            getattr(client("stepfunctions"), operation)(**arguments)
        except ClientError as error:
            if code_of(error) not in _WAIT_IS_OVER:
                raise
            return False
    return True
