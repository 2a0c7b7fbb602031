"""status, history, explain, by what they ask of the installation."""

import json
from typing import Any

import pytest

from tests.cli.fake import Fake, alias, missing
from tests.cli.samples import HOSTILE, ID, NOON, at, hostile, progress, stopped, succeeded
from tests.cli.schema import check
from weighbridge_cli.text import local_time
from weighbridge_cli.verbs.looking import history_row, status_row

RUNNING = {
    "functionName": "cart",
    "alias": "live",
    "version": "6",
    "additionalVersionWeights": {"7": 10.0},
    "activeDeploymentId": ID,
    "lastDeployment": {"deploymentId": ID, "targetVersion": "7"},
}


def test_a_line_an_alias(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Fake(
        list_aliases={"aliases": [*alias()["aliases"], RUNNING]},
        batch_get_deployment_progress={"deploymentsProgress": [progress(waitsUntil=at(-1))]},
    )
    done = cloud.run(monkeypatch, "status")
    assert done.stdout.splitlines() == [
        "ALIAS          LIVE            DEPLOYMENT   STATE",
        "checkout:live  6                            not deployed by Weighbridge yet",
        f"cart:live      6 90 %, 7 10 %  {ID}  10 % on version 7, baking",
    ]
    assert len(cloud.asked) == 2


def test_status_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Fake(
        list_aliases={"aliases": [RUNNING]},
        batch_get_deployment_progress={"deploymentsProgress": [progress(timeline=None)]},
    )
    document = check(json.loads(cloud.run(monkeypatch, "status", "--json").stdout), "status")
    assert document["aliases"][0]["deployment"]["deploymentId"] == ID


def test_a_named_alias_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Fake(list_aliases=missing()).run(monkeypatch, "status", "chekout").exit_code == 2


def test_nothing_deployed_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "has deployed nothing here yet" in Fake(list_aliases={"aliases": []}).run(monkeypatch, "status").stdout


@pytest.mark.parametrize(
    ("members", "state"),
    [
        ({"lastDeployment": {"deploymentId": ID}, "lastSuccess": {"deploymentId": ID}}, "at rest"),
        (
            {"lastDeployment": {"deploymentId": ID, "targetVersion": "7"}},
            "the last deployment, to version 7, did not succeed",
        ),
        ({"wantedVersion": "8"}, "its stack wants version 8"),
        ({"notLookedAt": "no right"}, "could not be looked at: no right"),
    ],
)
def test_what_there_is_to_say_of_an_alias_at_rest(members: dict[str, Any], state: str) -> None:
    assert status_row(alias(**members)["aliases"][0], None, NOON)[3] == state
    assert status_row({"functionName": "f", "alias": "a"}, None, NOON)[1] == "?"


def test_two_hundred_deployments_are_listed_in_a_few_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [f"d-{number:09d}" for number in range(200)]

    def batch(deploymentIds: list[str]) -> dict[str, Any]:  # noqa: N803 - the API's name
        assert len(deploymentIds) <= 25
        return {"deploymentsProgress": [progress(deploymentId=each, timeline=None) for each in reversed(deploymentIds)]}

    cloud = Fake(list_deployments={"deployments": ids}, batch_get_deployment_progress=batch)
    done = cloud.run(monkeypatch, "history", "--limit", "200")
    assert [line.split("  ")[1] for line in done.stdout.splitlines()[1:]] == ids
    assert len(cloud.asked) == 1 + 200 / 25
    few = Fake(list_deployments={"deployments": ids}, batch_get_deployment_progress=batch)
    assert len(few.run(monkeypatch, "history").stdout.splitlines()) == 1 + 25
    assert len(few.asked) == 2


def test_deployments_that_do_not_fit_into_one_answer_are_asked_for_by_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    def batch(deploymentIds: list[str]) -> dict[str, Any]:  # noqa: N803 - the API's name
        if len(deploymentIds) > 2:
            raise missing("BatchLimitExceededException", "ask for fewer at once")
        return {"deploymentsProgress": [progress(deploymentId=each, timeline=None) for each in deploymentIds]}

    ids = [f"d-{number:09d}" for number in range(5)]
    cloud = Fake(list_deployments={"deployments": ids}, batch_get_deployment_progress=batch)
    assert [line.split("  ")[1] for line in cloud.run(monkeypatch, "history").stdout.splitlines()[1:]] == ids


def test_history_of_an_alias_since_when(monkeypatch: pytest.MonkeyPatch) -> None:
    other = progress(deploymentId="d-OTHEROTHR", functionName="cart")
    cloud = Fake(
        list_deployments={"deployments": [ID, "d-OTHEROTHR"]},
        batch_get_deployment_progress={"deploymentsProgress": [stopped(timeline=None), other]},
    )
    done = cloud.run(monkeypatch, "history", "checkout", "--since", "7d", "--json")
    document = check(json.loads(done.stdout), "history")
    assert [each["deploymentId"] for each in document["deployments"]] == [ID]
    [asked] = cloud.of("list_deployments")
    assert asked["createTimeRange"].keys() == {"start"}
    empty = Fake(list_deployments={"deployments": []})
    assert "No deployment of checkout:live since" in empty.run(monkeypatch, "history", "checkout").stdout


def test_rows_of_history() -> None:
    assert history_row(stopped()) == (local_time(NOON), ID, "checkout:live", "6 → 7", "Stopped ALARM_ACTIVE", "role/ci")
    assert history_row(succeeded(rollbackOf="d-AAAAAAAAA"))[5] == "rollback of d-AAAAAAAAA"
    assert history_row(progress(requestedBy=None))[5] == "user"


def test_explain(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Fake(get_deployment_progress={"deploymentProgress": stopped()})
    assert "What to do" in cloud.run(monkeypatch, "explain", ID).stdout
    assert cloud.asked == [
        ("get_deployment_progress", {"deploymentId": ID, "includeAlarms": True, "includeTimeline": True})
    ]
    check(json.loads(cloud.run(monkeypatch, "explain", ID, "--json").stdout), "explanation")


def test_hostile_names_reach_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = alias(functionName=HOSTILE, alias=HOSTILE, notLookedAt=HOSTILE, wantedVersion=HOSTILE)
    cloud = Fake(
        list_aliases=bad,
        list_deployments={"deployments": [ID]},
        batch_get_deployment_progress={"deploymentsProgress": [hostile()]},
        get_deployment_progress={"deploymentProgress": hostile()},
    )
    for verb in (
        ["status"],
        ["history"],
        ["explain", ID],
        ["status", "--json"],
        ["history", "--json"],
        ["explain", ID, "--json"],
    ):
        done = cloud.run(monkeypatch, *verb)
        assert done.exit_code == 0
        assert all(line.isprintable() for line in done.output.split("\n")), verb
