"""What ends a deployment early, and whether traffic then goes back. Reference: sections 6.2 and 6.4."""

import json

import pytest

from tests.core.samples import after, apply, at, lifecycle
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.errors import ALARM_SENTENCE
from weighbridge.core.ids import rollback_id
from weighbridge.core.interruptions import alarm_interruption, interrupted, stop_interruption


def test_an_alarm_in_mid_shift_stops_and_rolls_back() -> None:
    made = after(3)
    interruption = alarm_interruption(made, "errors", at(150))
    assert interruption
    assert interruption.roll_back
    made = apply(made, interrupted(interruption, at(150)))
    details = made["interruption"]
    ending = failed(made, {"error": details["error"], "cause": json.dumps(details)}, {"status": "SUCCEEDED"}, at(151))
    made = apply(made, ending.change)
    assert (ending.status, ending.code) == ("Stopped", "ALARM_ACTIVE")
    assert made["errorInformation"]["message"] == f"{ALARM_SENTENCE} <errors>"
    assert lifecycle(made) == ["Succeeded", "Failed", "Skipped"]
    rollback = rollback_id("d-AAAAAAAAA")
    assert made["rollbackInfo"] == {
        "rollbackDeploymentId": rollback,
        "rollbackMessage": f"Deployment d-AAAAAAAAA terminated. Automatic rollback is triggered with a DeploymentId {rollback}.",
    }
    assert not ending.leaves_weights


@pytest.mark.parametrize("fired", [-60.0, 0.9])
def test_an_alarm_that_fired_before_the_deployment_began_is_late(fired: float) -> None:
    assert alarm_interruption(after(3), "errors", at(fired)) is None


def test_an_alarm_that_is_not_watched_or_comes_after_the_end_means_nothing() -> None:
    assert alarm_interruption(after(3), "other", at(150)) is None
    ended = after(10)
    ended = apply(ended, succeeded(ended, at(601)).change)
    assert alarm_interruption(ended, "errors", at(602)) is None
    assert stop_interruption(ended, None) is None


@pytest.mark.parametrize(
    ("configured", "requested", "expected"),
    [(True, None, True), (False, None, False), (True, False, False), (False, True, True)],
)
def test_a_stop_request_says_whether_to_roll_back_or_leaves_it_to_the_group(
    configured: bool,
    requested: bool | None,
    expected: bool,
) -> None:
    made = after(2, rollBackOn={"failure": True, "alarm": True, "stop": configured})
    interruption = stop_interruption(made, requested)
    assert interruption
    assert interruption.roll_back is expected
