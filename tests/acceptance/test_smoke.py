"""The smoke test on the local cloud, and that it takes everything away whatever happens."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from acceptance import installation, smoke
from acceptance.__main__ import EXIT_INTERRUPTED, main
from acceptance.cases import CASES, Case, limits, shifting, turning_back
from acceptance.lines import Answer, held
from acceptance.preflight import Stack
from acceptance.stage import Stage
from acceptance.waiting import NotSo
from local.cloud import LocalCloud
from tests.acceptance.scene import OUTPUTS
from tests.acceptance.scripts import ID, Refusal, Scripted


@pytest.mark.timeout(600)
@pytest.mark.parametrize("here", [True], indirect=True)
def test_it_is_played_on_the_local_cloud_and_leaves_nothing(
    here: LocalCloud, plain_stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # How fast it is here says nothing.
    monkeypatch.setattr(limits, "REACTION_SECONDS", 60.0)
    monkeypatch.setattr(limits, "ALARM_SECONDS", 0.5)
    # No function is faster in a scaled cloud, and no case slower.
    monkeypatch.setattr(limits, "BUSY_SECONDS", 10)
    monkeypatch.setattr(limits, "SLOW_SECONDS", 1)
    monkeypatch.setattr(limits, "DENIED_SECONDS", 0.3)
    monkeypatch.setattr(turning_back, "TIMES", 1)
    monkeypatch.setattr(shifting, "THREADS", 4)
    options = ["--assembly", str(plain_stack.assembly), "--output", str(tmp_path / "smoke.json"), "--requests", "60"]
    # tests/workflow/test_upgrade.py plays the update, after which every function starts anew.
    numbers = [f"--only={number}" for number in {case.number for case in CASES} - {13}]
    run = CliRunner().invoke(main, ["smoke", "--with-provisioned-concurrency", *numbers, *options])
    results = {line[19:].partition("  ")[0].strip(): line[:17].strip() for line in run.output.splitlines()[1:-1]}
    assert here.client("lambda").list_functions()["Functions"] == []
    assert here.client("iam").list_roles()["Roles"] == []
    assert here.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert here.client("sqs").list_queues().get("QueueUrls", []) == []
    assert here.client("events").list_rules()["Rules"] == []
    assert here.client("dynamodb").list_tables()["TableNames"] == []
    assert set(results.values()) == {"ok", "not answered here"}, run.output
    unanswered = [what for what, verdict in results.items() if verdict != "ok"]
    assert unanswered == [
        "4 cold functions do",
        "5 a log alarm does",
        "9 a rollback without rights is held up, notified, and heals",
        "11 dead letters are delivered again",
        "15 provisioned concurrency moves along",
    ]
    assert run.exit_code == 0
    text = (tmp_path / "smoke.json").read_text()
    assert "000000000000" not in text + run.output
    written = json.loads(text)
    assert [case["verdict"] for case in written["cases"]] == list(results.values())
    assert written["region"] == "us-east-1"
    assert written["cases"][2]["measured"]["requests"] == 60


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
    monkeypatch.setattr(
        "acceptance.__main__.CASES",
        [
            Case(1, "a case", case),
            Case(2, "a long one", case, is_long=True),
            Case(3, "a dear one", case, is_asked_for=True),
        ],
    )
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


def test_whatever_bears_the_stacks_name_is_left_over() -> None:
    role = {"Path": "/", "RoleId": "AROA0123456789ABCDEF", "Arn": f"arn:aws:iam::{ID}:role/r", "CreateDate": 0}
    with closing(Scripted()) as account:
        account.answers("s3", "list_buckets", [{"Buckets": [{"Name": "kept"}, {"Name": "s-other"}]}])
        account.answers("dynamodb", "list_tables", [{"TableNames": ["kept-table", "s-other"]}])
        functions = [{"FunctionName": name} for name in ("s-subject", "CodeDeployHook_s-by-bus", "sother")]
        account.answers("lambda", "list_functions", [{"Functions": functions}])
        account.answers("iam", "list_roles", [{"Roles": [role | {"RoleName": "s-caller"}, role | {"RoleName": "sother"}]}])
        alarms = {"MetricAlarms": [{"AlarmName": "s-alarm"}], "LogAlarms": [{"AlarmName": "s-alarm-log"}]}
        kinds = ["MetricAlarm", "CompositeAlarm", "LogAlarm"]
        account.answers("cloudwatch", "describe_alarms", [alarms], AlarmNamePrefix="s-", AlarmTypes=kinds)
        queues = {"QueueUrls": ["https://queue.invalid/1/s-notices"]}
        account.answers("sqs", "list_queues", [queues], QueueNamePrefix="s-")
        account.answers("events", "list_rules", [{"Rules": [{"Name": "s-notices"}]}], NamePrefix="s-")
        account.answers("cloudformation", "describe_stacks", [Refusal("ValidationError")])
        left = installation.left(account, "s", installation.Kept(("kept",), ("kept-table",)))
    assert left == [
        "bucket kept",
        "table kept-table",
        "function s-subject",
        "function CodeDeployHook_s-by-bus",
        "role s-caller",
        "alarm s-alarm",
        "alarm s-alarm-log",
        "queue s-notices",
        "rule s-notices",
    ]


def test_a_stack_of_that_name_is_left_alone(account: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(installation, "exists", lambda *_: True)
    run = play(monkeypatch, tmp_path, lambda _: held())
    assert (run.exit_code, account.done) == (1, [])
    assert run.output.endswith("already, which is left alone.\n")


@pytest.mark.usefixtures("account")
def test_a_case_that_fails_itself_keeps_no_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def odd(_: Stage) -> Answer:
        raise KeyError("RevisionId")

    run = play(monkeypatch, tmp_path, odd)
    assert run.exit_code == 1
    assert run.output.count("the case itself failed: KeyError: 'RevisionId'") == len(["a case", "a long one"])


@pytest.mark.usefixtures("account")
def test_quick_leaves_the_long_ones_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "a long one" in play(monkeypatch, tmp_path, lambda _: held()).output
    quick = play(monkeypatch, tmp_path, lambda _: held(), "--quick").output
    assert "a long one" not in quick
    assert " 1 a case" in quick
    assert "a case" not in play(monkeypatch, tmp_path, lambda _: held(), "--only", "2").output


@pytest.mark.usefixtures("account")
def test_what_costs_more_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "a dear one" not in play(monkeypatch, tmp_path, lambda _: held()).output
    assert "a dear one" in play(monkeypatch, tmp_path, lambda _: held(), "--with-provisioned-concurrency").output


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
