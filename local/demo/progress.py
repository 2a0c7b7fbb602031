"""How far a deployment is, from what its record and its alias say. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

Record = Mapping[str, Any]
"""A deployment's record as the table has it, in plain values."""

_RUNNING = ("Created", "InProgress")
_INTERRUPTIONS = {"AlarmActive": "alarm fired", "StopRequested": "stop requested"}


@dataclass(frozen=True)
class Progress:
    """`percent` of the traffic goes to `version`, `step` of `steps` shifts are in effect.

    `seconds_left` (of this clock, not of the scaled one) until `waiting_for` is over, None where nobody knows.
    """

    deployment_id: str
    version: str
    percent: float
    step: int
    steps: int
    waiting_for: str
    seconds_left: float | None = None

    @property
    def wait(self) -> str:
        return self.waiting_for if self.seconds_left is None else f"{self.waiting_for}: {self.seconds_left:.1f} s left"

    @property
    def place(self) -> str:
        """The step of how many; nothing before they are planned."""
        return f"{self.step}/{self.steps}" if self.steps else ""

    @property
    def line(self) -> str:
        step = f"step {self.place}, " if self.place else ""
        return f"{self.deployment_id}  {self.percent:g} % on version {self.version}, {step}{self.waiting_for}"

    def tells_more_than(self, last: "Progress | None") -> bool:
        """Whether anything but the time has changed since `last`."""
        return last is None or replace(self, seconds_left=None) != replace(last, seconds_left=None)


def is_running(record: Record) -> bool:
    return record["status"] in _RUNNING


def outcome(record: Record) -> str:
    """The status, and the error code where there is one."""
    return " ".join([record["status"], *([record["errorInformation"]["code"]] if "errorInformation" in record else [])])


def weight(alias: Mapping[str, Any], version: str) -> float:
    """The fraction of its traffic that an alias (GetAlias's answer) sends to `version`."""
    weights: Mapping[str, float] = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    if version in weights:
        return weights[version]
    return 1 - sum(weights.values()) if alias["FunctionVersion"] == version else 0.0


def progress(  # noqa: PLR0913  # everything that a look at a deployment shows
    record: Record,
    alias: Mapping[str, Any],
    version: str,
    *,
    rolling_back: bool,
    now: datetime,
    time_scale: float,
) -> Progress:
    """The progress of the deployment of `version`.

    alias: GetAlias's answer. rolling_back: whether the rollback's execution has been started. now: aware. time_scale: as
    in LocalCloud.
    """
    share = weight(alias, version)
    steps = record.get("plan", {}).get("steps", [])
    # Alias and record are read one after the other; a step that is read off the weight always fits it.
    step = sum(1 for planned in steps if planned["weight"] <= share + 1e-6)
    waiting_for, until = _wait(record, step, time_scale, rolling_back=rolling_back)
    return Progress(
        deployment_id=record["deploymentId"],
        version=version,
        percent=round(100 * share, 1),
        step=step,
        steps=len(steps),
        waiting_for=waiting_for,
        seconds_left=None if until is None else max(0.0, (until - now).total_seconds()),
    )


def _wait(record: Record, step: int, time_scale: float, *, rolling_back: bool) -> tuple[str, datetime | None]:
    """What the deployment waits for, and until when where that is known."""
    if not is_running(record):
        return outcome(record), None
    if "plan" not in record:
        return "validation", None
    plan = record["plan"]
    if rolling_back:
        return f"rolling back to version {plan['currentVersion']} by {plan['rollbackDeploymentId']}", None
    if "interruption" in record:
        return _INTERRUPTIONS.get(record["interruption"]["error"], "interruption"), None
    waiting_for = record["gate"]["waitingFor"] if "gate" in record else ""
    if waiting_for in record["hooks"] and "answer" not in record["hooks"][waiting_for]:
        return f"{waiting_for} hook", None
    if step == len(plan["steps"]):
        return "completion", None
    shifts = [entry for entry in record["timeline"] if entry["event"] == "TrafficShifted"]
    if not shifts:
        return "first shift", None
    baking = plan["steps"][len(shifts) - 1]["bakeSeconds"] * time_scale
    return "bake", time_of(shifts[-1]) + timedelta(seconds=baking)


def time_of(entry: Mapping[str, Any]) -> datetime:
    """When an entry of a timeline was made."""
    return datetime.fromisoformat(entry["time"]).astimezone(UTC)
