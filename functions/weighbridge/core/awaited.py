"""Deployments that executions of the machine `<service>-deploy` wait for, each by a task token, and how these are answered.

A deployment that was asked for in this way is known by its identity. No pydantic: the reconciliation reports the end.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypedDict

from weighbridge.core.deployment import is_running
from weighbridge.core.record import Record

_IDENTITY = "execution "
TIME_TO_BEGIN = timedelta(minutes=10)
"""What asks for a deployment has ended long before, so that one which is not there by then will not be."""


class Awaited(TypedDict):
    """Who waits: `taskToken` is a secret."""

    taskToken: str
    createTime: str


@dataclass(frozen=True)
class Succeeded:
    """The wait goes on with `output`."""

    output: dict[str, Any]


@dataclass(frozen=True)
class Failed:
    """The wait fails, and its execution with it: `error` is the deployment's error code, `cause` its message."""

    error: str
    cause: str


def identity(execution: str) -> str:
    """What a deployment is derived from that an execution asks for: its ARN, and when it began."""
    return f"{_IDENTITY}{execution}"


def is_awaited(record: Record) -> bool:
    """Whether an execution has asked for the deployment, which may have been answered already."""
    return record["identity"].startswith(_IDENTITY)


def answer(record: Record | None, waiting: Awaited, now: datetime) -> Succeeded | Failed | None:
    """The answer to the task that waits for a deployment; None where it has not ended. `record` may not be there either."""
    if record is None:
        if now - datetime.fromisoformat(waiting["createTime"]) < TIME_TO_BEGIN:
            return None
        return Failed("NotStarted", "The deployment could not be asked for; see the log of the function DeployAndWait.")
    if is_running(record):
        return None
    if record["status"] == "Succeeded":
        return Succeeded(_outcome(record))
    error = record.get("errorInformation", {"code": record["status"], "message": ""})
    return Failed(error["code"], f"Deployment {record['deploymentId']} {record['status'].lower()}: {error['message']}")


def _outcome(record: Record) -> dict[str, Any]:
    info = record["lambdaFunctionInfo"]
    return {
        "deploymentId": record["deploymentId"],
        "status": record["status"],
        "functionName": info["functionName"],
        "alias": info["functionAlias"],
        "currentVersion": info["currentVersion"],
        "targetVersion": info["targetVersion"],
        "completeTime": record["completeTime"],
    }
