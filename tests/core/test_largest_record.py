"""The largest record that can come of a request: whatever happens to it has to fit into an item of the table, its end too."""

from typing import Any

from tests.core.samples import apply, at
from weighbridge.core import configs, groups, hooks, planning
from weighbridge.core.alarms import MOST_READINGS
from weighbridge.core.appspec import AppSpec
from weighbridge.core.deployment import (
    alarms_noted,
    alarms_read,
    begun,
    created,
    hook_answered,
    hook_called,
    hook_silent,
    planned,
    shifted,
)
from weighbridge.core.endings import failed
from weighbridge.core.errors import MESSAGE_LIMIT, HookFailed
from weighbridge.core.interruptions import given_up
from weighbridge.core.plan import Plan, routing_after
from weighbridge.core.record import Record
from weighbridge.core.requests import INLINE_LIMIT, DeploymentRequest
from weighbridge.core.rollback_rule import ROLLBACK_EVENTS
from weighbridge.core.routing import Routing

ITEM = 400 * 1024
"""Bytes that DynamoDB lets an item have."""
RESERVE = 48 * 1024
"""What is left to whoever adds something to a record."""
WIDE = "\U00020000"
"""A letter of four bytes."""
NAME, FUNCTION, ALIAS = "n" * 100, "f" * 64, "a" * 128
HOOK = f"arn:aws:lambda:eu-west-1:123456789012:function:{FUNCTION}:{ALIAS}"
ALARMS = [f"{n:02}{WIDE * 81}" for n in range(groups.MOST_ALARMS)]


def size(value: Any) -> int:
    """Bytes of a value in an item, as DynamoDB counts them, and rather more."""
    match value:
        case bool() | None:
            return 1
        case str():
            return len(value.encode())
        case dict():
            return 3 + sum(1 + len(name) + size(item) for name, item in value.items())
        case list():
            return 3 + sum(1 + size(item) for item in value)
    return 21


def _requested() -> Record:
    request = DeploymentRequest.read(
        {
            "applicationName": NAME,
            "deploymentGroupName": NAME,
            "deploymentConfigName": NAME,
            "description": WIDE * 256,
            "revision": {
                "revisionType": "AppSpecContent",
                "appSpecContent": {"content": "x" * INLINE_LIMIT},
                "string": {"content": "y" * INLINE_LIMIT},
                "gitHubLocation": "z" * ITEM,
            },
            "overrideAlarmConfiguration": {"ignorePollAlarmFailure": True, "alarms": [{"name": name} for name in ALARMS]},
            "autoRollbackConfiguration": {"enabled": True, "events": list(ROLLBACK_EVENTS) * 1000},
        }
    )
    return created(
        "d-AAAAAAAAA",
        f"event {'i' * 36}",
        application=NAME,
        group=NAME,
        revision=request.revision.kept(),
        now=at(0),
        group_id="g" * 36,
        overrides=request.overrides(),
    )


def _plan(record: Record) -> Plan:
    return planning.make_plan(
        record,
        AppSpec(FUNCTION, ALIAS, None, "2" * 19, {hooks.BEFORE: HOOK, hooks.AFTER: HOOK}),
        groups.parse(NAME, NAME, {"serviceRoleArn": f"arn:aws:iam::123456789012:role/{'r' * 512}"}),
        configs.DeploymentConfig(NAME, "TimeBasedLinear", 1, 1),
        routing=Routing("1" * 19),
        revision_id="r" * 36,
        group_id="g" * 36,
        left_by=None,
    )


def test_the_largest_record_leaves_room_for_its_end() -> None:
    record = _requested()
    plan = _plan(record)
    previous = {
        "revisionType": "S3",
        "s3Location": {"bucket": "b" * 63, "key": WIDE * 1024, "version": "v" * 1024, "eTag": "e" * 256},
    }
    begin = begun(
        NAME, group_id="g" * 36, alarms=plan["alarms"]["names"], alias=f"{FUNCTION}:{ALIAS}", now=at(1), previous=previous
    )
    changes = [begin, planned(plan, at(1)), alarms_noted(["d" * 16] * len(ALARMS))]
    for event in (hooks.BEFORE, hooks.AFTER):
        answer = hooks.Answer(status="Failed", message=WIDE * hooks.MESSAGE_LIMIT, by="return value")
        changes.append(hook_called(plan, event, "i" * 43, "t" * 1024, at(2)))
        changes.append(hook_silent(event, at(2), returned=WIDE * hooks.RETURNED_LIMIT))
        changes.append(hook_answered(event, HOOK, answer, at(2)))
    changes += [shifted(plan, step, routing_after(plan, step), "r" * 36, at(3)) for step in range(len(plan["steps"]))]
    changes += [alarms_read(f"{n}{WIDE * MESSAGE_LIMIT}", at(4)) for n in range(MOST_READINGS)]
    failure = {"error": HookFailed.__name__, "cause": WIDE * MESSAGE_LIMIT}
    changes.append(given_up(failure, at(5)))
    for change in changes:
        record = apply(record, change)
    rollback = {"status": "FAILED", "cause": WIDE * MESSAGE_LIMIT}
    record = apply(record, failed(record, failure, rollback, at(6)).change)
    assert len(plan["steps"]) == 100
    assert groups.LONGEST_ALARM_NAMES * 0.99 < sum(len(name.encode()) for name in ALARMS) <= groups.LONGEST_ALARM_NAMES
    assert size(record) < ITEM - RESERVE
