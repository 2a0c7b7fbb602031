"""The record of a deployment, and what changes it. Reference: section 5."""

import json

import pytest

from tests.core.samples import apply, at, lifecycle, plan, record
from weighbridge.core.deployment import created, hook_answered, hook_called, planned
from weighbridge.core.errors import HOOK_SENTENCE, InvalidAppSpec
from weighbridge.core.gate import hook_result
from weighbridge.core.hooks import Answer
from weighbridge.core.plan import WatchedAlarms


def test_a_request_becomes_a_record_with_what_is_known_to_be_wrong() -> None:
    made = created("d-A", "id", application="a", group="g", revision=None, now=at(0), refusal=InvalidAppSpec("Because."))
    assert made["status"] == "Created"
    assert made["open"]
    assert made["refusal"]["error"] == "InvalidAppSpec"
    assert made["createTime"] == "2026-11-23T06:00:00.000Z"


def test_hooks_are_told_by_event_and_their_ids_are_kept_as_digests_only() -> None:
    sample = plan(hooks={"BeforeAllowTraffic": "CodeDeployHook_x"})
    made = apply(record(hooks=sample["hooks"]), hook_called(sample, "BeforeAllowTraffic", "secret-id", "token", at(2)))
    assert made["hooks"]["BeforeAllowTraffic"]["function"] == "CodeDeployHook_x"
    assert "secret-id" not in json.dumps(made)
    assert lifecycle(made) == ["InProgress", "Pending", "Pending"]
    yes = Answer(status="Succeeded", message="", by="report")
    made = apply(made, hook_answered("BeforeAllowTraffic", "CodeDeployHook_x", yes, at(3)))
    assert lifecycle(made) == ["Succeeded", "Pending", "Pending"]
    assert hook_result("BeforeAllowTraffic", sample, yes) == {"status": "Succeeded"}
    no = Answer(status="Failed", message="prices are wrong", by="return value")
    assert hook_result("BeforeAllowTraffic", sample, no) == {
        "status": "Failed",
        "failure": {
            "error": "HookFailed",
            "cause": f"{HOOK_SENTENCE} The BeforeAllowTraffic hook CodeDeployHook_x returned Failed: prices are wrong",
        },
    }


@pytest.mark.parametrize(
    ("names", "hooks", "unwatched"),
    [([], {}, True), (["errors"], {}, False), ([], {"AfterAllowTraffic": "smoke"}, False)],
)
def test_a_deployment_that_nothing_watches_says_so(names: list[str], hooks: dict[str, str], unwatched: bool) -> None:
    watched = WatchedAlarms(names=names, ignorePollFailure=False)
    [entry] = planned(plan(alarms=watched, hooks=hooks), at(1)).timeline
    assert ("No alarm and no hook watches" in entry.get("reason", "")) is unwatched
