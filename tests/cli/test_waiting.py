"""wait, watch, stop, by what they ask of the installation."""

import json
from typing import Any

import pytest

from tests.cli.fake import Fake, alias, missing, told
from tests.cli.samples import ID, awaiting_report, progress, stopped, succeeded
from tests.cli.schema import check
from weighbridge_cli.exits import OutOfReach

FAST = ("--interval", "0.05")
SUCCEEDED, STOPPED = {"deploymentProgress": succeeded()}, {"deploymentProgress": stopped()}
BEGUN = alias(lastDeployment={"deploymentId": ID, "targetVersion": "7"}, activeDeploymentId=ID)
FAILED = alias(lastDeployment={"deploymentId": ID, "targetVersion": "7"})
LIVE = alias(version="7")


def test_a_deployment_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Fake(get_deployment_progress=[told(), SUCCEEDED])
    done = cloud.run(monkeypatch, "wait", ID, *FAST)
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, f"{ID} Succeeded.")


def test_a_version_that_is_live_is_a_success_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Fake(list_aliases=LIVE)
    done = cloud.run(monkeypatch, "wait", "checkout", "--version", "7", "--json")
    assert done.exit_code == 0
    assert check(json.loads(done.stdout), "record")["result"] == "AlreadyThere"
    assert [name for name, _ in cloud.asked] == ["list_aliases"]


@pytest.mark.parametrize("shared", [{"additionalVersionWeights": {"8": 10.0}}, {"activeDeploymentId": "d-ANOTHER11"}])
def test_a_version_that_shares_its_traffic_or_may_lose_it_is_not_live(
    monkeypatch: pytest.MonkeyPatch, shared: dict[str, Any]
) -> None:
    cloud = Fake(list_aliases=alias(version="7", **shared))
    assert cloud.run(monkeypatch, "wait", "checkout", "--version", "7", "--timeout", "0s").exit_code == 3


def test_alias_and_deployment_may_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Fake(list_aliases=[missing(), alias(), BEGUN, LIVE], get_deployment_progress=SUCCEEDED)
    done = cloud.run(monkeypatch, "wait", "checkout", "--version", "7", *FAST)
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, f"{ID} Succeeded.")
    assert "There is no alias checkout:live yet. Waiting for it" in done.stderr


def test_a_deployment_that_has_failed_counts_unless_a_new_one_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    done = Fake(list_aliases=FAILED, get_deployment_progress=STOPPED).run(
        monkeypatch, "wait", "checkout", "--version", "7", *FAST
    )
    assert done.exit_code == 1
    assert f"More: weighbridge explain {ID}" in done.stdout
    retried = alias(lastDeployment={"deploymentId": "d-SECONDONE", "targetVersion": "7"})
    cloud = Fake(list_aliases=[FAILED, FAILED, retried, LIVE], get_deployment_progress=SUCCEEDED)
    assert cloud.run(monkeypatch, "wait", "checkout", "--version", "7", "--new", *FAST).exit_code == 0
    assert cloud.of("get_deployment_progress")[0]["deploymentId"] == "d-SECONDONE"


def test_a_success_that_somebody_has_taken_back_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    once = {"deploymentId": ID, "targetVersion": "7"}
    cloud = Fake(list_aliases=alias(version="6", lastDeployment=once, lastSuccess=once))
    assert cloud.run(monkeypatch, "wait", "checkout", "--version", "7", "--timeout", "0s").exit_code == 3


@pytest.mark.parametrize(
    ("answers", "arguments", "code", "says"),
    [
        ({"get_deployment_progress": told()}, [ID, "--timeout", "0s"], 3, "It goes on; to follow it: weighbridge watch"),
        (
            {"get_deployment_progress": {"deploymentProgress": awaiting_report()}},
            [ID, "--until", "paused"],
            4,
            "waits for a report",
        ),
        ({}, ["checkout", "--version", "7", "--timeout", "0s"], 3, "No deployment of version 7 to checkout:live has begun"),
        (
            {"get_deployment_progress": missing("DeploymentDoesNotExistException", "could not be found")},
            [ID],
            2,
            "could not",
        ),
        ({"get_deployment_progress": OutOfReach("cannot be reached", passes=True)}, [ID], 5, "cannot be reached"),
        ({}, ["checkout"], 2, "Say which version"),
        ({}, [ID, "--version", "7"], 2, "leave out --version"),
        ({}, [], 2, "Say what to wait for"),
        ({}, [ID, "--timeout", "soon"], 2, "is no duration"),
    ],
)
def test_exit_codes(
    monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any], arguments: list[str], code: int, says: str
) -> None:
    done = Fake(**answers).run(monkeypatch, "wait", *arguments)
    assert done.exit_code == code, done.output
    assert says in done.output


def test_ctrl_c_leaves_the_deployment_alone_and_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Fake(get_deployment_progress=[told(), KeyboardInterrupt()])
    done = cloud.run(monkeypatch, "wait", ID, "--stack", "Weighbridge-test", *FAST)
    assert done.exit_code == 130
    assert f"Go on watching: weighbridge watch {ID} --stack Weighbridge-test" in done.stderr
    early = Fake(list_aliases=[alias(), KeyboardInterrupt()])
    done = early.run(monkeypatch, "wait", "checkout", "--version", "7", *FAST)
    assert done.exit_code == 130
    assert "weighbridge wait checkout:live --version 7" in done.stderr


def test_the_one_that_runs_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    running = {"list_deployments": {"deployments": ["d-BACKBACK1", ID]}, "get_deployment_progress": SUCCEEDED}
    rollback = progress(deploymentId="d-BACKBACK1", rollbackOf=ID)
    cloud = Fake(batch_get_deployment_progress={"deploymentsProgress": [progress(), rollback]}, **running)  # type: ignore[arg-type]
    assert cloud.run(monkeypatch, "watch").exit_code == 0
    assert cloud.of("get_deployment_progress")[0]["deploymentId"] == ID
    second = progress(deploymentId="d-BACKBACK1")
    several = Fake(batch_get_deployment_progress={"deploymentsProgress": [progress(), second]}, **running)  # type: ignore[arg-type]
    assert "say which one" in several.run(monkeypatch, "watch").stderr
    none = Fake(list_deployments={"deployments": []})
    assert "Nothing is being deployed." in none.run(monkeypatch, "watch").stderr


@pytest.mark.parametrize(("option", "asked"), [([], {}), (["--no-rollback"], {"autoRollbackEnabled": False})])
def test_stop_leaves_the_rollback_to_the_group_unless_told(
    monkeypatch: pytest.MonkeyPatch, option: list[str], asked: dict[str, Any]
) -> None:
    cloud = Fake(
        list_aliases=BEGUN,
        stop_deployment={"status": "Pending", "statusMessage": "Being stopped."},
        get_deployment_progress=told(),
    )
    done = cloud.run(monkeypatch, "stop", "checkout", *option)
    assert (done.exit_code, cloud.of("stop_deployment")) == (0, [{"deploymentId": ID, **asked}])
    assert f"weighbridge watch {ID}" in done.stdout


@pytest.mark.parametrize(("ends", "code"), [(STOPPED, 0), (SUCCEEDED, 1)])
def test_stopped_is_what_was_asked_for(monkeypatch: pytest.MonkeyPatch, ends: dict[str, Any], code: int) -> None:
    cloud = Fake(stop_deployment={}, get_deployment_progress=[told(), ends])
    assert cloud.run(monkeypatch, "stop", ID, "--wait", *FAST).exit_code == code


def test_what_has_ended_cannot_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Fake(stop_deployment=missing("DeploymentAlreadyCompletedException", "is already in terminal state"))
    done = cloud.run(monkeypatch, "stop", ID)
    assert (done.exit_code, "terminal state" in done.stderr) == (2, True)
