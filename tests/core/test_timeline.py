"""The timeline as people read it."""

from datetime import timedelta

import pytest

from tests.core.samples import apply, at, plan, record
from weighbridge.core import deployment, hooks, timeline
from weighbridge.core.deployment import Change
from weighbridge.core.endings import failed
from weighbridge.core.errors import StopRequested
from weighbridge.core.ids import rollback_id
from weighbridge.core.interruptions import Interruption, interrupted
from weighbridge.core.rollbacks import rollback_record, traffic_restored
from weighbridge.core.routing import Routing

HOOKED = plan(hooks={"BeforeAllowTraffic": "CodeDeployHook_check"})
CALLED = deployment.hook_called(HOOKED, "BeforeAllowTraffic", "secret", "token", at(0))
ANSWERED = deployment.hook_answered(
    "BeforeAllowTraffic",
    "CodeDeployHook_check",
    hooks.Answer(status="Failed", message="smoke test red", by="return value"),
    at(0),
)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            deployment.planned(plan(), at(0)),
            "Validated: From version 1 to version 2 in 10 steps.",
        ),
        (
            deployment.shifted(plan(), 0, Routing("1", "2", 0.1), "r-1", at(0)),
            "TrafficShifted: 10 % of the traffic is on version 2. Step 1 of 10.",
        ),
        (
            CALLED,
            (
                "HookCalled: CodeDeployHook_check was called as the BeforeAllowTraffic hook. "
                "It has until 2026-11-23T07:00:00.000Z to answer."
            ),
        ),
        (
            ANSWERED,
            "HookAnswered: The BeforeAllowTraffic hook CodeDeployHook_check says Failed (return value): smoke test red",
        ),
        (
            deployment.hook_silent("BeforeAllowTraffic", at(0), returned="null"),
            (
                "HookReturned: BeforeAllowTraffic hook: It returned null, which says neither Succeeded nor Failed, "
                "so its report is awaited."
            ),
        ),
        (
            interrupted(Interruption(StopRequested("Stop."), roll_back=True), at(0)),
            "Interrupted: Stop.",
        ),
        (
            traffic_restored(plan(), "r-1", at(0), moved=False),
            (
                "TrafficKept: 100 % of the traffic is on version 1. "
                "Deployment d-AAAAAAAAA is rolled back before it moved any traffic."
            ),
        ),
    ],
    ids=lambda value: value.partition(":")[0] if isinstance(value, str) else "",
)
def test_a_line_says_when_and_what(change: Change, told: str) -> None:
    assert timeline.line(change.timeline[-1]) == f"2026-11-23T06:00:00.000Z {told}"


def test_an_end_says_what_became_of_the_traffic() -> None:
    stopped = record()
    failure = {"error": "StopRequested", "cause": "Stop."}
    stopped = apply(stopped, failed(stopped, failure, {"status": "SUCCEEDED"}, at(60)).change)
    back = rollback_id("d-AAAAAAAAA")
    assert timeline.line(stopped["timeline"][-1]) == (
        "2026-11-23T06:01:00.000Z Ended: Stopped. Stop. Deployment d-AAAAAAAAA terminated. "
        f"Automatic rollback is triggered with a DeploymentId {back}."
    )
    first = timeline.line(rollback_record(plan(), at(0))["timeline"][0])
    assert first == "2026-11-23T06:00:00.000Z Created: Asked for by rollback of d-AAAAAAAAA."


def test_an_entry_from_before_an_upgrade_or_without_a_reason_is_a_line_all_the_same() -> None:
    called = {name: value for name, value in CALLED.timeline[0].items() if name != "deadline"}
    assert timeline.line(called).endswith("was called as the BeforeAllowTraffic hook.")
    assert timeline.line({"time": "2026-11-23T06:00:00.000Z", "event": "Unknown"}) == "2026-11-23T06:00:00.000Z Unknown"


def test_the_deadline_is_the_state_machines() -> None:
    assert timedelta(seconds=3600) == hooks.PATIENCE
