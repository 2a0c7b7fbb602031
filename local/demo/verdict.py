"""How a deployment ended, and what of it is not as it should be. Pure; every figure comes out of what was observed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.demo.progress import Record, outcome, time_of
from local.demo.traffic import Requests


@dataclass(frozen=True)
class Ended:
    """What was observed of a deployment of `version`, in place of `before`, once its record was closed.

    alias: GetAlias's answer after the end. requests: those from the drop to the end. rollback: the record of the
    deployment that its record names as its rollback. alarm_at: when the alarm changed to ALARM, by its event.
    """

    before: str
    version: str
    record: Record
    alias: Mapping[str, Any]
    requests: Requests
    rollback: Record | None = None
    alarm_at: datetime | None = None

    @property
    def deployment_id(self) -> str:
        return str(self.record["deploymentId"])

    @property
    def seconds(self) -> float:
        """From the deployment's creation to its end."""
        return _seconds(self.record["createTime"], self.record["completeTime"])

    @property
    def restored_after(self) -> float | None:
        """Seconds from the alarm to the restored traffic; None where one of them was not."""
        shift = _last_shift(self.rollback)
        if shift is None or self.alarm_at is None:
            return None
        return (time_of(shift) - self.alarm_at).total_seconds()


def summary(ended: Ended) -> str:
    """The deployment in one line."""
    record, requests, version = ended.record, ended.requests, ended.version
    steps = f"after {ended.seconds:.1f} s and {len(_shifts(record))} of {len(_steps(record))} steps"
    answered, failed = requests.answered.get(version, 0), sum(requests.failed.values())
    share = f"version {version} answered {_percent(answered, requests.total)} of {requests.total} requests"
    line = f"{ended.deployment_id} {outcome(record)} {steps}, {share}, {failed} failed"
    if record["status"] == "Succeeded":
        return line
    if ended.restored_after is None or ended.rollback is None:
        return f"{line}, traffic not restored"
    return f"{line}, traffic restored in {ended.restored_after:.1f} s by {ended.rollback['deploymentId']}"


def differences(good: Ended, bad: Ended) -> list[str]:
    """What is not as it should be: `good` has to succeed, `bad` to be stopped by the alarm and rolled back."""
    return [
        *(f"{good.deployment_id}: {difference}" for difference in _not_as_a_success(good)),
        *(f"{bad.deployment_id}: {difference}" for difference in _not_as_a_rollback(bad)),
    ]


def _not_as_a_success(ended: Ended) -> Iterator[str]:
    yield from _ended_otherwise(ended.record, "Succeeded")
    yield from _not_on(ended.alias, ended.version)
    weights = [shift["weight"] for shift in _shifts(ended.record)]
    if weights != [step["weight"] for step in _steps(ended.record)]:
        yield f"it moved traffic to the weights {weights}, not to all that were planned"
    if "rollbackInfo" in ended.record:
        yield f"it was rolled back: {ended.record['rollbackInfo']}"
    if not ended.requests.answered.get(ended.version):
        yield f"version {ended.version} answered no request"
    if ended.requests.failed:
        yield f"requests failed ({ended.requests})"


def _not_as_a_rollback(ended: Ended) -> Iterator[str]:
    yield from _ended_otherwise(ended.record, "Stopped ALARM_ACTIVE")
    yield from _not_on(ended.alias, ended.before)
    if ended.alarm_at is None:
        yield "no event of the alarm arrived"
    if not ended.requests.failed.get(ended.version):
        yield f"no request to version {ended.version} failed"
    if ended.rollback is None:
        said = ended.record.get("rollbackInfo", {}).get("rollbackMessage", "its record names no rollback")
        yield f"there was no rollback ({said})"
        return
    yield from (f"its rollback: {difference}" for difference in _ended_otherwise(ended.rollback, "Succeeded"))
    shift = _last_shift(ended.rollback)
    if shift is None or shift["revisionId"] != ended.alias["RevisionId"]:
        yield "what the alias holds was not written by the rollback"


def _ended_otherwise(record: Record, expected: str) -> Iterator[str]:
    if outcome(record) != expected:
        message = record.get("errorInformation", {}).get("message", "")
        yield f"it ended as {outcome(record)}, not as {expected}{f' ({message})' if message else ''}"


def _not_on(alias: Mapping[str, Any], version: str) -> Iterator[str]:
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    if weights or alias["FunctionVersion"] != version:
        routing = f"version {alias['FunctionVersion']} with weights {dict(weights)}"
        yield f"the alias is on {routing}, not on version {version} without weights"


def _shifts(record: Record) -> list[Mapping[str, Any]]:
    return [entry for entry in record["timeline"] if entry["event"] == "TrafficShifted"]


def _steps(record: Record) -> list[Mapping[str, Any]]:
    return list(record.get("plan", {}).get("steps", []))


def _last_shift(record: Record | None) -> Mapping[str, Any] | None:
    shifts = _shifts(record) if record else []
    return shifts[-1] if shifts else None


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "0 %"


def _seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
