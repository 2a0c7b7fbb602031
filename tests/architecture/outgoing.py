"""What would be sent of the deployment of events/ to the default bus, by the code that sends it: one event of each kind.

`python -m tests.architecture.outgoing` writes the files of events/outgoing/ about deployments anew.
"""

import json
from typing import Any

from tests.architecture.source import ROOT
from tests.aws.invocation import ID, event_file
from tests.core.samples import apply, at
from weighbridge.core import hooks
from weighbridge.core.deployment import begun, created, hook_answered, hook_called, planned, shifted
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.errors import HookFailed, InvalidLambdaFunction, RolePermissions, StopRequested, described
from weighbridge.core.notifications import Notification, notifications
from weighbridge.core.plan import routing_after
from weighbridge.core.record import Record
from weighbridge.core.rollbacks import held_up, rollback_record, traffic_restored

REGION = "eu-west-1"
_HOOK = "CodeDeployHook_checkShop"
_GONE = InvalidLambdaFunction("Lambda refused to route live of shop: Function not found: shop:1")
_DENIED = RolePermissions("The IAM role of Weighbridge does not give you permission … (UpdateAlias: not authorized)")


def told() -> dict[str, Notification]:
    """The notifications, by the names of their files."""
    plan = event_file("shift_traffic.forward")["plan"]
    location = event_file("receive.object_created")["detail"]
    revision = {
        "revisionType": "S3",
        "s3Location": {"bucket": location["bucket"]["name"], "key": location["object"]["key"], "bundleType": "YAML"},
    }
    asked = created(
        ID, "s3://…", application="shop-app", group="prod", revision=revision, now=at(0), group_id=plan["deploymentGroupId"]
    )
    start = begun("config", group_id=plan["deploymentGroupId"], alarms=["shop-errors"], alias="shop:live", now=at(1))
    started = apply(asked, start)
    ready = apply(started, planned(plan, at(1)))
    first = apply(ready, shifted(plan, 0, routing_after(plan, 0), "r-1", at(2)))
    answer = hooks.Answer(status="Failed", message="smoke test red", by="return value")
    hooked = plan | {"hooks": {hooks.AFTER: _HOOK}}
    called = apply(first, hook_called(hooked, hooks.AFTER, "secret", "token", at(299)))
    answered = apply(called, hook_answered(hooks.AFTER, _HOOK, answer, at(300)))
    no = described(HookFailed(hooks.failure_detail(hooks.AFTER, _HOOK, answer)))
    stop = described(StopRequested("The deployment was stopped by request; traffic is restored."))
    back = rollback_record(plan, at(301))
    restored = apply(back, traffic_restored(plan, "r-9", at(301), moved=True))
    return {
        "state_change.start": _last(asked, started),
        "state_change.success": _last(first, apply(first, succeeded(first, at(400)).change)),
        "state_change.failure": _last(
            answered, apply(answered, failed(answered, no, {"status": "SUCCEEDED"}, at(302)).change)
        ),
        "state_change.stop": _last(first, apply(first, failed(first, stop, {"status": "SUCCEEDED"}, at(302)).change)),
        "traffic_shifted": _last(ready, first),
        "hook_reported": _last(called, answered),
        "rolled_back": _last(restored, apply(restored, succeeded(restored, at(302)).change)),
        "rollback_held_up": _last(back, apply(back, held_up(described(_DENIED), at(302)))),
        "rollback_failed": notifications(back, apply(back, failed(back, described(_GONE), {}, at(302)).change), REGION)[0],
    }


def _last(old: Record, new: Record) -> Notification:
    return notifications(old, new, REGION)[-1]


def event(name: str, notification: Notification) -> dict[str, Any]:
    """The event by which EventBridge hands a notification on; its id is of no meaning."""
    return {
        "version": "0",
        "id": f"{name.encode().hex():0<32.32}",
        "detail-type": notification.detail_type,
        "source": "weighbridge",
        "account": "123456789012",
        "time": "2026-11-23T06:05:02Z",
        "region": REGION,
        "resources": [],
        "detail": notification.detail,
    }


if __name__ == "__main__":
    for name, notification in told().items():
        text = json.dumps(event(name, notification), indent=2, ensure_ascii=False) + "\n"
        (ROOT / "events" / "outgoing" / f"{name}.json").write_text(text, encoding="utf-8")
