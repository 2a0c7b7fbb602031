"""The record of a deployment through everything that may happen to it. Reference: sections 5, 6 and 8."""

import json
from typing import Any

import pytest

from tests.core.samples import apply, at, plan, record
from weighbridge.core.deployment import created, hook_answered, hook_called, planned, shifted
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.errors import ALARM_SENTENCE, HOOK_SENTENCE, AlarmActive, InvalidAppSpec
from weighbridge.core.gate import hook_result
from weighbridge.core.hooks import Answer
from weighbridge.core.ids import rollback_id
from weighbridge.core.interruptions import alarm_interruption, interrupted, stop_interruption
from weighbridge.core.plan import Plan, WatchedAlarms, routing_after
from weighbridge.core.record import Record
from weighbridge.core.rollbacks import rollback_record, traffic_restored


def _events(of: Record) -> list[str]:
    return [of["lifecycleEvents"][name]["status"] for name in ("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic")]


def _after(step: int, **changes: Any) -> Record:
    """The sample deployment when `step` steps have been taken."""
    sample: Plan = plan(**changes)
    made = record(**changes)
    for n in range(step):
        made = apply(made, shifted(sample, n, routing_after(sample, n), f"r-{n + 1}", at(60 * n)))
    return made


def test_a_request_becomes_a_record_with_what_is_known_to_be_wrong() -> None:
    made = created("d-A", "id", application="a", group="g", revision=None, now=at(0), refusal=InvalidAppSpec("Because."))
    assert made["status"] == "Created"
    assert made["open"]
    assert made["refusal"]["error"] == "InvalidAppSpec"
    assert made["createTime"] == "2026-11-23T06:00:00.000Z"


def test_a_deployment_that_succeeds() -> None:
    made = _after(4)
    assert made["lambdaFunctionInfo"]["targetVersionWeight"] == 0.4
    assert made["routing"] == {"version": "1", "weights": {"2": 0.4}}
    assert _events(made) == ["Succeeded", "InProgress", "Pending"]
    made = _after(10)
    assert _events(made) == ["Succeeded", "Succeeded", "Pending"]
    made = apply(made, succeeded(made, at(601)).change)
    assert made["status"] == "Succeeded"
    assert _events(made) == ["Succeeded"] * 3
    assert "open" not in made
    assert [entry["weight"] for entry in made["timeline"] if entry["event"] == "TrafficShifted"] == [
        n / 10 for n in range(1, 10)
    ] + [1.0]


def test_an_alarm_in_mid_shift_stops_and_rolls_back() -> None:
    made = _after(3)
    interruption = alarm_interruption(made, "errors", at(150))
    assert interruption
    assert interruption.roll_back
    made = apply(made, interrupted(interruption, at(150)))
    details = made["interruption"]
    ending = failed(made, {"error": details["error"], "cause": json.dumps(details)}, {"status": "SUCCEEDED"}, at(151))
    made = apply(made, ending.change)
    assert (ending.status, ending.code) == ("Stopped", "ALARM_ACTIVE")
    assert made["errorInformation"]["message"] == f"{ALARM_SENTENCE} <errors>"
    assert _events(made) == ["Succeeded", "Failed", "Skipped"]
    rollback = rollback_id("d-AAAAAAAAA")
    assert made["rollbackInfo"] == {
        "rollbackDeploymentId": rollback,
        "rollbackMessage": f"Deployment d-AAAAAAAAA terminated. Automatic rollback is triggered with a DeploymentId {rollback}.",
    }
    assert not ending.leaves_weights


@pytest.mark.parametrize("fired", [-60.0, 0.9])
def test_an_alarm_that_fired_before_the_deployment_began_is_late(fired: float) -> None:
    assert alarm_interruption(_after(3), "errors", at(fired)) is None


def test_an_alarm_that_is_not_watched_or_comes_after_the_end_means_nothing() -> None:
    assert alarm_interruption(_after(3), "other", at(150)) is None
    ended = _after(10)
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
    made = _after(2, rollBackOn={"failure": True, "alarm": True, "stop": configured})
    interruption = stop_interruption(made, requested)
    assert interruption
    assert interruption.roll_back is expected


def test_stopped_without_rollback_the_alias_is_left_and_the_record_says_where() -> None:
    made = _after(3)
    ending = failed(made, {"error": "StopRequested", "cause": '{"message": "Stopped.", "rollBack": false}'}, {}, at(200))
    made = apply(made, ending.change)
    assert (made["status"], made["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    assert "version 1 at 70 %, version 2 at 30 %" in made["rollbackInfo"]["rollbackMessage"]
    assert ending.leaves_weights


def test_an_alias_that_somebody_moved_is_theirs() -> None:
    made = _after(3)
    ending = failed(made, {"error": "AliasMoved", "cause": '{"errorMessage": "Somebody else."}'}, {}, at(200))
    assert ending.status == "Failed"
    assert not ending.leaves_weights
    assert "somebody else moved the alias" in ending.change.sets["rollbackInfo"]["rollbackMessage"]


def test_a_rollback_that_fails_is_told_and_may_be_started_from() -> None:
    made = _after(3)
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
    ending = failed(_after(1), {"error": error, "cause": cause}, {"status": "SUCCEEDED"}, at(100))
    assert (ending.status, ending.code, ending.message) == (status, code, message)


def test_an_execution_that_only_knows_that_it_was_interrupted_finds_how_in_the_record() -> None:
    made = _after(2)
    interruption = stop_interruption(made, None)
    assert interruption
    made = apply(made, interrupted(interruption, at(70)))
    assert failed(made, {"error": "Interrupted", "cause": "before"}, {}, at(71)).code == "MANUAL_STOP"


def test_a_deployment_that_failed_validation_touched_nothing() -> None:
    made = created("d-A", "id", application="a", group="g", revision=None, now=at(0))
    ending = failed(made, {"error": "InvalidAppSpec", "cause": '{"errorMessage": "wrong"}'}, {}, at(1))
    assert ending.code == "INVALID_LAMBDA_CONFIGURATION"
    assert "rollbackInfo" not in ending.change.sets
    assert _events(apply(made, ending.change)) == ["Skipped"] * 3


def test_hooks_are_told_by_event_and_their_ids_are_kept_as_digests_only() -> None:
    sample = plan(hooks={"BeforeAllowTraffic": "CodeDeployHook_x"})
    made = apply(record(hooks=sample["hooks"]), hook_called(sample, "BeforeAllowTraffic", "secret-id", "token", at(2)))
    assert made["hooks"]["BeforeAllowTraffic"]["function"] == "CodeDeployHook_x"
    assert "secret-id" not in json.dumps(made)
    assert _events(made) == ["InProgress", "Pending", "Pending"]
    yes = Answer(status="Succeeded", message="", by="report")
    made = apply(made, hook_answered("BeforeAllowTraffic", "CodeDeployHook_x", yes, at(3)))
    assert _events(made) == ["Succeeded", "Pending", "Pending"]
    assert hook_result("BeforeAllowTraffic", sample, yes) == {"status": "Succeeded"}
    no = Answer(status="Failed", message="prices are wrong", by="return value")
    assert hook_result("BeforeAllowTraffic", sample, no) == {
        "status": "Failed",
        "failure": {
            "error": "HookFailed",
            "cause": f"{HOOK_SENTENCE} The BeforeAllowTraffic hook CodeDeployHook_x returned Failed: prices are wrong",
        },
    }


def test_a_rollback_is_a_deployment_with_the_versions_swapped() -> None:
    sample = plan()
    made = rollback_record(sample, at(0))
    assert made["creator"] == "codeDeployRollback"
    assert made["deploymentConfigName"] == "CodeDeployDefault.LambdaAllAtOnce"
    properties = json.loads(made["revision"]["appSpecContent"]["content"])["Resources"][0]["shop"]["Properties"]
    assert (properties["CurrentVersion"], properties["TargetVersion"]) == ("2", "1")
    assert made["rollbackInfo"] == {
        "rollbackTriggeringDeploymentId": "d-AAAAAAAAA",
        "rollbackMessage": f"Deployment {sample['rollbackDeploymentId']} is triggered to roll back deployment d-AAAAAAAAA.",
    }
    made = apply(made, traffic_restored(sample, "r-9", at(1), moved=True))
    ending = succeeded(made, at(2))
    made = apply(made, ending.change)
    assert _events(made) == ["Succeeded"] * 3
    assert made["lambdaFunctionInfo"]["targetVersionWeight"] == 1.0


def test_untrusted_text_is_cut() -> None:
    assert len(str(AlarmActive(["x" * 255] * 50))) == 2_000


@pytest.mark.parametrize(
    ("names", "hooks", "unwatched"),
    [([], {}, True), (["errors"], {}, False), ([], {"AfterAllowTraffic": "smoke"}, False)],
)
def test_a_deployment_that_nothing_watches_says_so(names: list[str], hooks: dict[str, str], unwatched: bool) -> None:
    watched = WatchedAlarms(names=names, ignorePollFailure=False)
    [entry] = planned(plan(alarms=watched, hooks=hooks), at(1)).timeline
    assert ("No alarm and no hook watches" in entry.get("reason", "")) is unwatched
