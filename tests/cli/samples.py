"""Deployments as the API tells them, at moments of a fixed day."""

from datetime import UTC, datetime, timedelta
from typing import Any

NOON = datetime(2026, 1, 5, 12, 0, 0, tzinfo=UTC)
ID, BACK = "d-ABCDEFGHI", "d-BACKBACK1"
BY = {"applicationName": "shop", "deploymentGroupName": "prod"}
"""The group that has deployed the alias."""
REVISION = {"revisionType": "S3", "s3Location": {"bucket": "drops", "key": "shop/prod/release.yaml", "version": "v1"}}
HOSTILE = "\x1b[31m[red]::error::x\u202e\r\n<b>|"
"""A name that would colour a terminal, be rich's markup, GitHub's command, turn writing round, end a line, be HTML."""


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def entry(seconds: float, event: str, text: str = "") -> dict[str, Any]:
    return {"time": at(seconds), "event": event, "text": text}


def step(weight: float, bake: int, status: str = "Pending", start: float | None = None) -> dict[str, Any]:
    return {"weight": weight, "bakeSeconds": bake, "status": status} | ({} if start is None else {"startTime": at(start)})


def hook(status: str, event: str = "BeforeAllowTraffic", **more: Any) -> dict[str, Any]:
    return {"lifecycleEventName": event, "functionName": "CodeDeployHook_check", "status": status, **more}


def progress(**members: Any) -> dict[str, Any]:
    """A canary of 10 % for five minutes, a minute after its first shift; None takes a member out."""
    base = {
        "deploymentId": ID,
        "status": "InProgress",
        "applicationName": "shop",
        "deploymentGroupName": "prod",
        "deploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
        "creator": "user",
        "requestedBy": "arn:aws:iam::123456789012:role/ci",
        "functionName": "checkout",
        "alias": "live",
        "currentVersion": "6",
        "targetVersion": "7",
        "weight": 10.0,
        "steps": [step(10.0, 300, "InProgress", 2), step(100.0, 0)],
        "waitingFor": "Bake",
        "waitsUntil": at(302),
        "hooks": [],
        "alarms": [{"name": "checkout-errors", "state": "OK"}],
        "createTime": at(0),
        "startTime": at(1),
        "timeline": [
            entry(0, "Created", "Asked for by arn:aws:iam::123456789012:role/ci."),
            entry(1, "Validated", "From version 6 to version 7 in 2 steps."),
            entry(2, "TrafficShifted", "10 % of the traffic is on version 7."),
        ],
    }
    return {name: value for name, value in (base | members).items() if value is not None}


def succeeded(**members: Any) -> dict[str, Any]:
    ended = [entry(303, "TrafficShifted", "100 % of the traffic is on version 7."), entry(304, "Ended", "Succeeded.")]
    own = {
        "status": "Succeeded",
        "weight": 100.0,
        "steps": [step(10.0, 300, "Succeeded", 2), step(100.0, 0, "Succeeded", 303)],
        "waitingFor": None,
        "waitsUntil": None,
        "completeTime": at(304),
        "timeline": [*progress()["timeline"], *ended],
    }
    return progress(**(own | members))


ALARM = {"code": "ALARM_ACTIVE", "message": "One or more alarms have been activated <checkout-errors>"}


def turning_back(**members: Any) -> dict[str, Any]:
    """An alarm has fired, and traffic is about to go back."""
    own = {
        "waitingFor": "Rollback",
        "waitsUntil": None,
        "interruption": ALARM | {"rollback": True},
        "rollbackDeploymentId": BACK,
        "alarms": [{"name": "checkout-errors", "state": "ALARM"}],
        "timeline": [*progress()["timeline"], entry(60, "Interrupted", ALARM["message"])],
    }
    return progress(**(own | members))


def stopped(**members: Any) -> dict[str, Any]:
    """By its alarm, with all traffic back."""
    own = {
        "status": "Stopped",
        "rolledBack": True,
        "weight": 0.0,
        "rollbackMessage": f"Deployment {ID} terminated. Automatic rollback is triggered with a DeploymentId {BACK}.",
        "steps": [step(10.0, 300, "Succeeded", 2), step(100.0, 0, "Skipped")],
        "waitingFor": None,
        "errorInformation": ALARM,
        "advice": "Ship the fix with overrideAlarmConfiguration while the alarm is red.",
        "completeTime": at(63),
        "timeline": [*turning_back()["timeline"], entry(63, "Ended", "Stopped.")],
    }
    return turning_back(**(own | members))


def awaiting_report(**members: Any) -> dict[str, Any]:
    """Before any traffic: its hook has returned nothing."""
    own = {
        "weight": 0.0,
        "steps": [step(10.0, 300), step(100.0, 0)],
        "waitingFor": "Hook",
        "waitsUntil": at(3600),
        "hooks": [hook("InProgress", startTime=at(2))],
        "timeline": [
            entry(0, "Created", "Asked for."),
            entry(2, "HookCalled", "CodeDeployHook_check was called as the BeforeAllowTraffic hook."),
            entry(3, "HookReturned", "BeforeAllowTraffic hook: It returned null, which is no answer."),
        ],
    }
    return progress(**(own | members))


def hostile() -> dict[str, Any]:
    """A deployment whose every text was written by somebody who means harm."""
    return stopped(
        functionName=HOSTILE,
        alias=HOSTILE,
        applicationName=HOSTILE,
        deploymentGroupName=HOSTILE,
        deploymentConfigName=HOSTILE,
        description=HOSTILE,
        creator=HOSTILE,
        requestedBy=HOSTILE,
        currentVersion=HOSTILE,
        targetVersion=HOSTILE,
        errorInformation={"code": HOSTILE, "message": HOSTILE},
        interruption={"code": HOSTILE, "message": HOSTILE, "rollback": True},
        rollbackHeldUp={"code": HOSTILE, "message": HOSTILE},
        advice=HOSTILE,
        alarms=[{"name": HOSTILE, "state": "ALARM"}],
        hooks=[hook("Failed", message=HOSTILE) | {"functionName": HOSTILE, "lifecycleEventName": "BeforeAllowTraffic"}],
        timeline=[entry(0, HOSTILE, HOSTILE), entry(1, "Ended", HOSTILE)],
    )
