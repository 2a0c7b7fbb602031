"""retry and undo, by what they ask of the installation."""

from typing import Any

import pytest

from tests.cli.fake import Fake, alias, told
from tests.cli.samples import BY, ID, REVISION, progress, stopped, succeeded


def test_a_retry_is_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    info = {
        **BY,
        "deploymentConfigName": "Canary",
        "revision": REVISION,
        "status": "Stopped",
        "overrideAlarmConfiguration": {"enabled": False},
    }
    cloud = Fake(
        list_aliases=alias(lastDeployment={"deploymentId": ID, "targetVersion": "7"}),
        get_deployment_progress={"deploymentProgress": stopped()},
        get_deployment={"deploymentInfo": info},
    )
    done = cloud.run(monkeypatch, "retry", "checkout")
    assert (done.exit_code, done.stdout) == (0, "d-NEWNEWNEW\n")
    expected = {name: value for name, value in info.items() if name != "status"} | {"description": f"Retry of {ID}"}
    assert cloud.of("create_deployment") == [expected]


def test_a_retry_of_what_is_there_by_now_is_a_success(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Fake(
        list_aliases=alias(version="7"),
        get_deployment_progress={"deploymentProgress": stopped()},
        get_deployment={"deploymentInfo": {**BY, "revision": REVISION}},
    )
    done = cloud.run(monkeypatch, "retry", ID)
    assert (done.exit_code, "nothing to shift" in done.stdout, cloud.of("create_deployment")) == (0, True, [])


@pytest.mark.parametrize(
    ("former", "says"),
    [
        (succeeded(), "has succeeded"),
        (stopped(rollbackOf="d-AAAAAAAAA"), "is a rollback"),
        (progress(), "is still running"),
    ],
)
def test_what_cannot_be_retried(monkeypatch: pytest.MonkeyPatch, former: dict[str, Any], says: str) -> None:
    done = Fake(get_deployment_progress={"deploymentProgress": former}).run(monkeypatch, "retry", ID)
    assert done.exit_code == 2
    assert says in done.stderr


def test_an_alias_that_was_never_deployed_has_nothing_to_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    done = Fake().run(monkeypatch, "retry", "checkout")
    assert "checkout:live has not been deployed by Weighbridge yet." in done.stderr


AFTER_SUCCESS = alias(version="7", lastSuccess={"deploymentId": ID, "targetVersion": "7"}, **BY)


def test_undo_goes_back_to_where_the_last_success_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Fake(list_aliases=AFTER_SUCCESS, batch_get_deployment_progress={"deploymentsProgress": [succeeded()]})
    done = cloud.run(monkeypatch, "undo", "checkout")
    assert (done.exit_code, done.stdout) == (0, "d-NEWNEWNEW\n")
    assert "goes back from version 7 to version 6" in done.stderr
    [created] = cloud.of("create_deployment")
    assert created["deploymentConfigName"] == "CodeDeployDefault.LambdaAllAtOnce"
    assert created["overrideAlarmConfiguration"] == {
        "enabled": False
    }  # the alarm that is red may not keep it from going back
    assert (cloud.appspec["TargetVersion"], cloud.appspec["Hooks"]) == ("6", None)


def test_a_rollback_is_no_success_to_undo(monkeypatch: pytest.MonkeyPatch) -> None:
    rollback = succeeded(deploymentId="d-BACKBACK1", rollbackOf=ID, currentVersion="8", targetVersion="7")
    of_others = succeeded(deploymentId="d-OTHEROTHR", functionName="cart", currentVersion="3")
    cloud = Fake(
        list_aliases=alias(version="7", lastSuccess={"deploymentId": "d-BACKBACK1"}, **BY),
        list_deployments={"deployments": ["d-BACKBACK1", "d-OTHEROTHR", ID]},
        batch_get_deployment_progress=[
            {"deploymentsProgress": [rollback]},
            {"deploymentsProgress": [succeeded(), rollback, of_others]},
        ],
    )
    assert cloud.run(monkeypatch, "undo", "checkout").exit_code == 0
    assert cloud.appspec["TargetVersion"] == "6"


@pytest.mark.parametrize(
    ("arguments", "override"),
    [
        (["deploy", "checkout", "--no-alarms"], {"enabled": False}),
        (["deploy", "checkout"], None),
        (["undo", "checkout", "--to", "5", "--alarms"], None),
        (["retry", ID, "--no-alarms"], {"enabled": False}),
    ],
)
def test_whether_alarms_are_watched(monkeypatch: pytest.MonkeyPatch, arguments: list[str], override: Any) -> None:
    cloud = Fake(
        get_deployment_progress={"deploymentProgress": stopped()},
        get_deployment={"deploymentInfo": {**BY, "revision": REVISION}},
    )
    assert cloud.run(monkeypatch, *arguments).exit_code == 0
    assert cloud.of("create_deployment")[0].get("overrideAlarmConfiguration") == override


@pytest.mark.parametrize(
    ("answers", "arguments", "code", "says"),
    [
        ({"list_aliases": alias(activeDeploymentId=ID)}, [], 2, f"weighbridge stop {ID} ends it"),
        ({}, [], 2, "Choose a version by --to."),
        ({}, ["--to", "6"], 0, "is on version 6 already"),
        ({}, ["--to", "5", "--json"], 0, '"result": "Started"'),
    ],
)
def test_undo_otherwise(
    monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any], arguments: list[str], code: int, says: str
) -> None:
    cloud = Fake(get_deployment_progress=told(), **answers)
    done = cloud.run(monkeypatch, "undo", "checkout", *arguments)
    assert done.exit_code == code, done.output
    assert says in done.output
