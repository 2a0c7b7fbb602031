"""What the API has beyond CodeDeploy's: operations of its own, in the form of botocore's models."""

from collections.abc import Mapping
from typing import Any

_POST = {"method": "POST", "requestUri": "/"}


def _structure(required: list[str] | None = None, /, **members: str) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "structure", "members": {name: {"shape": of} for name, of in members.items()}}
    return shape | ({"required": required} if required else {})


def _operation(name: str, *errors: str) -> dict[str, Any]:
    return {
        "name": name,
        "http": _POST,
        "input": {"shape": f"{name}Input"},
        "output": {"shape": f"{name}Output"},
        "errors": [{"shape": error} for error in errors],
    }


OPERATIONS: Mapping[str, Any] = {
    "GetDrop": _operation("GetDrop", "DropDoesNotExistException", "InvalidInputException"),
    "ListRefusals": _operation("ListRefusals", "InvalidNextTokenException"),
}
SHAPES: Mapping[str, Any] = {
    "DropDoesNotExistException": {"type": "structure", "members": {}, "exception": True},
    "DropInfo": _structure(
        bucket="S3Bucket",
        key="S3Key",
        versionId="VersionId",
        status="DropStatus",
        applicationName="ApplicationName",
        deploymentGroupName="DeploymentGroupName",
        deploymentConfigName="DeploymentConfigName",
        deploymentId="DeploymentId",
        deploymentStatus="DeploymentStatus",
        errorInformation="ErrorInformation",
    ),
    "DropStatus": {"type": "string", "enum": ["Pending", "Accepted", "Refused"]},
    "GetDropInput": _structure(["bucket", "key"], bucket="S3Bucket", key="S3Key", versionId="VersionId"),
    "GetDropOutput": _structure(dropInfo="DropInfo"),
    "ListRefusalsInput": _structure(nextToken="NextToken"),
    "ListRefusalsOutput": _structure(refusals="RefusalInfoList", nextToken="NextToken"),
    "RefusalInfo": _structure(
        time="Timestamp",
        code="RefusalCode",
        message="ErrorMessage",
        bucket="S3Bucket",
        key="S3Key",
        versionId="VersionId",
        eventId="EventId",
        eventSource="EventSource",
        detailType="DetailType",
        deploymentId="DeploymentId",
    ),
    "RefusalInfoList": {"type": "list", "member": {"shape": "RefusalInfo"}},
    **{name: {"type": "string"} for name in ("DetailType", "EventId", "EventSource", "RefusalCode")},
}
PAGINATORS: dict[str, Any] = {
    "ListRefusals": {"input_token": "nextToken", "output_token": "nextToken", "result_key": "refusals"}
}
WAITERS: dict[str, Any] = {
    "DropAccepted": {
        "operation": "GetDrop",
        "delay": 2,
        "maxAttempts": 90,
        "acceptors": [
            {"matcher": "path", "argument": "dropInfo.status", "expected": status, "state": state}
            for status, state in (("Accepted", "success"), ("Refused", "failure"))
        ],
    }
}
