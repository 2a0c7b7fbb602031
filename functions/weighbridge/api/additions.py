"""What the API has beyond CodeDeploy's: operations of its own, in the form of botocore's models."""

from collections.abc import Mapping
from typing import Any

_POST = {"method": "POST", "requestUri": "/"}


def _structure(required: list[str] | None = None, /, **members: str) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "structure", "members": {name: {"shape": of} for name, of in members.items()}}
    return shape | ({"required": required} if required else {})


def _list(of: str) -> dict[str, Any]:
    return {"type": "list", "member": {"shape": of}}


def _operation(name: str, *errors: str) -> dict[str, Any]:
    return {
        "name": name,
        "http": _POST,
        "input": {"shape": f"{name}Input"},
        "output": {"shape": f"{name}Output"},
        "errors": [{"shape": error} for error in errors],
    }


_DEPLOYMENT_ERRORS = (
    "DeploymentIdRequiredException",
    "InvalidDeploymentIdException",
    "DeploymentDoesNotExistException",
)
OPERATIONS: Mapping[str, Any] = {
    "GetDrop": _operation("GetDrop", "DropDoesNotExistException", "InvalidInputException"),
    "ListRefusals": _operation("ListRefusals", "InvalidNextTokenException"),
    "ListAliases": _operation(
        "ListAliases", "AliasDoesNotExistException", "InvalidInputException", "InvalidNextTokenException"
    ),
    "GetDeploymentProgress": _operation("GetDeploymentProgress", *_DEPLOYMENT_ERRORS),
    "BatchGetDeploymentProgress": _operation(
        "BatchGetDeploymentProgress", "BatchLimitExceededException", *_DEPLOYMENT_ERRORS[:2]
    ),
}
"""PlanDeployment, whose input is that of CreateDeployment, is made by `planned`."""


def planned(create: Mapping[str, Any]) -> dict[str, Any]:
    """The operation PlanDeployment, from CodeDeploy's CreateDeployment: it takes the same, and may refuse the same."""
    return _operation("PlanDeployment") | {"input": create["input"], "errors": create["errors"]}


SHAPES: Mapping[str, Any] = {
    "AliasDoesNotExistException": {"type": "structure", "members": {}, "exception": True},
    "AliasDeployment": _structure(
        deploymentId="DeploymentId",
        targetVersion="Version",
        applicationName="ApplicationName",
        deploymentGroupName="DeploymentGroupName",
    ),
    "AliasInfo": _structure(
        functionName="LambdaFunctionName",
        alias="LambdaFunctionAlias",
        version="Version",
        additionalVersionWeights="VersionWeights",
        notLookedAt="ErrorMessage",
        activeDeploymentId="DeploymentId",
        lastDeployment="AliasDeployment",
        lastSuccess="AliasDeployment",
        applicationName="ApplicationName",
        deploymentGroupName="DeploymentGroupName",
        wantedVersion="Version",
        wantedDeploymentId="DeploymentId",
    ),
    "AliasInfoList": _list("AliasInfo"),
    "BatchGetDeploymentProgressInput": _structure(["deploymentIds"], deploymentIds="DeploymentsList"),
    "BatchGetDeploymentProgressOutput": _structure(deploymentsProgress="DeploymentProgressList"),
    "DeploymentProgress": _structure(
        deploymentId="DeploymentId",
        status="DeploymentStatus",
        applicationName="ApplicationName",
        deploymentGroupName="DeploymentGroupName",
        deploymentConfigName="DeploymentConfigName",
        description="Description",
        creator="DeploymentCreator",
        requestedBy="Arn",
        functionName="LambdaFunctionName",
        alias="LambdaFunctionAlias",
        currentVersion="Version",
        targetVersion="Version",
        weight="TrafficWeight",
        steps="StepProgressList",
        waitingFor="WaitingFor",
        waitsUntil="Timestamp",
        hooks="HookProgressList",
        alarms="AlarmProgressList",
        interruption="InterruptionInfo",
        rollbackHeldUp="ErrorInformation",
        rollbackDeploymentId="DeploymentId",
        rollbackOf="DeploymentId",
        rollbackMessage="Description",
        rolledBack="NullableBoolean",
        errorInformation="ErrorInformation",
        advice="ErrorMessage",
        createTime="Timestamp",
        startTime="Timestamp",
        completeTime="Timestamp",
        timeline="TimelineEntryList",
    ),
    "DeploymentProgressList": _list("DeploymentProgress"),
    "StepProgress": _structure(
        weight="TrafficWeight", bakeSeconds="Seconds", status="LifecycleEventStatus", startTime="Timestamp"
    ),
    "StepProgressList": _list("StepProgress"),
    "HookProgress": _structure(
        lifecycleEventName="LifecycleEventName",
        functionName="LambdaFunctionName",
        status="LifecycleEventStatus",
        message="LifecycleMessage",
        startTime="Timestamp",
        endTime="Timestamp",
    ),
    "HookProgressList": _list("HookProgress"),
    "AlarmProgress": _structure(name="AlarmName", state="AlarmState"),
    "AlarmProgressList": _list("AlarmProgress"),
    "AlarmState": {"type": "string", "enum": ["OK", "ALARM", "INSUFFICIENT_DATA", "Missing", "Unreadable"]},
    "InterruptionInfo": _structure(code="ErrorCode", message="ErrorMessage", rollback="NullableBoolean"),
    "TimelineEntry": _structure(time="Timestamp", event="TimelineEvent", text="Message"),
    "TimelineEntryList": _list("TimelineEntry"),
    "WaitingFor": {
        "type": "string",
        "enum": ["Start", "Group", "Version", "Hook", "Shift", "Bake", "Completion", "Rollback"],
    },
    "GetDeploymentProgressInput": _structure(
        ["deploymentId"], deploymentId="DeploymentId", includeAlarms="NullableBoolean", includeTimeline="NullableBoolean"
    ),
    "GetDeploymentProgressOutput": _structure(deploymentProgress="DeploymentProgress"),
    "ListAliasesInput": _structure(functionName="LambdaFunctionName", alias="LambdaFunctionAlias", nextToken="NextToken"),
    "ListAliasesOutput": _structure(aliases="AliasInfoList", nextToken="NextToken"),
    "PlanDeploymentOutput": _structure(plan="PlannedDeployment"),
    "PlannedDeployment": _structure(
        functionName="LambdaFunctionName",
        alias="LambdaFunctionAlias",
        currentVersion="Version",
        targetVersion="Version",
        deploymentConfigName="DeploymentConfigName",
        steps="PlannedStepList",
        hooks="HookProgressList",
        alarms="AlarmProgressList",
        rollbackEvents="AutoRollbackEventsList",
        serviceRoleArn="Role",
        findings="PlanFindingList",
    ),
    "PlannedStep": _structure(weight="TrafficWeight", bakeSeconds="Seconds", startsAfterSeconds="Seconds"),
    "PlannedStepList": _list("PlannedStep"),
    "PlanFinding": _structure(severity="FindingSeverity", code="FindingCode", message="ErrorMessage"),
    "PlanFindingList": _list("PlanFinding"),
    "FindingSeverity": {"type": "string", "enum": ["Error", "Warning"]},
    "Seconds": {"type": "integer"},
    "VersionWeights": {"type": "map", "key": {"shape": "Version"}, "value": {"shape": "TrafficWeight"}},
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
    "RefusalInfoList": _list("RefusalInfo"),
    **{
        name: {"type": "string"}
        for name in ("DetailType", "EventId", "EventSource", "FindingCode", "RefusalCode", "TimelineEvent")
    },
}
PAGINATORS: dict[str, Any] = {
    name: {"input_token": "nextToken", "output_token": "nextToken", "result_key": key}
    for name, key in (("ListAliases", "aliases"), ("ListRefusals", "refusals"))
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
