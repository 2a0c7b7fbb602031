"""One deployment that the tests of the core share: shop's alias live, from version 1 to version 2, ten percent a minute."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from weighbridge.core import rollback_rule
from weighbridge.core.deployment import Change, begun, created, planned, shifted
from weighbridge.core.plan import PLAN_VERSION, Plan, routing_after
from weighbridge.core.record import Record

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def plan(**changes: Any) -> Plan:
    base = Plan(
        planVersion=PLAN_VERSION,
        applicationName="shop-app",
        deploymentGroupName="prod",
        deploymentGroupId="g-1",
        deploymentId="d-AAAAAAAAA",
        rollbackDeploymentId="d-ZC6Q6LH6F",
        functionName="shop",
        alias="live",
        currentVersion="1",
        targetVersion="2",
        startRouting={"version": "1", "weights": {}},
        revisionId="r-0",
        steps=[{"weight": n / 10, "bakeSeconds": 60 if n < 10 else 0} for n in range(1, 11)],
        hooks={},
        alarms={"names": ["errors"], "ignorePollFailure": False},
        rollBackOn={"failure": True, "alarm": True, "stop": True},
    )
    base["rollBackAfter"] = rollback_rule.table(changes.get("rollBackOn", base["rollBackOn"]))
    return Plan(**(base | changes))  # type: ignore[typeddict-item, no-any-return]


def apply(record: Record, change: Change) -> Record:
    """What the store makes of a change: the reference that the table's adapter is held against in tests/aws."""
    result: dict[str, Any] = _copy(record)
    for path, value in change.sets.items():
        *parents, last = path.split(".")
        place: Any = result
        for parent in parents:
            place = place[parent]
        place[last] = _copy(value)
    for path in change.removes:
        result.pop(path, None)
    result["timeline"] = [*result["timeline"], *map(dict, change.timeline)]
    return cast("Record", result)


def members(**some: Any) -> Record:
    """A record of which only some members matter."""
    return cast("Record", some)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def record(**changes: Any) -> Record:
    """The sample deployment right after validation."""
    made = created(
        "d-AAAAAAAAA",
        "s3://bucket/shop-app/prod/a.yaml?versionId=1",
        application="shop-app",
        group="prod",
        revision={"revisionType": "S3", "s3Location": {"bucket": "bucket", "key": "shop-app/prod/a.yaml"}},
        now=at(0),
    )
    made = apply(made, begun("config", group_id="g-1", alarms=["errors"], alias="shop:live", now=at(1)))
    return apply(made, planned(plan(**changes), at(1)))


def after(step: int, **changes: Any) -> Record:
    """The sample deployment when `step` steps have been taken."""
    sample: Plan = plan(**changes)
    made = record(**changes)
    for n in range(step):
        made = apply(made, shifted(sample, n, routing_after(sample, n), f"r-{n + 1}", at(60 * n)))
    return made


def lifecycle(of: Record) -> list[str]:
    return [of["lifecycleEvents"][name]["status"] for name in ("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic")]
