"""Each case of the smoke test fails where something is otherwise than the case says."""

import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from acceptance import smoke
from acceptance.cases import CASES, Case, api, faults, hooks, limits, shifting, turning_back, upkeep, versions
from acceptance.cases.configurations import ALARMED, HOOK_FAILED, STOPPED
from acceptance.lines import Answer, Verdict
from acceptance.stage import Stage
from tests.acceptance.scene import Scene
from tests.acceptance.scripts import Refusal


def verdict(play: Callable[[Stage], Answer], scene: Scene) -> tuple[Verdict, str]:
    [line] = smoke.played(scene, [Case(1, "a case", play)])
    return line.answer.verdict, line.answer.message


def test_drops_that_are_received_or_not(scene: Scene) -> None:
    assert verdict(shifting.drops_are_received, scene)[0] is Verdict.HELD
    scene.items = None
    assert verdict(shifting.drops_are_received, scene) == (Verdict.FAILED, "no drop was received in 0.2 s")


def test_a_group_and_a_file_together(scene: Scene) -> None:
    assert verdict(shifting.group_and_file_together, scene)[0] is Verdict.HELD
    scene.outcomes = ["Failed DEPLOYMENT_GROUP_MISSING"]
    result, message = verdict(shifting.group_and_file_together, scene)
    assert (result, "DEPLOYMENT_GROUP_MISSING" in message) == (Verdict.FAILED, True)


@pytest.mark.parametrize(
    ("ran", "outcomes", "expected"),
    [
        ({"2": 20, "1": 180}, [], Verdict.HELD),
        ({"2": 100, "1": 100}, [], Verdict.FAILED),
        ({"1": 200}, [], Verdict.FAILED),
        ({"2": 20, "1": 180}, ["Stopped ALARM_ACTIVE"], Verdict.FAILED),
    ],
)
def test_shares(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, ran: dict[str, int], outcomes: list[str], expected: Verdict
) -> None:
    monkeypatch.setattr(shifting, "_versions_that_ran", lambda _: Counter(ran))
    scene.outcomes = outcomes
    assert verdict(shifting.weights_are_shares, scene)[0] is expected


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (["Succeeded", HOOK_FAILED], Verdict.HELD),
        (["Failed HOOK_TIMED_OUT", HOOK_FAILED], Verdict.FAILED),
        (["Succeeded", "Succeeded"], Verdict.FAILED),
    ],
)
def test_hooks(scene: Scene, outcomes: list[str], expected: Verdict) -> None:
    scene.outcomes = outcomes
    assert verdict(hooks.hooks_are_waited_for, scene)[0] is expected


def test_a_failed_hook_brings_traffic_back(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.outcomes = ["Succeeded", HOOK_FAILED]
    monkeypatch.setattr(Scene, "back", lambda _self: None)
    result, message = verdict(hooks.hooks_are_waited_for, scene)
    assert (result, message.partition(":")[0]) == (Verdict.FAILED, "the alias afterwards")


@pytest.mark.parametrize(
    ("ending", "expected"), [("Succeeded", Verdict.HELD), ("Failed HOOK_EXECUTION_FAILURE", Verdict.FAILED)]
)
def test_a_slow_hook(scene: Scene, ending: str, expected: Verdict) -> None:
    scene.outcomes = [ending]
    assert verdict(hooks.a_slow_hook_is_waited_for, scene)[0] is expected


BACK: list[tuple[Callable[[Stage], Answer], str, int]] = [
    (turning_back.alarms_bring_traffic_back, ALARMED, 5),
    (turning_back.cold_functions_bring_traffic_back, ALARMED, 1),
    (turning_back.other_alarms_bring_traffic_back, ALARMED, 2),
    (turning_back.log_alarms_bring_traffic_back, ALARMED, 1),
    (hooks.an_alarm_ends_the_wait_for_a_running_hook, ALARMED, 1),
    (turning_back.stops_bring_traffic_back, STOPPED, 3),
    (turning_back.the_schedule_finds_a_stop_whose_event_is_lost, STOPPED, 1),
]


@pytest.fixture
def ways_back(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Stops by the API and in the console work, too."""
    scene.__dict__["api"] = type("Api", (), {"stop_deployment": lambda _self, **_: scene.back()})()
    monkeypatch.setattr(turning_back, "_stop_execution", lambda *_: scene.back())
    scene.account.answers("cloudwatch", "put_composite_alarm", [{}])  # type: ignore[attr-defined]
    return scene


@pytest.mark.parametrize(("play", "ending", "times"), BACK)
def test_traffic_that_comes_back(ways_back: Scene, play: Callable[[Stage], Answer], ending: str, times: int) -> None:
    ways_back.outcomes = [ending] * times
    assert verdict(play, ways_back)[0] is Verdict.HELD


@pytest.mark.parametrize(("play", "ending", "times"), BACK)
def test_traffic_that_does_not_come_back(
    ways_back: Scene, monkeypatch: pytest.MonkeyPatch, play: Callable[[Stage], Answer], ending: str, times: int
) -> None:
    ways_back.outcomes = [ending] * times
    monkeypatch.setattr(Scene, "back", lambda _self: None)
    result, message = verdict(play, ways_back)
    assert (result, "in vain for all traffic to be back" in message) == (Verdict.FAILED, True)


@pytest.mark.parametrize(("play", "ending", "times"), BACK)
def test_traffic_that_comes_back_for_another_reason(
    ways_back: Scene, play: Callable[[Stage], Answer], ending: str, times: int
) -> None:
    ways_back.outcomes = [*[ending] * (times - 1), "Failed INTERNAL_ERROR"]
    result, message = verdict(play, ways_back)
    assert (result, "INTERNAL_ERROR" in message) == (Verdict.FAILED, True)


def test_a_record_that_takes_another_run_is_waited_for(ways_back: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SCHEDULE_SECONDS", 420)
    ways_back.outcomes = [STOPPED]
    assert verdict(turning_back.the_schedule_finds_a_stop_whose_event_is_lost, ways_back)[0] is Verdict.HELD
    assert ways_back.patience == limits.SCHEDULE_SECONDS
    ways_back.items, ways_back.outcomes, ways_back.patience = {"heldUp": {}}, [STOPPED], 0
    assert verdict(faults.a_rollback_without_rights_is_held_up_and_heals, ways_back)[0] is Verdict.HELD
    assert ways_back.patience == limits.SCHEDULE_SECONDS


def test_traffic_that_comes_back_late(ways_back: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scene, "seconds_until_back", lambda *_: 0.02)
    ways_back.outcomes = [ALARMED] * 10
    assert verdict(hooks.an_alarm_ends_the_wait_for_a_running_hook, ways_back)[0] is Verdict.FAILED
    assert verdict(turning_back.alarms_bring_traffic_back, ways_back)[0] is Verdict.FAILED
    assert verdict(turning_back.cold_functions_bring_traffic_back, ways_back)[0] is Verdict.FAILED
    assert verdict(turning_back.other_alarms_bring_traffic_back, ways_back)[0] is Verdict.FAILED
    assert verdict(turning_back.log_alarms_bring_traffic_back, ways_back)[0] is Verdict.FAILED


def test_starts_that_no_log_tells_of(ways_back: Scene) -> None:
    ways_back.outcomes, ways_back.started = [ALARMED], []
    result, message = verdict(turning_back.cold_functions_bring_traffic_back, ways_back)
    assert (result, "not in their logs" in message) == (Verdict.UNANSWERED, True)


def test_both_functions_are_cold_at_the_alarm(ways_back: Scene) -> None:
    ways_back.outcomes = [ALARMED]
    message = verdict(turning_back.cold_functions_bring_traffic_back, ways_back)[1]
    assert ways_back.cooled == ["Interrupt", "ShiftTraffic"]
    assert "Interrupt started in 0.80 s, ShiftTraffic started in 0.80 s" in message


def alias(revision: str, **weights: float) -> dict[str, Any]:
    routing = {"RoutingConfig": {"AdditionalVersionWeights": {name[1:]: weight for name, weight in weights.items()}}}
    return {"RevisionId": revision, "FunctionVersion": "1"} | (routing if weights else {})


GOOD = [alias("b"), alias("c", v2=0.01), alias("d"), Refusal("PreconditionFailedException", status=412)]


@pytest.mark.parametrize(
    ("updates", "expected"),
    [
        (GOOD, Verdict.HELD),
        ([alias("a")], Verdict.FAILED),
        ([GOOD[0], alias("c", v2=0.02)], Verdict.FAILED),
        ([*GOOD[:2], alias("d", v2=0.01)], Verdict.FAILED),
        ([*GOOD[:3], alias("e")], Verdict.FAILED),
    ],
)
def test_facts(scene: Scene, updates: list[Any], expected: Verdict) -> None:
    account: Any = scene.account
    account.answers("lambda", "create_alias", [alias("a")])
    account.answers("lambda", "update_alias", updates)
    account.answers("lambda", "delete_alias", [{}])
    assert verdict(versions.facts, scene)[0] is expected
    account.all_asked()


FORBIDDEN = Refusal("AccessDeniedException", status=403)


@pytest.mark.parametrize(
    ("listed", "rights", "unsigned", "for_another", "expected"),
    [
        (["smoke"], True, 403, FORBIDDEN, Verdict.HELD),
        (["smoke"], True, 403, Refusal("InvalidSignatureException", status=400), Verdict.HELD),
        ([], True, 403, FORBIDDEN, Verdict.FAILED),
        (["smoke"], False, 200, {"applications": []}, Verdict.UNANSWERED),
        (["smoke"], True, 200, FORBIDDEN, Verdict.FAILED),
        (["smoke"], True, 403, {"applications": []}, Verdict.FAILED),
        (["smoke"], True, 403, Refusal("Odd", status=500), Verdict.FAILED),
    ],
)
def test_the_api(  # noqa: PLR0913, PLR0917
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    listed: list[str],
    rights: bool,
    unsigned: int,
    for_another: Any,
    expected: Verdict,
) -> None:
    scene.applications, scene.rights = listed, rights
    monkeypatch.setattr(api, "_status", lambda *_: unsigned)
    account: Any = scene.account
    account.answers("codedeploy", "list_applications", [for_another])
    monkeypatch.setattr(api, "_for_another_service", lambda _: account.client("codedeploy"))
    assert verdict(api.api_wants_signatures, scene)[0] is expected


@pytest.mark.parametrize(
    ("rights", "answer", "expected"),
    [
        (True, Refusal("AccessDeniedException", status=403), Verdict.HELD),
        (True, {"StatusCode": 200}, Verdict.FAILED),
        (True, Refusal("ResourceNotFoundException", status=404), Verdict.FAILED),
        (False, {"StatusCode": 200}, Verdict.UNANSWERED),
    ],
)
def test_a_forged_caller(scene: Scene, rights: bool, answer: Any, expected: Verdict) -> None:
    scene.rights = rights
    account: Any = scene.account
    account.answers("lambda", "invoke", [answer])
    assert verdict(api.nobody_forges_a_caller, scene)[0] is expected


def test_an_installation_without_an_api(scene: Scene) -> None:
    scene.outputs = {name: value for name, value in scene.outputs.items() if name != "ApiUrl"}
    for play in (api.api_wants_signatures, api.nobody_forges_a_caller):
        assert verdict(play, scene) == (Verdict.UNANSWERED, "this installation has no API")
    assert verdict(hooks.reports_of_hooks_are_taken, scene)[0] is Verdict.HELD
    assert set(scene.hooked) == {"by-bus"}


@pytest.mark.parametrize(
    ("status", "told", "expected"),
    [
        (1, "d-AAAAAAAAA of smoke/smoke is InProgress", Verdict.HELD),
        (0, "", Verdict.FAILED),
        (1, "No module named infra.teardown", Verdict.FAILED),
    ],
)
def test_a_teardown(scene: Scene, monkeypatch: pytest.MonkeyPatch, status: int, told: str, expected: Verdict) -> None:
    done = subprocess.CompletedProcess([], status, "", told)
    asked: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return done

    monkeypatch.setattr("acceptance.cases.upkeep.subprocess.run", run)
    assert verdict(upkeep.teardown_is_refused, scene)[0] is expected
    assert asked[0][1:] == ["-m", "infra.teardown", "-c", "stackName=smoke"]


@pytest.mark.parametrize(
    ("otherwise", "expected"),
    [
        ({}, Verdict.HELD),
        ({"rights": False}, Verdict.UNANSWERED),
        ({"counted": False, "firing": False}, Verdict.UNANSWERED),
        ({"items": {"status": "InProgress"}}, Verdict.FAILED),
        ({"leaks": True}, Verdict.FAILED),
        ({"news": {"SUCCESS"}}, Verdict.FAILED),
        ({"firing": False}, Verdict.FAILED),
        ({"heals": False}, Verdict.FAILED),
        ({"outcomes": ["Failed INTERNAL_ERROR"]}, Verdict.FAILED),
    ],
)
def test_a_rollback_without_rights(scene: Scene, otherwise: dict[str, Any], expected: Verdict) -> None:
    scene.items, scene.outcomes = {"heldUp": {}}, [STOPPED]
    vars(scene).update(otherwise)
    assert verdict(faults.a_rollback_without_rights_is_held_up_and_heals, scene)[0] is expected
    assert not scene.broken_now
    if scene.rights:
        assert scene.taken == (("ShiftTraffic", "Reconcile"), ("lambda:UpdateAlias",))


@pytest.mark.parametrize(
    ("otherwise", "expected"),
    [
        ({}, Verdict.HELD),
        ({"bridge_writes": False}, Verdict.UNANSWERED),
        ({"lambda_writes": False}, Verdict.FAILED),
        ({"delivers": False}, Verdict.FAILED),
        ({"sets_aside": False}, Verdict.FAILED),
    ],
)
def test_dead_letters(scene: Scene, otherwise: dict[str, Any], expected: Verdict) -> None:
    vars(scene).update(otherwise)
    assert verdict(faults.dead_letters_are_delivered_again, scene)[0] is expected
    assert not scene.broken_now


@pytest.mark.parametrize(
    ("otherwise", "expected"),
    [
        ({}, Verdict.HELD),
        ({"rights": False}, Verdict.UNANSWERED),
        ({"news": set()}, Verdict.FAILED),
        ({"leaks": True}, Verdict.FAILED),
        ({"outcomes": ["Failed INTERNAL_ERROR"]}, Verdict.FAILED),
    ],
)
def test_news(scene: Scene, otherwise: dict[str, Any], expected: Verdict) -> None:
    vars(scene).update(otherwise)
    assert verdict(faults.news_outlasts_a_refusal, scene)[0] is expected
    assert not scene.broken_now


@pytest.mark.parametrize(("outcomes", "expected"), [(["Succeeded"], Verdict.HELD), (["Failed TIMEOUT"], Verdict.FAILED)])
def test_reports_of_hooks(scene: Scene, outcomes: list[str], expected: Verdict) -> None:
    scene.outcomes = outcomes
    assert verdict(hooks.reports_of_hooks_are_taken, scene)[0] is expected
    assert set(scene.hooked) == {"by-bus", "by-api"}
    assert all(hook["Role"] == "arn:caller" for hook in scene.hooked.values())


@pytest.mark.parametrize(
    ("state", "outcomes", "expected"),
    [
        ("Pending", ["Succeeded"], Verdict.HELD),
        ("Active", [], Verdict.UNANSWERED),
        ("Pending", ["Failed INVALID_LAMBDA_FUNCTION"], Verdict.FAILED),
    ],
)
def test_a_pending_version(scene: Scene, state: str, outcomes: list[str], expected: Verdict) -> None:
    account: Any = scene.account
    account.answers("lambda", "publish_version", [{"Version": "4", "State": state}])
    if expected is Verdict.HELD:
        account.answers("lambda", "delete_function", [{}], FunctionName="smoke-subject", Qualifier="4")
    scene.outcomes = outcomes
    assert verdict(versions.a_pending_version_is_waited_for, scene)[0] is expected
    assert scene.snapshots == ["PublishedVersions", "None"]
    assert scene.live == "1"


def test_a_region_without_snapshots(scene: Scene) -> None:
    scene.account.answers("lambda", "publish_version", [])  # type: ignore[attr-defined]
    scene.takes_snapshots = False
    result, message = verdict(versions.a_pending_version_is_waited_for, scene)
    assert (result, "no SnapStart here" in message) == (Verdict.UNANSWERED, True)


STEPS = [{"event": "TrafficShifted", "weight": weight} for weight in (0.25, 0.5, 0.75, 1)]


@pytest.mark.parametrize(
    ("weighted", "timeline", "outcomes", "expected"),
    [
        (Refusal("InvalidParameterValueException"), STEPS, ["Succeeded"], Verdict.HELD),
        ({}, STEPS, [], Verdict.UNANSWERED),
        (Refusal("InvalidParameterValueException"), STEPS[1:], ["Succeeded"], Verdict.FAILED),
        (Refusal("InvalidParameterValueException"), STEPS, ["Failed INTERNAL_ERROR"], Verdict.FAILED),
    ],
)
def test_provisioned_concurrency(
    scene: Scene, weighted: Any, timeline: list[dict[str, Any]], outcomes: list[str], expected: Verdict
) -> None:
    account: Any = scene.account
    account.answers("lambda", "create_alias", [alias("a", v2=0.5)])
    account.answers("lambda", "put_provisioned_concurrency_config", [weighted])
    account.answers("lambda", "delete_alias", [{}])
    if expected is not Verdict.UNANSWERED:
        account.answers("lambda", "put_provisioned_concurrency_config", [{}])
        account.answers("lambda", "get_provisioned_concurrency_config", [{"Status": "READY"}])
        account.answers("lambda", "delete_provisioned_concurrency_config", [{}])
    scene.timeline, scene.outcomes = timeline, outcomes
    assert verdict(shifting.provisioned_concurrency_moves_along, scene)[0] is expected
    account.all_asked()


@pytest.mark.parametrize(
    ("meanwhile", "stack", "outcomes", "expected"),
    [
        ("InProgress", "UPDATE_COMPLETE", ["Succeeded"], Verdict.HELD),
        ("Succeeded", "UPDATE_COMPLETE", ["Succeeded"], Verdict.FAILED),
        ("InProgress", "UPDATE_ROLLBACK_COMPLETE", ["Succeeded"], Verdict.FAILED),
        ("InProgress", "UPDATE_COMPLETE", ["Failed INTERNAL_ERROR"], Verdict.FAILED),
    ],
)
def test_an_update(  # noqa: PLR0913, PLR0917
    scene: Scene, monkeypatch: pytest.MonkeyPatch, meanwhile: str, stack: str, outcomes: list[str], expected: Verdict
) -> None:
    class Done:
        def begin(self) -> None:
            scene.items = {"status": meanwhile}

        def ended(self, _seconds: float) -> str:
            return stack

    @contextmanager
    def upgrade(*_: object) -> Iterator[Done]:
        yield Done()

    monkeypatch.setattr(upkeep, "upgrade", upgrade)
    scene.outcomes = outcomes
    assert verdict(upkeep.a_deployment_goes_on_through_an_update, scene)[0] is expected


def test_every_case_is_tried_in_this_file() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    names = [f"{case.play.__module__.rpartition('.')[2]}.{case.play.__name__}" for case in CASES]
    assert [name for name in names if name not in source] == []
