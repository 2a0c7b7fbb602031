"""Which version a stack wants live. No pydantic.

An alias that a stack owns has one item (store.wanted): `pending` is what a stack operation asks for that has not committed,
`committed` what the stack has asked for by its last commit. There is one of each at most, so that the newest wins.

What a request of CloudFormation's makes of it is decided in `core.ownership`; when the alias is moved, and when it is not,
in `core.commit`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, NotRequired, TypedDict

TYPE = "Custom::WeighbridgeAlias"
LONGEST_IN_RESOURCE = timedelta(minutes=55)
"""What a deployment may take with `DuringStack`: CloudFormation waits an hour for a custom resource at most."""
LONGEST_IN_CONDITION = timedelta(hours=11, minutes=45)
"""And twelve for a wait condition."""
Start = Literal["AfterStack", "DuringStack"]
OnRunning = Literal["Queue", "Replace", "Fail"]
State = Literal["Waiting", "Started", "Live"]

COMMITTED = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_COMPLETE"}
ROLLED_BACK = {"UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_ROLLBACK_COMPLETE"}
OVER = {"ROLLBACK_COMPLETE", "DELETE_COMPLETE"}
ROLLING_BACK = {
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "ROLLBACK_IN_PROGRESS",
    "IMPORT_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_FAILED",
}
TELLING = COMMITTED | ROLLED_BACK | OVER | ROLLING_BACK
"""The statuses of a root stack whose events are handled."""


class Owner(TypedDict):
    """The resource that has the alias; `formerLogicalId` is what it was called before the operation that is under way."""

    stackId: str
    rootId: str
    logicalId: str
    formerLogicalId: NotRequired[str]


class Answer(TypedDict):
    """Where CloudFormation waits for the end: `url` is a secret. Of a wait condition `requestId` is left out."""

    url: str
    requestId: NotRequired[str]
    stackId: str
    logicalId: str


class Want(TypedDict):
    """A version that a stack wants live, and what it asked for with it.

    `operation` tells one operation of the root stack from the next; `over` is what was pending before and is not known to
    have committed. `answer` is there while CloudFormation waits, and `restores` where it takes a stack's operation back;
    `failed` says that CloudFormation was told so.
    """

    requestId: str
    operation: str
    target: str
    redeploy: str
    appSpec: str
    onRunning: OnRunning
    time: str
    deploymentId: str
    answer: NotRequired[Answer]
    duringStack: NotRequired[bool]
    restores: NotRequired[bool]
    failed: NotRequired[bool]
    over: NotRequired["Want"]


class Item(TypedDict):
    """What is kept of an alias that a stack owns.

    `adopted` says that it was there before, `kept` that the stack has committed with it. `state` is how far `committed` has
    come. `requestId` is that of the last request that was taken up, and `serviceRoleArn` the role that looks at the alias.
    """

    function: str
    name: str
    aliasArn: str
    application: str
    group: str
    owner: Owner
    adopted: bool
    kept: bool
    requestId: str
    createTime: str
    serviceRoleArn: NotRequired[str]
    pending: NotRequired[Want]
    committed: NotRequired[Want]
    state: NotRequired[State]


@dataclass(frozen=True)
class Stack:
    """How a root stack stands; `operation` is the same from the beginning of an operation to its end."""

    id: str
    status: str
    operation: str


@dataclass(frozen=True)
class Holder:
    """A resource of a stack that stands for the alias already; `prepared` says that its stack lets go of it."""

    stack_id: str
    logical_id: str
    type: str
    prepared: bool = False


@dataclass(frozen=True)
class Decision:
    """The item afterwards, None where there is none; and what is to be done before it is kept.

    `dropped` are wants that something newer has come after. `refused` says why nothing changes.
    """

    item: Item | None
    create_alias: bool = False
    delete_alias: bool = False
    stop: Literal["restoring", "leaving"] | None = None
    dropped: Sequence[Want] = ()
    refused: str | None = None


def identity(stack_id: str, request_id: str) -> str:
    """What a deployment is asked for by: the same request again is the same deployment."""
    return f"stack {stack_id} {request_id}"


def is_open(item: Item) -> bool:
    """Whether something is still to be done about it, so that the schedule has to be on."""
    return item.get("state") == "Waiting" or depends_on_stack(item)


def depends_on_stack(item: Item) -> bool:
    """Whether it matters to it how the root stack stands."""
    is_waited_for = "answer" in item.get("committed", {})
    return "pending" in item or is_waited_for or "formerLogicalId" in item["owner"]


def without_pending(item: Item) -> Item:
    """What was pending is not wanted any more; what it came over, if that is not known to have committed, is as it was."""
    changed = item.copy()
    pending = changed.pop("pending", None)
    if pending and "over" in pending:
        changed["pending"] = pending["over"]
    return changed


def with_committed(item: Item, want: Want) -> Decision:
    """It is the one that is wanted now; one that has waited so far is dropped."""
    before = item.get("committed")
    dropped = [before] if before and item.get("state") == "Waiting" and before["requestId"] != want["requestId"] else []
    return Decision(item | {"committed": want, "state": "Waiting"}, dropped=dropped)


def alone(want: Want) -> Want:
    """It without what was pending before."""
    changed = want.copy()
    changed.pop("over", None)
    return changed
