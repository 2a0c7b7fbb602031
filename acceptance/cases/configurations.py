"""The deployment configurations that the cases drop, and how deployments end by the cause."""

from collections.abc import Mapping
from typing import Any

SHARE = 0.1
ALL_AT_ONCE = "CodeDeployDefault.LambdaAllAtOnce"
SHORT, LONG, LINEAR = "SmokeShort", "SmokeLong", "SmokeLinear"
LINEAR_SHARES = [0.25, 0.5, 0.75, 1.0]
STOPPED = "Stopped MANUAL_STOP"
ALARMED = "Stopped ALARM_ACTIVE"
HOOK_FAILED = "Failed HOOK_EXECUTION_FAILURE"


def _canary(minutes: int) -> dict[str, Any]:
    return {
        "type": "TimeBasedCanary",
        "timeBasedCanary": {"canaryPercentage": 100 * SHARE, "canaryInterval": minutes},
    }


ROUTINGS: Mapping[str, Mapping[str, Any]] = {
    SHORT: _canary(1),
    LONG: _canary(2880),  # outlasts every case
    LINEAR: {
        "type": "TimeBasedLinear",
        "timeBasedLinear": {"linearPercentage": 100 * LINEAR_SHARES[0], "linearInterval": 1},
    },
}


def watched(alarm: str) -> dict[str, Any]:
    """A group's alarm configuration."""
    return {"enabled": True, "alarms": [{"name": alarm}]}
