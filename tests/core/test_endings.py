"""How deployments end, and what their records then say. Reference: sections 5, 6 and 8."""

import json

import pytest

from tests.core.samples import after, apply, at, lifecycle
from weighbridge.core.deployment import created
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.errors import AlarmActive
from weighbridge.core.interruptions import interrupted, stop_interruption


def test_a_deployment_that_succeeds() -> None:
    made = after(4)
    assert made["lambdaFunctionInfo"]["targetVersionWeight"] == 0.4
    assert made["routing"] == {"version": "1", "weights": {"2": 0.4}}
    assert lifecycle(made) == ["Succeeded", "InProgress", "Pending"]
    made = after(10)
    assert lifecycle(made) == ["Succeeded", "Succeeded", "Pending"]
    made = apply(made, succeeded(made, at(601)).change)
    assert made["status"] == "Succeeded"
    assert lifecycle(made) == ["Succeeded"] * 3
    assert "open" not in made
    assert [entry["weight"] for entry in made["timeline"] if entry["event"] == "TrafficShifted"] == [
        n / 10 for n in range(1, 10)
    ] + [1.0]


def test_stopped_without_rollback_the_alias_is_left_and_the_record_says_where() -> None:
    made = after(3)
    ending = failed(made, {"error": "StopRequested", "cause": '{"message": "Stopped.", "rollBack": false}'}, {}, at(200))
    made = apply(made, ending.change)
    assert (made["status"], made["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    assert "version 1 at 70 %, version 2 at 30 %" in made["rollbackInfo"]["rollbackMessage"]
    assert ending.leaves_weights


def test_an_alias_that_somebody_moved_is_theirs() -> None:
    made = after(3)
    ending = failed(made, {"error": "AliasMoved", "cause": '{"errorMessage": "Somebody else."}'}, {}, at(200))
    assert ending.status == "Failed"
    assert not ending.leaves_weights
    assert "somebody else moved the alias" in ending.change.sets["rollbackInfo"]["rollbackMessage"]


def test_a_rollback_that_fails_is_told_and_may_be_started_from() -> None:
    made = after(3)
    cause = json.dumps({"Error": "THROTTLED", "Cause": "Too many requests."})
    ending = failed(made, {"error": "HookFailed", "cause": "no"}, {"status": "FAILED", "cause": cause}, at(200))
    assert ending.leaves_weights
    assert ending.change.sets["rollbackInfo"]["rollbackMessage"].endswith("Too many requests.")


@pytest.mark.parametrize(
    ("error", "cause", "status", "code", "message"),
    [
        ("KeyError", '{"errorMessage": "\'x\'", "errorType": "KeyError"}', "Failed", "INTERNAL_ERROR", "KeyError: 'x'"),
        ("Sandbox.Timedout", "timed out", "Failed", "INTERNAL_ERROR", "Sandbox.Timedout: timed out"),
        ("Throttled", '{"errorMessage": "slow"}', "Failed", "THROTTLED", "slow"),
        ("AlarmsUnreadable", "There is none.", "Stopped", "CODEDEPLOY_RESOURCE_CANNOT_BE_FOUND", "There is none."),
        ("HookTimedOut", "late", "Failed", "TIMEOUT", "late"),
        ("RolePermissions", '{"errorMessage": "denied"}', "Failed", "IAM_ROLE_PERMISSIONS", "denied"),
    ],
)
def test_every_failure_has_a_code_and_a_sentence(error: str, cause: str, status: str, code: str, message: str) -> None:
    ending = failed(after(1), {"error": error, "cause": cause}, {"status": "SUCCEEDED"}, at(100))
    assert (ending.status, ending.code, ending.message) == (status, code, message)


def test_an_execution_that_only_knows_that_it_was_interrupted_finds_how_in_the_record() -> None:
    made = after(2)
    interruption = stop_interruption(made, None)
    assert interruption
    made = apply(made, interrupted(interruption, at(70)))
    assert failed(made, {"error": "Interrupted", "cause": "before"}, {}, at(71)).code == "MANUAL_STOP"


def test_a_deployment_that_failed_validation_touched_nothing() -> None:
    made = created("d-A", "id", application="a", group="g", revision=None, now=at(0))
    ending = failed(made, {"error": "InvalidAppSpec", "cause": '{"errorMessage": "wrong"}'}, {}, at(1))
    assert ending.code == "INVALID_LAMBDA_CONFIGURATION"
    assert "rollbackInfo" not in ending.change.sets
    assert lifecycle(apply(made, ending.change)) == ["Skipped"] * 3


def test_untrusted_text_is_cut() -> None:
    assert len(str(AlarmActive(["x" * 255] * 50))) == 2_000
