"""The smoke test on the local cloud; and each of its cases fails where something is otherwise than the case says."""

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from acceptance import cases, installation, smoke, stage
from acceptance.__main__ import EXIT_INTERRUPTED, main
from acceptance.cases import CASES, Case
from acceptance.lines import Answer, Verdict, held
from acceptance.preflight import Stack
from acceptance.stage import NotSo, Stage
from local.cloud import LocalCloud
from tests.acceptance.scripts import ID, Refusal, Scripted

OUTPUTS = {"StateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:m", "ApiUrl": "https://api.invalid/"}


@pytest.mark.timeout(600)
def test_it_is_played_on_the_local_cloud_and_leaves_nothing(
    here: LocalCloud, plain_stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # How fast it is here says nothing.
    monkeypatch.setattr(cases, "REACTION_SECONDS", 60.0)
    # No function is faster in a scaled cloud.
    monkeypatch.setattr(cases, "BUSY_SECONDS", 10)
    monkeypatch.setattr(cases, "SLOW_SECONDS", 1)
    options = ["--assembly", str(plain_stack.assembly), "--output", str(tmp_path / "smoke.json"), "--requests", "200"]
    run = CliRunner().invoke(main, ["smoke", *options])
    found = {line[19:].partition("  ")[0].strip(): line[:17].strip() for line in run.output.splitlines()[1:-1]}
    assert here.client("lambda").list_functions()["Functions"] == []
    assert here.client("iam").list_roles()["Roles"] == []
    assert here.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert here.client("dynamodb").list_tables()["TableNames"] == []
    assert set(found.values()) == {"ok", "not answered here"}, run.output
    unanswered = [what for what, verdict in found.items() if verdict != "ok"]
    assert unanswered == ["10 the API takes signed calls and no others"]
    assert run.exit_code == 0
    text = (tmp_path / "smoke.json").read_text()
    assert "000000000000" not in text + run.output
    written = json.loads(text)
    assert [case["verdict"] for case in written["cases"]] == list(found.values())
    assert written["region"] == "us-east-1"
    assert written["cases"][2]["measured"]["requests"] == 200


# ------------------------------------------------------------------------------------------------------------- the cases


class Scene(Stage):
    """A stage on which everything goes as it should, as long as nothing else is said. Nothing is behind it."""

    def __init__(self, account: Scripted) -> None:
        super().__init__(account, "smoke", OUTPUTS, requests=200)
        self.live, self.before, self.weights = "1", "1", dict[str, float]()
        self.outcomes: list[str] = []
        self.items: Any = {"name": "there"}

    def put(self, key: str, document: Any) -> str:  # noqa: ARG002
        return "version"

    def item(self, pk: str, sk: str) -> Any:  # noqa: ARG002
        return self.items

    def configure(self, group: str = "smoke", **settings: Any) -> None:  # noqa: ARG002
        self.settings = settings

    def drop(self, group: str = "smoke", **hooks: str) -> str:  # noqa: ARG002
        self.before, target = self.live, self.other_version()
        if group == "together" or self.settings["deploymentConfigName"] != cases.LONG:
            self.live = target
        else:
            self.weights = {target: 0.1}
        return "d-AAAAAAAAA"

    def baking(self, deployment_id: str) -> Any:
        return {"deploymentId": deployment_id}

    def ended(self, deployment_id: str, seconds: float = 0) -> Any:  # noqa: ARG002
        status, _, code = (self.outcomes.pop(0) if self.outcomes else "Succeeded").partition(" ")
        if status != "Succeeded":
            self.back()
        return {"status": status, "errorInformation": {"code": code}}

    def routing(self) -> tuple[str, dict[str, float]]:
        return self.live, self.weights

    def set_alarm(self, name: str, state: str) -> None:  # noqa: ARG002
        if state == "ALARM":
            self.back()

    def send(self, detail_type: str, detail: Any) -> None:  # noqa: ARG002
        self.back()

    def add_alarm(self, name: str, **metric: Any) -> None:
        pass

    def stop_all(self) -> None:
        self.back()

    def without_rule(self, name: str) -> Any:  # noqa: ARG002
        return closing(self)

    def close(self) -> None:
        pass

    def back(self) -> None:
        self.live, self.weights = self.before, {}

    def add_hook(self, kind: str, does: str, timeout: int = 60) -> str:  # noqa: ARG002
        return kind

    def in_hook(self, deployment_id: str, event: str) -> None:
        pass


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """Fast, as far as it is about waiting."""
    monkeypatch.setattr(cases, "REACTION_SECONDS", 0.01)
    monkeypatch.setattr(cases, "SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(cases, "HEARD_SECONDS", 0.2)
    monkeypatch.setattr(cases, "AGAIN_SECONDS", 0.1)
    monkeypatch.setattr(cases, "BUSY_SECONDS", 0)
    monkeypatch.setattr(stage, "PAUSE", 0)
    with closing(Scripted()) as account:
        yield Scene(account)


def verdict(play: Callable[[Stage], Answer], scene: Scene) -> tuple[Verdict, str]:
    [line] = smoke.played(scene, [Case(1, "a case", play)])
    return line.answer.verdict, line.answer.told


def test_drops_that_are_heard_or_not(scene: Scene) -> None:
    assert verdict(cases.drops_are_heard, scene)[0] is Verdict.HELD
    scene.items = None
    assert verdict(cases.drops_are_heard, scene) == (Verdict.FAILED, "no drop was heard in 0.2 s")


def test_a_group_and_a_file_together(scene: Scene) -> None:
    assert verdict(cases.group_and_file_together, scene)[0] is Verdict.HELD
    scene.outcomes = ["Failed DEPLOYMENT_GROUP_MISSING"]
    found, told = verdict(cases.group_and_file_together, scene)
    assert (found, "DEPLOYMENT_GROUP_MISSING" in told) == (Verdict.FAILED, True)


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
    monkeypatch.setattr(cases, "_versions_that_ran", lambda _: Counter(ran))
    scene.outcomes = outcomes
    assert verdict(cases.weights_are_shares, scene)[0] is expected


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (["Succeeded", cases.HOOK_FAILED], Verdict.HELD),
        (["Failed HOOK_TIMED_OUT", cases.HOOK_FAILED], Verdict.FAILED),
        (["Succeeded", "Succeeded"], Verdict.FAILED),
    ],
)
def test_hooks(scene: Scene, outcomes: list[str], expected: Verdict) -> None:
    scene.outcomes = outcomes
    assert verdict(cases.hooks_are_heard, scene)[0] is expected


def test_a_failed_hook_brings_traffic_back(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.outcomes = ["Succeeded", cases.HOOK_FAILED]
    monkeypatch.setattr(Scene, "back", lambda _self: None)
    found, told = verdict(cases.hooks_are_heard, scene)
    assert (found, told.partition(":")[0]) == (Verdict.FAILED, "the alias afterwards")


@pytest.mark.parametrize(
    ("ending", "expected"), [("Succeeded", Verdict.HELD), ("Failed HOOK_EXECUTION_FAILURE", Verdict.FAILED)]
)
def test_a_slow_hook(scene: Scene, ending: str, expected: Verdict) -> None:
    scene.outcomes = [ending]
    assert verdict(cases.a_slow_hook_is_heard, scene)[0] is expected


BACK: list[tuple[Callable[[Stage], Answer], str, int]] = [
    (cases.alarms_bring_traffic_back, cases.ALARMED, 5),
    (cases.other_alarms_bring_traffic_back, cases.ALARMED, 2),
    (cases.an_alarm_ends_the_wait_for_a_running_hook, cases.ALARMED, 1),
    (cases.stops_bring_traffic_back, cases.STOPPED, 3),
    (cases.the_sweep_finds_what_nobody_told_of, cases.STOPPED, 1),
]


@pytest.fixture
def ways_back(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Stops by the API and in the console work, too."""
    scene.__dict__["api"] = type("Api", (), {"stop_deployment": lambda _self, **_: scene.back()})()
    monkeypatch.setattr(cases, "_stop_execution", lambda *_: scene.back())
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
    found, told = verdict(play, ways_back)
    assert (found, "in vain for all traffic to be back" in told) == (Verdict.FAILED, True)


@pytest.mark.parametrize(("play", "ending", "times"), BACK)
def test_traffic_that_comes_back_for_another_reason(
    ways_back: Scene, play: Callable[[Stage], Answer], ending: str, times: int
) -> None:
    ways_back.outcomes = [*[ending] * (times - 1), "Failed INTERNAL_ERROR"]
    found, told = verdict(play, ways_back)
    assert (found, "INTERNAL_ERROR" in told) == (Verdict.FAILED, True)


def test_traffic_that_comes_back_late(ways_back: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scene, "seconds_until_back", lambda *_: 0.02)
    ways_back.outcomes = [cases.ALARMED] * 8
    assert verdict(cases.an_alarm_ends_the_wait_for_a_running_hook, ways_back)[0] is Verdict.FAILED
    assert verdict(cases.alarms_bring_traffic_back, ways_back)[0] is Verdict.FAILED
    assert verdict(cases.other_alarms_bring_traffic_back, ways_back)[0] is Verdict.FAILED


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
    assert verdict(cases.facts, scene)[0] is expected
    account.all_asked()


@pytest.mark.parametrize(
    ("listed", "is_open", "unsigned", "for_another", "expected"),
    [
        (["smoke"], False, 403, Refusal("AccessDeniedException", status=403), Verdict.HELD),
        ([], False, 403, Refusal("AccessDeniedException", status=403), Verdict.FAILED),
        (["smoke"], True, 200, {"applications": []}, Verdict.UNANSWERED),
        (["smoke"], False, 200, Refusal("AccessDeniedException", status=403), Verdict.FAILED),
        (["smoke"], False, 403, {"applications": []}, Verdict.FAILED),
        (["smoke"], False, 403, Refusal("Odd", status=500), Verdict.FAILED),
    ],
)
def test_the_api(  # noqa: PLR0913, PLR0917
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    listed: list[str],
    is_open: bool,
    unsigned: int,
    for_another: Any,
    expected: Verdict,
) -> None:
    scene.__dict__["api"] = type("Api", (), {"list_applications": lambda _self: {"applications": listed}})()
    monkeypatch.setattr(cases, "_is_open_to_all", lambda _: is_open)
    monkeypatch.setattr(cases, "_status", lambda *_: unsigned)
    account: Any = scene.account
    account.answers("codedeploy", "list_applications", [for_another])
    monkeypatch.setattr(cases, "_for_another_service", lambda _: account.client("codedeploy"))
    assert verdict(cases.api_wants_signatures, scene)[0] is expected


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

    monkeypatch.setattr("acceptance.cases.subprocess.run", run)
    assert verdict(cases.teardown_is_refused, scene)[0] is expected
    assert asked[0][1:] == ["-m", "infra.teardown", "-c", "stackName=smoke"]


def test_every_case_is_tried_in_this_file() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert [case.what for case in CASES if f"cases.{case.play.__name__}" not in source] == []


# ----------------------------------------------------------------------------------------------------- whatever happens


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """An account in which stacks come and go at once; what was done is in `account.done`."""
    with closing(Scripted()) as scripted:
        done: list[str] = []

        def install(_account: object, name: str, *_: object) -> dict[str, str]:
            done.append(f"made {name}")
            return OUTPUTS

        def clear(_self: object) -> list[str]:
            done.append("cleared")
            return []

        object.__setattr__(scripted, "done", done)
        monkeypatch.setattr("acceptance.__main__.opened", lambda _profile: scripted)
        monkeypatch.setattr(installation, "exists", lambda *_: False)
        monkeypatch.setattr(installation, "kept", lambda *_: installation.Kept())
        monkeypatch.setattr(installation, "left", lambda *_: [])
        monkeypatch.setattr(installation, "install", install)
        monkeypatch.setattr(installation, "remove", lambda _account, name, _: done.append(f"removed {name}"))
        monkeypatch.setattr(Stage, "build", lambda _self: done.append("built"))
        monkeypatch.setattr(Stage, "clear", clear)
        monkeypatch.setattr(Stage, "stop_all", lambda _self: None)
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        yield scripted


def play(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, case: Callable[[Stage], Answer], *options: str) -> Any:
    monkeypatch.setattr("acceptance.__main__.CASES", [Case(1, "a case", case), Case(2, "a long one", case, is_long=True)])
    return CliRunner().invoke(main, ["smoke", "--output", str(tmp_path / "smoke.json"), *options])


def interrupted(_: Stage) -> Answer:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
    return held()


def crashing(_: Stage) -> Answer:
    raise NotSo("arn:aws:iam::123456789012:role/x is otherwise")


@pytest.mark.parametrize(
    ("case", "status"), [(lambda _: held("fine", seconds=1.23456), 0), (crashing, 1), (interrupted, EXIT_INTERRUPTED)]
)
def test_everything_is_taken_away(
    account: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, case: Callable[[Stage], Answer], status: int
) -> None:
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    run = play(monkeypatch, tmp_path, case)
    assert run.exit_code == status, run.output
    name = account.done[0].removeprefix("made ")
    assert name.startswith("WeighbridgeSmoke-")
    assert account.done == [f"made {name}", "built", "cleared", f"removed {name}"]
    text = (tmp_path / "smoke.json").read_text()
    assert json.loads(text)["cases"][-1] == {
        "what": "16 all of it is gone",
        "verdict": "ok",
        "told": "the stack, its bucket and table, the subject",
    }
    assert ID not in text + run.output
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers


def test_a_stack_that_is_not_created_is_taken_away_too(
    account: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refused(*_: object) -> Any:
        raise installation.InstallationError("the stack was refused")

    monkeypatch.setattr(installation, "install", refused)
    run = play(monkeypatch, tmp_path, crashing)
    assert (run.exit_code, "the stack was refused" in run.output) == (1, True)
    assert [text.split("-")[0] for text in account.done] == ["removed WeighbridgeSmoke"]


@pytest.mark.usefixtures("account")
def test_what_is_left_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(smoke, "GONE_SECONDS", 0)
    monkeypatch.setattr(installation, "left", lambda *_: ["table smoke"])
    run = play(monkeypatch, tmp_path, lambda _: held())
    assert (run.exit_code, "left: table smoke" in run.output) == (1, True)


def test_a_stack_of_that_name_is_left_alone(account: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(installation, "exists", lambda *_: True)
    run = play(monkeypatch, tmp_path, lambda _: held())
    assert (run.exit_code, account.done) == (1, [])
    assert run.output.endswith("already, which is left alone.\n")


@pytest.mark.usefixtures("account")
def test_quick_leaves_the_long_ones_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "a long one" in play(monkeypatch, tmp_path, lambda _: held()).output
    quick = play(monkeypatch, tmp_path, lambda _: held(), "--quick").output
    assert "a long one" not in quick
    assert " 1 a case" in quick
    assert "a case" not in play(monkeypatch, tmp_path, lambda _: held(), "--only", "2").output


def test_without_a_name_of_its_own_no_second_stack_is_deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cdk.json").write_text('{"context": {}}')
    monkeypatch.setattr(installation, "ROOT", tmp_path)
    with closing(Scripted()) as scripted, pytest.raises(installation.InstallationError, match="no second stack"):
        installation.install(scripted, "WeighbridgeSmoke-1", {}, None)


def test_a_second_stack_is_deployed_under_its_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cdk.json").write_text('{"context": {"stackName": "Weighbridge"}}')
    monkeypatch.setattr(installation, "ROOT", tmp_path)
    asked: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        [file] = [option.partition("=")[2] for option in command if option.startswith("--outputs-file")]
        Path(file).write_text(json.dumps({"WeighbridgeSmoke-1": {"BucketName": "b"}}))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr("acceptance.installation.subprocess.run", run)
    with closing(Scripted()) as scripted:
        outputs = installation.install(scripted, "WeighbridgeSmoke-1", {"hookUrl": "true"}, "test")
    assert outputs == {"BucketName": "b"}
    assert asked[0][:3] == ["cdk", "deploy", "--require-approval=never"]
    assert asked[0][4:] == ["--profile=test", "--context=hookUrl=true", "--context=stackName=WeighbridgeSmoke-1"]
