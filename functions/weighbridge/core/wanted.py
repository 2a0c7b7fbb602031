"""Which version a stack wants live, when its alias is moved there, and when it is not. No pydantic.

An alias that a stack owns has one item (store.wanted): `pending` is what a stack operation asks for that has not committed,
`committed` what the stack has asked for by its last commit. There is one of each at most, so that the newest wins.

A request of CloudFormation's, a commit, the end of a deployment and the scheduled reconciliation all come to a decision of
this module, which looks at what is, not at what has been told: told twice, late or never, it comes to the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, NotRequired, TypedDict

from weighbridge.core.ids import deployment_id
from weighbridge.core.record import Record
from weighbridge.core.routing import Routing

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
class Asked:
    """A Create or Update, read; `rolls_back` says that the stack takes an operation back.

    `app_spec` is the AppSpec file of what is wanted, `without_hooks` the same where no hook is to run.
    """

    request_id: str
    owner: Owner
    function: str
    name: str
    application: str
    group: str
    target: str
    redeploy: str
    app_spec: str
    without_hooks: str
    on_running: OnRunning
    start: Start
    stack: Stack
    rolls_back: bool
    time: str
    service_role_arn: str | None = None
    answer: Answer | None = field(default=None, repr=False)

    @property
    def alias(self) -> str:
        return f"{self.function}:{self.name}"


@dataclass(frozen=True)
class Decision:
    """The item afterwards, None where there is none; what is to be done before it is kept, and what is to be told.

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


# ------------------------------------------------------------------------------------------------ what is asked


def asked(  # noqa: PLR0913  # all that a decision is made of
    request: Asked,
    item: Item | None,
    *,
    alias: Routing | None,
    alias_arn: str,
    holders: Sequence[Holder] = (),
    owner_lives: bool = True,
    busy: str | None = None,
) -> Decision:
    """What becomes of a Create or an Update.

    `alias` is where it routes (None: there is none yet), `holders` are the resources that stand for it, `owner_lives` says
    whether the owner in the item still has it, and `busy` is the deployment that runs of it.
    """
    own = item is not None and _same(item["owner"], request.owner)
    if item is None or not own:
        if request.rolls_back and alias is None:
            return Decision(item, refused=f"There is no alias {request.name} of {request.function} to go back to.")
        if refusal := _not_ours(request, item, holders, owner_lives=owner_lives):
            return Decision(item, refused=refusal)
        item = _taken(request, item, alias, alias_arn)
    elif item["requestId"] == request.request_id:
        return Decision(item, create_alias=alias is None)
    item = item | {"requestId": request.request_id, "owner": _owner(item, request)}
    _set_role(item, request)
    if request.rolls_back:
        return _taken_back(request, item)
    before = item.get("pending") or item.get("committed")
    if before and _wants(before, request):
        return _with_settings(request, item)
    want = _want(request)
    if request.start == "DuringStack" and alias is not None:
        item.pop("pending", None)
        return _refused_if_busy(request, item, busy) or _committed(item, _awaited(request, want))
    if over := item.get("pending"):
        want["over"] = _alone(over)
    refused = _refused_if_busy(request, item, busy)
    item = item | {"pending": want}
    return refused or Decision(item, create_alias=alias is None)


def _same(owner: Owner, other: Owner) -> bool:
    return (owner["stackId"], owner["logicalId"]) == (other["stackId"], other["logicalId"])


def _owner(item: Item, request: Asked) -> Owner:
    former = item["owner"].get("formerLogicalId")
    return request.owner | {"formerLogicalId": former} if former else request.owner


def _not_ours(request: Asked, item: Item | None, holders: Sequence[Holder], *, owner_lives: bool) -> str | None:
    """Why this stack cannot have the alias; None where it can."""
    what = f"The alias {request.name} of {request.function}"
    stack_id = request.owner["stackId"]
    if item and owner_lives and item["owner"]["stackId"] != stack_id:
        return (
            f"{what} belongs to the stack {_name(item['owner']['stackId'])}, as its resource {item['owner']['logicalId']}: "
            "take it out there first, with DeletionPolicy: Retain, or name another alias here."
        )
    for holder in holders:
        if holder.stack_id != stack_id:
            return (
                f"{what} belongs to the stack {_name(holder.stack_id)}, as its resource {holder.logical_id}: take it out "
                "there first, with DeletionPolicy: Retain, or name another alias here."
            )
        if holder.type == "AWS::Lambda::Alias" and not holder.prepared:
            return (
                f"{what} is still a resource ({holder.logical_id}) of this stack and would be deleted: deploy once with "
                "Prepare, which gives it DeletionPolicy: Retain and Metadata: {Weighbridge: prepared}, and then this."
            )
    return None


def _taken(request: Asked, item: Item | None, alias: Routing | None, alias_arn: str) -> Item:
    """The item of an alias that the resource has from now on; `item` is that of the resource that had it."""
    if item and item["owner"]["stackId"] == request.owner["stackId"]:  # it has another logical id now
        former = item["owner"].get("formerLogicalId", item["owner"]["logicalId"])
        return item | {"owner": request.owner | {"formerLogicalId": former}}
    return Item(
        function=request.function,
        name=request.name,
        aliasArn=alias_arn,
        application=request.application,
        group=request.group,
        owner=request.owner,
        adopted=alias is not None,
        kept=False,
        requestId="",
        createTime=request.time,
    )


def _set_role(item: Item, request: Asked) -> None:
    item.pop("serviceRoleArn", None)
    if request.service_role_arn:
        item["serviceRoleArn"] = request.service_role_arn


def _want(request: Asked) -> Want:
    return Want(
        requestId=request.request_id,
        operation=request.stack.operation,
        target=request.target,
        redeploy=request.redeploy,
        appSpec=request.app_spec,
        onRunning=request.on_running,
        time=request.time,
        deploymentId=deployment_id(identity(request.owner["stackId"], request.request_id)),
    )


def _alone(want: Want) -> Want:
    """It without what was pending before."""
    alone = want.copy()
    alone.pop("over", None)
    return alone


def _awaited(request: Asked, want: Want) -> Want:
    """The stack waits for what becomes of it."""
    during = want | {"duringStack": True}
    return during | {"answer": request.answer} if request.answer else during


def _refused_if_busy(request: Asked, item: Item, busy: str | None) -> Decision | None:
    waits = item.get("committed", {}).get("deploymentId") if item.get("state") == "Waiting" else None
    if request.on_running != "Fail" or not (busy or waits):
        return None
    return Decision(
        None,
        refused=f"The deployment {busy or waits} of {request.alias} has not ended, and OnRunning is Fail: deploy again "
        "when it has, or let OnRunning be Queue or Replace.",
    )


def _with_settings(request: Asked, item: Item) -> Decision:
    """The version is the same: what is still to start takes over what is said of it now."""
    changed = item.copy()
    if (pending := item.get("pending")) and _wants(pending, request):
        changed["pending"] = pending | {"appSpec": request.app_spec, "onRunning": request.on_running}
    if (committed := item.get("committed")) and _wants(committed, request):
        changed["committed"] = committed | {"appSpec": request.app_spec, "onRunning": request.on_running}
    return Decision(changed)


def _wants(want: Want, request: Asked) -> bool:
    return (want["target"], want["redeploy"]) == (request.target, request.redeploy)


def _taken_back(request: Asked, item: Item) -> Decision:
    """The stack takes an operation back, to `request.target`."""
    committed, pending = item.get("committed"), item.get("pending")
    if pending and pending["operation"] == request.stack.operation:
        item = without_pending(item)
        pending = item.get("pending")
    if pending and committed and pending["target"] != request.target and committed["target"] == request.target:
        item = without_pending(item)  # an operation that had failed and was left so is taken back with this one
    if committed and _leaves_to_restore(committed, request):
        want = _awaited(request, _want(request)) | {"restores": True, "appSpec": request.without_hooks}
        return Decision(_committed(item, want).item, stop="restoring")
    return Decision(item)


def _leaves_to_restore(committed: Want, request: Asked) -> bool:
    """Whether traffic may be elsewhere than the stack goes back to: by its operation, or since to restore it has failed."""
    if committed.get("restores"):
        return committed["target"] == request.target and bool(committed.get("failed"))
    is_of_operation = bool(committed.get("duringStack")) and committed["operation"] == request.stack.operation
    return is_of_operation and committed["target"] != request.target


# ------------------------------------------------------------------------------------------------ what is deleted


def deleted(stack_id: str, logical_id: str, item: Item | None, *, rolls_back: bool) -> Decision:
    """What becomes of a Delete: of an alias that is not this resource's, nothing.

    An alias that was there before, and was adopted in an operation that is taken back, stays as it is.
    """
    if item is None or (item["owner"]["stackId"], item["owner"]["logicalId"]) != (stack_id, logical_id):
        return Decision(item)
    former = item["owner"].get("formerLogicalId")
    if former and rolls_back:
        owner = Owner(stackId=stack_id, rootId=item["owner"]["rootId"], logicalId=former)
        return Decision(item | {"owner": owner})
    if item["adopted"] and not item["kept"]:
        return Decision(None, stop="restoring")
    return Decision(None, delete_alias=True, stop="leaving")


# ------------------------------------------------------------------------------------------------ what follows


def without_pending(item: Item) -> Item:
    """What was pending is not wanted any more; what it came over, if that is not known to have committed, is as it was."""
    changed = item.copy()
    pending = changed.pop("pending", None)
    if pending and "over" in pending:
        changed["pending"] = pending["over"]
    return changed


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
        return _committed(committed_item, _alone(pending))
    if same and stack.status in ROLLING_BACK | ROLLED_BACK:
        return Decision(without_pending(item))
    return Decision(item)


def _kept(item: Item) -> Item:
    owner = item["owner"].copy()
    owner.pop("formerLogicalId", None)
    return item | {"kept": True, "owner": owner}


def _committed(item: Item, want: Want) -> Decision:
    """It is the one that is wanted now; one that has waited so far is dropped."""
    before = item.get("committed")
    dropped = [before] if before and item.get("state") == "Waiting" and before["requestId"] != want["requestId"] else []
    return Decision(item | {"committed": want, "state": "Waiting"}, dropped=dropped)


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
    """CloudFormation has been told; the URL is kept no longer."""
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


def _name(stack_id: str) -> str:
    return stack_id.partition(":stack/")[2].partition("/")[0] or stack_id
