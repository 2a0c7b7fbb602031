"""What a stack wants of an alias, once the stack has committed: starts it, lets it wait, cancels it, reports its end.

Everything is judged from what is: how the root stack stands, what runs, where the alias routes. So it does not matter
whether an event, the end of an execution or the schedule leads here, nor how often.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Literal

from aws_lambda_powertools import Logger

from weighbridge.aws import cloudformation
from weighbridge.aws.lambda_aliases import Lambda
from weighbridge.core.commit import Outcome, after_stack, answered, live, next_step, outcome, started
from weighbridge.core.deployment import is_running
from weighbridge.core.errors import DeploymentLimitExceeded, Outdated, Overtaken, Retryable, WeighbridgeError
from weighbridge.core.names import ALL_AT_ONCE
from weighbridge.core.record import Record
from weighbridge.core.refusals import Refused
from weighbridge.core.revisions import sha256_of
from weighbridge.core.rotation import rotated
from weighbridge.core.routing import Routing
from weighbridge.core.service_role import ServiceRole, service_role
from weighbridge.core.wanted import Item, Stack, Want, depends_on_stack, identity, is_open
from weighbridge.lifecycle import interrupt, start
from weighbridge.store import deployments, settings, wanted
from weighbridge.telemetry import count

logger = Logger()
_TRIES = 5
_TIME_TO_END = 20_000
"""Milliseconds that are left to the last alias that is looked at."""
_RESTORING = {
    "deploymentConfigName": ALL_AT_ONCE,
    "overrideAlarmConfiguration": {"enabled": False},
    "autoRollbackConfiguration": {"enabled": False},
}
"""How a version is put back that a stack goes back to: at once, whatever alarms say."""


def after_stack_event(stack_id: str, now: datetime) -> None:
    """A root stack has come to a status: what it wants is started, or cancelled."""
    _look_at_each(wanted.open_aliases(), lambda item: item["owner"]["rootId"] == stack_id, now)


def after_execution(name: str, now: datetime) -> None:
    """An execution of that name has ended: what has waited for its deployment is started, and who waits for it is told."""
    aliases = wanted.open_aliases()
    record = deployments.get(name) if aliases else None
    if record is None:
        return
    info = record.get("lambdaFunctionInfo", {})
    alias = (info.get("functionName"), info.get("functionAlias"))
    group = (record["applicationName"], record["deploymentGroupName"])
    concerned = lambda item: alias == (item["function"], item["name"]) or group == (item["application"], item["group"])  # noqa: E731
    _look_at_each(aliases, concerned, now)


def look_at_all(remaining_ms: Callable[[], int], now: datetime) -> None:
    """The scheduled reconciliation: of every alias of which something is still to be done, as far as the time goes."""
    try:
        aliases = rotated(wanted.open_aliases(), now)
    except WeighbridgeError:  # the next one is sooner than the end of Lambda's retries
        logger.exception("Not looked at what stacks want")
        return
    unforeseen: list[Exception] = []
    for alias in aliases:
        if remaining_ms() < _TIME_TO_END:
            logger.warning("The look at what stacks want ends before it has been round")
            break
        try:
            look_at(alias, now)
        except WeighbridgeError:
            logger.exception("Not done yet", extra={"alias": alias})
        except Exception as error:  # one unexpected item must not keep all the others
            logger.exception("Cannot be done", extra={"alias": alias})
            unforeseen.append(error)
    if unforeseen:
        raise ExceptionGroup("What some stacks want cannot be done.", unforeseen)


def _look_at_each(aliases: Sequence[str], concerned: Callable[[Item], bool], now: datetime) -> None:
    """Raises an ExceptionGroup of what is to be tried again, once all have been looked at."""
    failures: list[Exception] = []
    for alias in aliases:
        item, _ = wanted.get(alias)
        if item is None or not concerned(item):
            continue
        try:
            look_at(alias, now)
        except Retryable as error:
            failures.append(error)
        except WeighbridgeError:
            logger.exception("Not done yet", extra={"alias": alias})
    if failures:
        raise ExceptionGroup("What some stacks want could not be done.", failures)


def look_at(alias: str, now: datetime) -> None:
    """Does what is to be done about an alias (`function:alias`) of a stack; again, it does nothing more.

    Raises Outdated where it keeps changing meanwhile.
    """
    for _ in range(_TRIES):
        item, revision = wanted.get(alias)
        if item is None or not is_open(item):
            return
        changed = _step(item, now)
        if changed == item:
            return
        if not wanted.put(changed, revision):
            continue
        if not is_open(changed):
            return
    raise Outdated(f"What is wanted of {alias} keeps changing while it is looked at.")


def _step(item: Item, now: datetime) -> Item:
    """What the item is once the next thing has been done."""
    if depends_on_stack(item):
        decision = after_stack(item, _root(item))
        for want in decision.dropped:
            drop(item, want, now)
        if decision.stop:
            stop(item, now, then=decision.stop)
        if decision.item is not None and decision.item != item:
            _log("The stack has committed or rolled back", item)
            return decision.item
    changed = _go_on(item, now)
    if changed != item:
        return changed
    ended = outcome(item, _record(item))
    if ended is None:
        return item
    _tell(item, ended)
    return answered(item, ended)


def _root(item: Item) -> Stack | None:
    root = cloudformation.stack(item["owner"]["rootId"])
    return root.stack if root else None


def _record(item: Item) -> Record | None:
    want = item.get("committed")
    return deployments.find(identity(item["owner"]["stackId"], want["requestId"])) if want else None


def _go_on(item: Item, now: datetime) -> Item:
    """Starts what has been committed and waits, if it can be."""
    want = item.get("committed")
    if want is None or item.get("state") != "Waiting":
        return item
    busy = next(_holders(item), None)
    asked_before = _record(item) is not None
    alias = None if asked_before or busy else _routing(item, want)
    match next_step(item, alias=alias, busy=busy, asked_before=asked_before):
        case "start":
            return _start(item, want, now)
        case "replace":
            stop(item, now, then="restoring")
        case "live":
            return live(item)
        case "wait":
            _log("Waits for the deployment that runs", item)
    return item


def _routing(item: Item, want: Want) -> Routing | None:
    """Where the alias routes; None where that cannot be seen, which the deployment then says."""
    try:
        return Lambda(want["deploymentId"], role_of(item)).alias(item["function"], item["name"]).routing
    except Retryable:
        raise
    except WeighbridgeError as error:
        logger.warning("The alias cannot be seen", extra={"reason": str(error)})
        return None


def role_of(item: Item) -> ServiceRole | None:
    return service_role(item.get("serviceRoleArn"), item["application"], item["group"])


def _start(item: Item, want: Want, now: datetime) -> Item:
    group = settings.group_item(item["application"], item["group"])
    try:
        start.deploy_alone(
            identity(item["owner"]["stackId"], want["requestId"]),
            now,
            application=item["application"],
            group=item["group"],
            group_id=group["deploymentGroupId"] if group else None,
            revision=_revision(want),
            overrides=_RESTORING if want.get("restores") else None,
        )
    except DeploymentLimitExceeded:  # another one was sooner, and this one waits for it
        return item
    return started(item)


def _revision(want: Want) -> dict[str, object]:
    content = want["appSpec"]
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": content, "sha256": sha256_of(content)}}


def drop(item: Item, want: Want, now: datetime) -> None:
    """Says of a want that something newer has come after, by a deployment that has not begun."""
    why = Overtaken(
        f"Version {want['target']} waited for the deployment of {item['function']}:{item['name']} that ran, and the stack "
        "has committed a newer one meanwhile: that is deployed, and this one is not."
    )
    start.deploy(
        identity(item["owner"]["stackId"], want["requestId"]),
        now,
        application=item["application"],
        group=item["group"],
        revision=_revision(want),
        refusal=why,
    )
    count("CommitsOvertaken")


def stop(item: Item, now: datetime, *, then: Literal["restoring", "leaving"]) -> None:
    """Stops what runs of the alias; one that is ending already, or is a rollback, is let be."""
    for deployment_id in dict.fromkeys(_holders(item)):
        record = deployments.get(deployment_id)
        if record and is_running(record):
            with suppress(Refused):
                interrupt.stop(record, now, auto_rollback=then == "restoring")


def _holders(item: Item) -> Iterator[str]:
    return wanted.holders(item["application"], item["group"], f"{item['function']}:{item['name']}")


def _tell(item: Item, ended: Outcome) -> None:
    want = item["committed"]
    waits = want["answer"]
    identifiers = {"StackId": waits["stackId"], "LogicalResourceId": waits["logicalId"]}
    if "requestId" in waits:
        body = identifiers | {
            "Status": "SUCCESS" if ended["succeeded"] else "FAILED",
            "Reason": ended["reason"],
            "RequestId": waits["requestId"],
            "PhysicalResourceId": item["aliasArn"],
            "Data": data(item, want["target"]),
        }
        send(waits["url"], body)
    else:
        signal(waits["url"], want["deploymentId"], ended["reason"], succeeded=ended["succeeded"])


def signal(handle: str, deployment_id: str, reason: str, *, succeeded: bool) -> None:
    """Ends the wait of a condition, by its handle, which is a secret."""
    status = "SUCCESS" if succeeded else "FAILURE"
    send(handle, {"Status": status, "Reason": reason, "UniqueId": deployment_id, "Data": deployment_id})


def send(url: str, body: Mapping[str, object]) -> None:
    """Answers CloudFormation. Raises Retryable where that may work later; that nobody waits any more is counted."""
    try:
        cloudformation.answer(url, body)
    except Retryable:
        raise
    except WeighbridgeError as error:  # nobody waits any more
        logger.warning("CloudFormation could not be answered", extra={"reason": str(error)})
        count("AnswersRefused")


def data(item: Item, version: str) -> dict[str, str]:
    """The attributes of the resource."""
    want = item.get("pending") or item.get("committed")
    return {"AliasArn": item["aliasArn"], "LiveVersion": version, "DeploymentId": want["deploymentId"] if want else ""}


def _log(what: str, item: Item) -> None:
    logger.info(what, extra={"alias": f"{item['function']}:{item['name']}"})
