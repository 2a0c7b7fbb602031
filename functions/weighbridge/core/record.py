"""What a deployment's record holds: the JSON-like mapping that the table keeps. Reference: section 5.

CodeDeploy's members stand under CodeDeploy's names. Times are ISO 8601 text in UTC with milliseconds, weights fractions
0..1. Whoever runs by an older release's record finds what that release knew: what has been added since is NotRequired.
On the reaction path: standard library only.
"""

from typing import Any, Literal, NotRequired, Required, TypedDict

from weighbridge.core.hooks import Answer
from weighbridge.core.plan import Plan

Status = Literal["Created", "InProgress", "Succeeded", "Failed", "Stopped"]
LifecycleStatus = Literal["Pending", "InProgress", "Succeeded", "Failed", "Skipped"]
TimelineEvent = Literal[
    "Created",
    "GroupAwaited",
    "VersionAwaited",
    "VersionNotChecked",
    "Started",
    "Validated",
    "HookCalled",
    "HookRunning",
    "HookReturned",
    "HookAnswered",
    "ReportRefused",
    "TrafficShifted",
    "TrafficKept",
    "AlarmsRead",
    "Interrupted",
    "RollbackHeldUp",
    "Released",
    "RollbackFailed",
    "TimelineShortened",
    "Ended",
]
"""What a timeline tells; docs/operations.md says of each what it means to users."""


class TimelineEntry(TypedDict, total=False):
    """What happened, when, and why (`reason`); the rest is of the event."""

    time: Required[str]
    event: Required[TimelineEvent]
    reason: str
    requestedBy: str
    currentVersion: str
    targetVersion: str
    steps: int
    weight: float
    revisionId: str
    lifecycleEvent: str
    function: str
    deadline: str
    status: str
    message: str
    by: str
    rollBack: bool
    code: str
    rollback: str
    leftOut: int


class LifecycleEvent(TypedDict):
    status: LifecycleStatus
    startTime: NotRequired[str]
    endTime: NotRequired[str]


class HookCall(TypedDict):
    """A hook that was called: the digest of its execution id, and its answer once there is one."""

    function: str
    executionIdDigest: str
    calledAt: str
    answer: NotRequired[Answer]
    returned: NotRequired[str]


class InterruptionRecord(TypedDict):
    """What ends the deployment early; the first one wins.

    `error` is the name of an error class. An alarm's event and a stop request say whether traffic goes back (`rollBack`);
    `released` is there once a rollback was given up.
    """

    error: str
    message: str
    rollBack: NotRequired[bool]
    released: NotRequired[bool]


class GateRecord(TypedDict):
    """The wait that was opened last (core.gate); the token is a secret."""

    token: str
    waitingFor: str


class Locks(TypedDict):
    """What the deployment holds: the alias (core.service_role.alias_lock) and the alarms that may end it."""

    alias: NotRequired[str]
    alarms: list[str]


class ErrorInformation(TypedDict):
    code: str
    message: str


class RollbackInfo(TypedDict, total=False):
    rollbackDeploymentId: str
    rollbackTriggeringDeploymentId: str
    rollbackMessage: str


class Refusal(TypedDict):
    """What was wrong with a request from the beginning: the name of an error class, and its message."""

    error: str
    message: str


class Record(TypedDict):
    deploymentId: str
    identity: str
    """What asked for it: an object's version, an event, a call, or the deployment that is rolled back."""
    applicationName: str
    deploymentGroupName: str
    deploymentGroupId: NotRequired[str]
    status: Status
    groupStatus: NotRequired[str]
    """The group's id, or its names where there was none, and the status, by which deployments are listed."""
    open: NotRequired[str]
    """Present until the deployment has ended, which is what the index of open deployments is made of."""
    createTime: str
    startTime: NotRequired[str]
    completeTime: NotRequired[str]
    creator: str
    requestedBy: NotRequired[str]
    """The ARN of the API's caller."""
    computePlatform: str
    deploymentStyle: dict[str, str]
    deploymentConfigName: NotRequired[str]
    description: NotRequired[str]
    autoRollbackConfiguration: NotRequired[dict[str, Any]]
    overrideAlarmConfiguration: NotRequired[dict[str, Any]]
    revision: NotRequired[dict[str, Any]]
    previousRevision: NotRequired[dict[str, Any]]
    contentSha256: NotRequired[str]
    """Of the file that was dropped, by which the same file is known again."""
    refusal: NotRequired[Refusal]
    lifecycleEvents: dict[str, LifecycleEvent]
    lambdaFunctionInfo: NotRequired[dict[str, Any]]
    plan: NotRequired[Plan]
    """What was decided at the start."""
    routing: NotRequired[dict[str, Any]]
    """Where the alias was last left, as core.routing keeps it, and `revisionId`, the alias's revision then."""
    revisionId: NotRequired[str]
    locks: NotRequired[Locks]
    hooks: dict[str, HookCall]
    alarmDefinitions: NotRequired[list[str]]
    """What the watched alarms were at the start, in the plan's order (core.alarms)."""
    interruption: NotRequired[InterruptionRecord]
    gate: NotRequired[GateRecord]
    heldUp: NotRequired[ErrorInformation]
    """Why a rollback could not restore traffic so far."""
    rollbackInfo: NotRequired[RollbackInfo]
    errorInformation: NotRequired[ErrorInformation]
    timeline: list[TimelineEntry]
