"""What the demo shows of a deployment while it runs."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from local.demo.display import LiveBars, PlainLines
from local.demo.progress import Progress, progress, weight
from local.demo.traffic import Requests
from tests.local.test_demo_verdict import BAD, GOOD

SHIFTED = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def alias(version: str, **weights: float) -> dict[str, Any]:
    routing = {"AdditionalVersionWeights": {name.removeprefix("v"): value for name, value in weights.items()}}
    return {"FunctionVersion": version, "RoutingConfig": routing} if weights else {"FunctionVersion": version}


def running(shifts: int, **values: Any) -> dict[str, Any]:
    """The record of a deployment of version 3 after so many shifts, the last one made at SHIFTED."""
    shift = {"event": "TrafficShifted", "time": SHIFTED.isoformat()}
    return {
        "deploymentId": "d-ABCDEFGHI",
        "status": "InProgress",
        "plan": BAD.record["plan"],
        "hooks": {},
        "timeline": [{"event": "Created"}, *[shift] * shifts],
    } | values


def seen(record: Any, current: Any, *, rolling_back: bool = False, seconds: float = 0.0) -> Progress:
    now = SHIFTED + timedelta(seconds=seconds)
    return progress(record, current, "3", rolling_back=rolling_back, now=now, time_scale=0.05)


def waiting(lifecycle_event: str, **call: Any) -> dict[str, Any]:
    """The gate of a hook that was called, and of which `call` is known."""
    return {"gate": {"waitingFor": lifecycle_event}, "hooks": {lifecycle_event: call}}


BAKING = {"gate": {"waitingFor": "bake", "token": "secret"}}
FIRED = {"interruption": {"error": "AlarmActive", "message": "…", "rollBack": True}}
ROLLING_BACK = f"rolling back to version 2 by {BAD.record['plan']['rollbackDeploymentId']}"


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        (
            seen({"deploymentId": "d-ABCDEFGHI", "status": "Created", "timeline": []}, alias("2")),
            "0 % on version 3, validation",
        ),
        (seen(running(0), alias("2")), "0 % on version 3, step 0/10, first shift"),
        (seen(running(3, **BAKING), alias("2", v3=0.3)), "30 % on version 3, step 3/10, bake"),
        (seen(running(2, **BAKING), alias("2", v3=0.3)), "30 % on version 3, step 3/10, bake"),
        (
            seen(running(0, **waiting("BeforeAllowTraffic")), alias("2")),
            "0 % on version 3, step 0/10, BeforeAllowTraffic hook",
        ),
        (
            seen(running(0, **waiting("BeforeAllowTraffic", answer={"status": "Succeeded"})), alias("2")),
            "0 % on version 3, step 0/10, first shift",
        ),
        (
            seen(running(10, **waiting("AfterAllowTraffic")), alias("3")),
            "100 % on version 3, step 10/10, AfterAllowTraffic hook",
        ),
        (seen(running(10, **BAKING), alias("3")), "100 % on version 3, step 10/10, completion"),
        (seen(running(1, **BAKING, **FIRED), alias("2", v3=0.1)), "10 % on version 3, step 1/10, alarm fired"),
        (
            seen(running(1, **BAKING, **FIRED), alias("2", v3=0.1), rolling_back=True),
            f"10 % on version 3, step 1/10, {ROLLING_BACK}",
        ),
        (
            seen({**BAD.record, "deploymentId": "d-ABCDEFGHI"}, alias("2")),
            "0 % on version 3, step 0/10, Stopped ALARM_ACTIVE",
        ),
    ],
)
def test_lines(shown: Progress, line: str) -> None:
    assert shown.line == f"d-ABCDEFGHI  {line}"


@pytest.mark.parametrize(("seconds", "wait"), [(0, "bake: 3.0 s left"), (1.8, "bake: 1.2 s left"), (9, "bake: 0.0 s left")])
def test_a_bake_is_counted_down(seconds: float, wait: str) -> None:
    assert seen(running(1, **BAKING), alias("2", v3=0.1), seconds=seconds).wait == wait


def test_weights() -> None:
    routing = alias("2", v3=0.25)
    assert [weight(routing, version) for version in ("1", "2", "3")] == [0, 0.75, 0.25]
    assert weight(alias("2"), "2") == 1


def test_plain_lines_tell_changes_only() -> None:
    console = Console(file=io.StringIO(), soft_wrap=True)
    plain = PlainLines(console)
    requests = Requests({"2": 5, "3": 4}, {"3": 3})
    for seconds in (0, 1, 2):
        plain.show(seen(running(1, **BAKING), alias("2", v3=0.1), seconds=seconds), requests)
    plain.show(seen(running(2, **BAKING), alias("2", v3=0.2)), requests)
    assert console.file.getvalue().splitlines() == [  # type: ignore[attr-defined]
        "d-ABCDEFGHI  10 % on version 3, step 1/10, bake  [v2: 5, v3: 4 (3 failed)]",
        "d-ABCDEFGHI  20 % on version 3, step 2/10, bake  [v2: 5, v3: 4 (3 failed)]",
    ]


def test_narrow_terminals_cut_the_end_only() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    bars = LiveBars(console)
    with bars.context():
        bars.show(seen(GOOD.record, alias("3")), Requests({"1": 500, "2": 500}))
        bars.show(seen(running(1, **BAKING), alias("2", v3=0.1), rolling_back=True), Requests({"2": 500}))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert f"d-ABCDEFGHI ━           10 % v3  1/10 {ROLLING_BACK}" in text
