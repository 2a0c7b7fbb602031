"""When the alias of a stack is moved to what the stack wants, and when it is not. No pydantic.

A commit, the end of a deployment and the scheduled reconciliation all come to a decision of this module. It looks at
what is, and not at which event came: one that comes twice, late or never makes no difference.
"""

from typing import Literal, TypedDict

from weighbridge.core.record import Record
from weighbridge.core.routing import Routing
from weighbridge.core.wanted import (
    COMMITTED,
    OVER,
    ROLLED_BACK,
    ROLLING_BACK,
    Decision,
    Item,
    Stack,
    alone,
    with_committed,
    without_pending,
)


def after_stack(item: Item, stack: Stack | None) -> Decision:
    """What the state of the root stack means for what is pending, and for a deployment that the stack waits for.

    `stack` is None where there is none any more.
    """
    pending, committed = item.get("pending"), item.get("committed")
    if stack is None or stack.status in OVER:
        return Decision(without_pending(without_pending(item)))
    if pending is None:
        waits = committed and "answer" in committed and not committed.get("restores")
        taken_back = stack.status in ROLLING_BACK and committed and committed["operation"] == stack.operation
        if waits and taken_back:
            return Decision(item, stop="restoring")  # by whoever cancelled the update: the stack waits for this end
        return Decision(_kept(item) if stack.status in COMMITTED else item)
    same = pending["operation"] == stack.operation
    if stack.status in COMMITTED or (stack.status in ROLLED_BACK and not same):
        committed_item = _kept(item)
        committed_item.pop("pending")
        return with_committed(committed_item, alone(pending))
    if same and stack.status in ROLLING_BACK | ROLLED_BACK:
        return Decision(without_pending(item))
    return Decision(item)


def _kept(item: Item) -> Item:
    owner = item["owner"].copy()
    owner.pop("formerLogicalId", None)
    return item | {"kept": True, "owner": owner}


Step = Literal["nothing", "start", "wait", "replace", "live"]


def next_step(item: Item, *, alias: Routing | None, busy: str | None, asked_before: bool) -> Step:
    """What is to be done about what has been committed and waits.

    `alias` is where it routes, None where that cannot be seen. `busy` is the deployment that runs of the alias or of its
    group, and `asked_before` says that its own deployment is there.
    """
    want = item.get("committed")
    if want is None or item.get("state") != "Waiting":
        return "nothing"
    if asked_before:
        return "start"
    if busy:
        return "replace" if want["onRunning"] == "Replace" or want.get("restores") else "wait"
    if alias == Routing(want["target"]):
        return "live"
    return "start"


def started(item: Item) -> Item:
    return item | {"state": "Started"}


def live(item: Item) -> Item:
    """Nothing was to be shifted."""
    return item | {"state": "Live"}


def answered(item: Item, ended: "Outcome") -> Item:
    """CloudFormation has been answered; the URL is kept no longer."""
    want = item["committed"].copy()
    want.pop("answer", None)
    if not ended["succeeded"]:
        want["failed"] = True
    return item | {"committed": want}


class Outcome(TypedDict):
    """`succeeded`, and why not."""

    succeeded: bool
    reason: str


def outcome(item: Item, record: Record | None) -> Outcome | None:
    """What CloudFormation is to be answered at the end; None while there is none, or nobody waits.

    `record` is that of the deployment; None where nothing was to be shifted, or it has not been started.
    """
    want = item.get("committed")
    if want is None or "answer" not in want or item.get("state") == "Waiting":
        return None
    if item.get("state") == "Live":
        return Outcome(succeeded=True, reason="Traffic is there already.")
    if record is None or record["status"] in {"Created", "InProgress"}:
        return None
    if record["status"] == "Succeeded":
        return Outcome(succeeded=True, reason=f"Deployment {record['deploymentId']} succeeded.")
    error = record.get("errorInformation") or {"code": "", "message": ""}
    return Outcome(succeeded=False, reason=f"Deployment {record['deploymentId']} {record['status']}: {error['message']}")
