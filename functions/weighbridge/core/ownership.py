"""What becomes of an alias where a stack's resource sends a Create, an Update or a Delete for it. No pydantic.

CloudFormation may send a request twice, or late: it then comes to the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from weighbridge.core.ids import deployment_id
from weighbridge.core.routing import Routing
from weighbridge.core.wanted import (
    Answer,
    Decision,
    Holder,
    Item,
    OnRunning,
    Owner,
    Stack,
    Start,
    Want,
    alone,
    identity,
    with_committed,
    without_pending,
)


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
        return _refused_if_busy(request, item, busy) or with_committed(item, _awaited(request, want))
    if over := item.get("pending"):
        want["over"] = alone(over)
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
        return Decision(with_committed(item, want).item, stop="restoring")
    return Decision(item)


def _leaves_to_restore(committed: Want, request: Asked) -> bool:
    """Whether traffic may be elsewhere than the stack goes back to: by its operation, or since to restore it has failed."""
    if committed.get("restores"):
        return committed["target"] == request.target and bool(committed.get("failed"))
    is_of_operation = bool(committed.get("duringStack")) and committed["operation"] == request.stack.operation
    return is_of_operation and committed["target"] != request.target


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


def _name(stack_id: str) -> str:
    return stack_id.partition(":stack/")[2].partition("/")[0] or stack_id
