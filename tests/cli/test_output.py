"""Where a deployment is told: lines, JSON, a terminal, GitHub Actions."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.samples import ID, at, hostile, progress, stopped, succeeded
from tests.cli.schema import check
from weighbridge_cli import output, records
from weighbridge_cli.following import End
from weighbridge_cli.options import AliasName, Form, Place
from weighbridge_cli.output import display, outputs, summary
from weighbridge_cli.verbs.common import final_record


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(output, "now", lambda: at(64))


@pytest.fixture
def on_github(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    return tmp_path


def record(seen: Any, code: int = 1, live: str | None = "6") -> dict[str, Any]:
    return check(final_record(Place(), End(code, seen), None, live=live), "record")  # type: ignore[no-any-return]


def play(form: Form, *seen: Any, code: int = 1) -> None:
    with display(form) as told:
        for each in seen:
            told.show(each)
        told.conclude(record(seen[-1], code))


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    play(Form(), progress(), stopped())
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Deployment {ID}: checkout:live from version 6 to version 7"
    assert [line.split("  ")[1].split(":")[0] for line in lines[1:-1]] == [
        "Created",
        "Validated",
        "TrafficShifted",
        "AlarmState",
        "Interrupted",
        "Ended",
        "AlarmState",
    ]
    assert lines[-1] == (
        f"{ID} Stopped ALARM_ACTIVE: One or more alarms have been activated <checkout-errors> All traffic is back on version 6. "
        f"Ship the fix with overrideAlarmConfiguration while the alarm is red. More: weighbridge explain {ID}"
    )


def test_json_is_the_record_alone(capsys: pytest.CaptureFixture[str]) -> None:
    play(Form(json=True), progress(), stopped())
    printed = json.loads(capsys.readouterr().out)
    check(printed, "record")
    assert (printed["result"], printed["exitCode"], printed["liveVersion"]) == ("Failed", 1, "6")
    assert printed["deployment"]["createTime"] == "2026-01-05T12:00:00.000Z"


def test_json_lines_are_events_and_the_record(capsys: pytest.CaptureFixture[str]) -> None:
    play(Form(lines=True), progress(), succeeded(), code=0)
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for document in documents[:-1]:
        check(document, "event")
    last = documents[-1]
    assert (last.pop("event"), bool(last.pop("time"))) == ("Result", True)
    assert check(last, "record")["result"] == "Reached"


def test_a_failure_in_github_actions(on_github: Path, capsys: pytest.CaptureFixture[str]) -> None:
    play(Form(), progress(), stopped())
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"::group::Deployment {ID}: checkout:live from version 6 to version 7"
    assert lines[-3] == "::endgroup::"
    assert lines[-1].startswith(f"::error title=Weighbridge%3A Failed::{ID} Stopped ALARM_ACTIVE: One or more")
    assert (on_github / "output").read_text() == f"deployment-id={ID}\nstatus=Stopped\nlive-version=6\n"
    assert "| Deployment | d&#45" not in (on_github / "summary").read_text()
    assert f"| Deployment | {ID} |" in (on_github / "summary").read_text()


def test_without_anything_to_follow_no_group_is_left_open(on_github: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert on_github.is_dir()
    already = "checkout:live is on version 6 already: nothing to shift."
    with display(Form()) as screen:
        screen.conclude(records.record("AlreadyThere", 0, already))
    assert capsys.readouterr().out == f"{already}\n"


def test_json_in_github_actions_stays_json(on_github: Path, capsys: pytest.CaptureFixture[str]) -> None:
    play(Form(json=True), stopped())
    printed = capsys.readouterr()
    check(json.loads(printed.out), "record")
    assert printed.err.startswith("::error title=")
    assert (on_github / "output").exists()


def test_a_success_in_github_actions_is_no_error(on_github: Path, capsys: pytest.CaptureFixture[str]) -> None:
    play(Form(), succeeded(), code=0)
    assert "::error" not in capsys.readouterr().out
    assert "live-version=6" in (on_github / "output").read_text()


@pytest.mark.parametrize("form", [Form(), Form(json=True), Form(lines=True)])
def test_hostile_texts_are_no_instructions(form: Form, on_github: Path, capsys: pytest.CaptureFixture[str]) -> None:
    play(form, hostile())
    printed = capsys.readouterr()
    for line in (printed.out + printed.err).split("\n"):
        assert line.isprintable()
        assert not line.startswith("::") or line.startswith(("::group::", "::endgroup::", "::error title="))
    assert len((on_github / "output").read_text().splitlines()) == 3
    table = [line for line in (on_github / "summary").read_text().split("\n") if line.startswith("| ") and line != "| | |"]
    assert all(line.count("|") == 3 and "<b>" not in line for line in table)


def test_a_wait_that_saw_nothing_has_a_record_too() -> None:
    told = check(final_record(Place(), End(3, None), AliasName("checkout"), live=None), "record")
    assert (told["result"], told["functionName"], told["deployment"]) == ("StillRunning", "checkout", None)
    assert outputs(told) == {"deployment-id": "", "status": "StillRunning", "live-version": ""}
    assert "| Deployment | none |" in summary(told)
