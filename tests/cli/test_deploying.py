"""deploy, by what it asks of the installation."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.fake import Fake, alias, missing, told
from tests.cli.samples import BY, ID, REVISION, stopped, succeeded
from tests.cli.schema import check
from weighbridge_cli.exits import OutOfReach, Refused
from weighbridge_cli.options import AliasName
from weighbridge_cli.requests import appspec
from weighbridge_cli.verbs import dropping

DENIED = OutOfReach("You may not: ask for the right s3:PutObject.", code="AccessDenied")
NO_GROUP = missing("DeploymentGroupDoesNotExistException", "No Deployment Group found for name: live")


def test_the_highest_version_goes_by_the_last_group_and_the_id_is_alone_on_standard_output(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cloud = Fake(list_aliases=alias(**BY))
    done = cloud.run(monkeypatch, "deploy", "checkout", "--config", "Canary", "--before", "hook", "--description", "why")
    assert (done.exit_code, done.stdout) == (0, "d-NEWNEWNEW\n")
    assert "weighbridge watch d-NEWNEWNEW" in done.stderr
    [created] = cloud.of("create_deployment")
    assert {name: created[name] for name in ("deploymentConfigName", "description", *BY)} == BY | {
        "deploymentConfigName": "Canary",
        "description": "why",
    }
    assert cloud.appspec == {
        "Name": "checkout",
        "Alias": "live",
        "TargetVersion": "7",
        "Hooks": [{"BeforeAllowTraffic": "hook"}],
    }


@pytest.mark.parametrize("arguments", [["--target", "6"], ["--target", "6", "--wait"], ["--target", "6", "--json"]])
def test_what_is_there_already_is_a_success_without_a_deployment(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    cloud = Fake()
    done = cloud.run(monkeypatch, "deploy", "checkout", *arguments)
    assert done.exit_code == 0, done.output
    assert "checkout:live is on version 6 already: nothing to shift." in done.stdout
    assert cloud.of("create_deployment") == []
    if "--json" in arguments:
        record = check(json.loads(done.stdout), "record")
        assert (record["result"], record["liveVersion"], record["deployment"]) == ("AlreadyThere", "6", None)


def test_the_first_deployment_of_an_alias_makes_its_group_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Fake(
        create_deployment=[NO_GROUP, {"deploymentId": "d-NEWNEWNEW"}], get_drop={"dropInfo": {"status": "Accepted"}}
    )
    done = cloud.run(monkeypatch, "deploy", "checkout")
    assert (done.exit_code, done.stdout) == (0, "d-NEWNEWNEW\n")
    assert "The group checkout/live is new, with all defaults" in done.stderr
    [put] = cloud.of("put_object")
    assert (put["Key"], json.loads(put["Body"])) == ("checkout/live/deployment-group.yaml", {"aliases": ["checkout:live"]})


def test_another_group_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Fake(create_deployment=NO_GROUP)
    done = cloud.run(monkeypatch, "deploy", "checkout", "--group", "shop/prdo")
    assert done.exit_code == 2
    assert "weighbridge group set shop/prdo FILE" in done.stderr
    assert cloud.of("put_object") == []


def test_who_may_not_drop_a_group_reads_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    done = Fake(create_deployment=NO_GROUP, put_object=DENIED).run(monkeypatch, "deploy", "checkout")
    assert done.exit_code == 5
    assert "ask for the right s3:PutObject" in done.stderr
    assert "weighbridge group set checkout/live --role ARN" in done.stderr


def test_publish_publishes_for_an_alias_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Fake(publish_version={"Version": "8"})
    done = cloud.run(monkeypatch, "deploy", "checkout", "--publish")
    assert (done.exit_code, cloud.appspec["TargetVersion"]) == (0, "8")
    assert "Published version 8 of checkout." in done.stderr
    gone = Fake(list_aliases=missing())
    assert gone.run(monkeypatch, "deploy", "chekout", "--publish").exit_code == 2
    assert gone.of("publish_version") == []


@pytest.mark.parametrize(
    ("answers", "arguments", "says"),
    [
        ({"list_aliases": missing()}, ["chekout"], "There is no such thing. Did you mean checkout?"),
        ({"list_aliases": missing(), "list_functions": OutOfReach("no right")}, ["chekout"], "There is no such thing.\n"),
        (
            {"list_aliases": [missing(), {"Aliases": [{"Name": "live"}]}]},
            ["checkout:lvie"],
            "There is no such thing. Did you mean live?",
        ),
        (
            {"list_versions_by_function": missing("ResourceNotFoundException", "Function not found: arn")},
            ["chekout"],
            "There is no function chekout. Did you mean checkout?",
        ),
        ({"list_versions_by_function": {"Versions": [{"Version": "$LATEST"}]}}, ["checkout"], "--publish publishes one"),
        (
            {"create_deployment": Refused("already has an active Deployment", "DeploymentLimitExceededException")},
            ["checkout"],
            "already has an active",
        ),
        ({}, ["missing.yaml"], "There is no file missing.yaml."),
        ({}, ["check.out"], "is neither FUNCTION[:ALIAS] nor a file"),
        ({}, [], "Say what to deploy"),
        ({}, ["checkout", "--publish", "--target", "7"], "leave out --target"),
        ({}, ["checkout", "--json", "--json-lines"], "Choose one of"),
        ({}, ["checkout", "--target", "$LATEST"], "is no version"),
    ],
)
def test_refused_before_anything_was_touched(
    monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any], arguments: list[str], says: str
) -> None:
    done = Fake(**answers).run(monkeypatch, "deploy", *arguments)
    assert done.exit_code == 2
    assert says in done.stderr


@pytest.mark.parametrize("arguments", [["deploy", "checkout"], ["retry", ID]])
def test_where_the_answer_is_lost_it_is_asked_once_and_says_how_to_see(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    cloud = Fake(
        create_deployment=OutOfReach("cannot be reached.", passes=True),
        get_deployment_progress={"deploymentProgress": stopped()},
        get_deployment={"deploymentInfo": {**BY, "revision": REVISION}},
    )
    done = cloud.run(monkeypatch, *arguments)
    assert done.exit_code == 5
    assert "Whether the deployment has begun all the same: weighbridge history" in done.stderr
    assert len(cloud.of("create_deployment")) == 1


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "release.yaml"
    path.write_text(appspec(AliasName("checkout"), "7", {}), encoding="utf-8")
    return path


ACCEPTED = {"dropInfo": {"status": "Accepted", "deploymentId": ID}}
PENDING = {"dropInfo": {"status": "Pending"}}


def test_a_file_is_dropped_and_followed(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    cloud = Fake(list_aliases=alias(**BY), get_drop=ACCEPTED, get_deployment_progress={"deploymentProgress": succeeded()})
    done = cloud.run(monkeypatch, "deploy", str(file), "--wait")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == f"{ID} Succeeded."
    assert "Dropped s3://drops/shop/prod/release.yaml" in done.stderr
    assert cloud.of("get_drop")[0] == {"bucket": "drops", "key": "shop/prod/release.yaml", "versionId": "v1"}
    assert cloud.of("create_deployment") == []


def test_ctrl_c_after_a_drop_says_that_it_is_deployed_all_the_same(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    cloud = Fake(list_aliases=alias(**BY), get_drop=KeyboardInterrupt())
    done = cloud.run(monkeypatch, "deploy", str(file))
    assert done.exit_code != 0
    assert "shop/prod/release.yaml is dropped, and is deployed all the same" in done.stderr


def test_a_file_that_is_refused_says_why(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    refused = {
        "dropInfo": {"status": "Refused", "errorInformation": {"code": "X", "message": "has no ending that is read"}}
    }
    done = Fake(list_aliases=alias(**BY), get_drop=refused).run(monkeypatch, "deploy", str(file))
    assert done.exit_code == 2
    assert "shop/prod/release.yaml is refused: has no ending that is read" in done.stderr


def test_who_may_not_drop_has_the_content_sent(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    cloud = Fake(list_aliases=alias(**BY), put_object=DENIED)
    done = cloud.run(monkeypatch, "deploy", str(file))
    assert (done.exit_code, done.stdout) == (0, "d-NEWNEWNEW\n")
    assert "So the file's content goes to the API instead." in done.stderr
    assert cloud.appspec["TargetVersion"] == "7"


def test_who_may_not_drop_what_is_there_already_has_nothing_to_send(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    cloud = Fake(list_aliases=alias(version="7", **BY), put_object=DENIED)
    done = cloud.run(monkeypatch, "deploy", str(file))
    assert (done.exit_code, cloud.of("create_deployment")) == (0, [])


def test_a_drop_that_is_not_received_says_how_to_ask(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setattr(dropping, "UNTIL_RECEIVED", timedelta(0))
    for answers in (PENDING, [PENDING, OutOfReach("gone", passes=True)]):
        done = Fake(list_aliases=alias(**BY), get_drop=answers).run(monkeypatch, "deploy", str(file))
        assert done.exit_code == 5
        assert "aws weighbridge get-drop --bucket drops --key shop/prod/release.yaml" in done.stderr


def test_a_file_by_the_api(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    cloud = Fake()
    done = cloud.run(monkeypatch, "deploy", "--appspec", str(file), "--group", "shop/prod")
    assert (done.exit_code, done.stdout) == (0, "d-NEWNEWNEW\n")
    assert cloud.of("put_object") == []


def test_a_group_that_cannot_be_read_from_the_file_has_to_be_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    archive = tmp_path / "release.zip"
    archive.write_bytes(b"PK\x05\x06" + b"\x00" * 18)
    assert "give --group APP/GROUP" in Fake().run(monkeypatch, "deploy", str(archive)).stderr
    cloud = Fake(get_drop=[PENDING, ACCEPTED])
    assert cloud.run(monkeypatch, "deploy", str(archive), "--group", "shop/prod").stdout == f"{ID}\n"


def test_waiting_ends_as_the_deployment_does(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Fake(
        list_aliases=[alias(), alias()],
        get_deployment_progress=[told(), {"deploymentProgress": stopped()}],
    )
    done = cloud.run(monkeypatch, "deploy", "checkout", "--wait", "--interval", "0.05", "--json")
    assert done.exit_code == 1
    record = check(json.loads(done.stdout), "record")
    assert (record["result"], record["liveVersion"]) == ("Failed", "6")
    assert [call["includeAlarms"] for call in cloud.of("get_deployment_progress")] == [True, False]


def test_until_waits_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Fake(get_deployment_progress=told())
    assert cloud.run(monkeypatch, "deploy", "checkout", "--until", "shifted").exit_code == 0
    assert len(cloud.of("get_deployment_progress")) == 1


def test_a_step_of_github_actions_that_does_not_wait_has_outputs_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cloud = Fake(get_deployment_progress=told(deploymentId="d-NEWNEWNEW"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    done = cloud.run(monkeypatch, "deploy", "checkout", on_github=True)
    assert done.stdout == "d-NEWNEWNEW\n"
    assert "deployment-id=d-NEWNEWNEW\nstatus=InProgress" in (tmp_path / "output").read_text()
