"""Files in the bucket whose events were lost, found by the scheduled run."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.aws.account import client_error, kept, refuse
from tests.aws.invocation import APPSPEC, Context, drop, event_file, invoke
from weighbridge.aws import dynamodb, s3
from weighbridge.aws.clients import client
from weighbridge.core import missed_files
from weighbridge.core.errors import ServiceUnavailable
from weighbridge.core.object_keys import identity
from weighbridge.lifecycle import receive_file, schedule
from weighbridge.store import deployments, keys, refusals, settings

SCHEDULED = event_file("receive.scheduled")
KEY, GROUP = "shop-app/prod/release.yaml", "shop-app/prod/deployment-group.yaml"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No event is waited for, as if all had been due for minutes."""
    monkeypatch.setattr(missed_files, "_ON_ITS_WAY", timedelta(0))


def _put(place: SimpleNamespace, key: str, content: str = APPSPEC) -> str:
    """The identity of a file that is dropped without anybody being told."""
    return identity(place.bucket, key, drop(place, key, content)["detail"]["object"]["version-id"])


def _found(of: str) -> Any:
    record = deployments.find(of)
    assert record
    return record


def _executions(place: SimpleNamespace) -> list[str]:
    return [each["name"] for each in client("stepfunctions").list_executions(stateMachineArn=place.machine)["executions"]]


def test_a_file_whose_event_is_lost_is_deployed_once(place: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    of = _put(place, KEY)
    invoke("receive", SCHEDULED)
    record = _found(of)
    version = of.rpartition("=")[2]
    assert record["revision"]["s3Location"] == {
        "bucket": place.bucket,
        "key": KEY,
        "bundleType": "YAML",
        "version": version,
    }
    assert "refusal" not in record
    invoke("receive", SCHEDULED)
    assert kept(record["deploymentId"]) == record
    assert _executions(place) == [record["deploymentId"]]
    assert capsys.readouterr().out.count('"DropsFound":[1.0]') == 1


def test_an_event_that_is_merely_late_is_the_same_deployment(place: SimpleNamespace) -> None:
    event = drop(place, KEY, APPSPEC)
    invoke("receive", SCHEDULED)
    invoke("receive", event)
    [only] = deployments.unfinished()
    assert _executions(place) == [only]


def test_what_was_told_of_in_time_is_left_alone(place: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    for key, content in ((KEY, APPSPEC), (GROUP, "{}"), ("shop-app/bad/deployment-group.yaml", "["), ("stray.txt", "")):
        invoke("receive", drop(place, key, content))
    settings.delete_group("shop-app", "prod")
    before, _ = deployments.unfinished(), capsys.readouterr()
    invoke("receive", SCHEDULED)
    assert deployments.unfinished() == before
    assert settings.group("shop-app", "prod") is None
    assert capsys.readouterr().out == ""


def test_groups_and_configurations_are_taken_over_before_what_came_with_them(place: SimpleNamespace) -> None:
    of = _put(place, KEY)
    _put(place, GROUP, "deploymentConfigName: Slow")
    _put(place, "deployment-configs/Slow.yaml", "trafficRoutingConfig: {type: AllAtOnce}")
    invoke("receive", SCHEDULED)
    group = settings.group_item("shop-app", "prod")
    assert group
    assert _found(of)["deploymentGroupId"] == group["deploymentGroupId"]
    assert settings.config("Slow")


def test_a_key_that_belongs_to_nothing_is_refused_once(place: SimpleNamespace) -> None:
    _put(place, "stray.txt")
    for _ in range(2):
        invoke("receive", SCHEDULED)
    assert [refusal["key"] for refusal in refusals.newest(None)] == ["stray.txt"]
    hour = datetime.now(UTC).isoformat()[:13]
    counted = dynamodb.get(keys.refusals(hour))
    assert counted
    assert counted["refusals"] == 1


def test_what_was_deleted_or_replaced_is_not_deployed(place: SimpleNamespace) -> None:
    deleted, replaced = _put(place, "shop-app/beta/a.yaml"), _put(place, KEY)
    client("s3").delete_object(Bucket=place.bucket, Key="shop-app/beta/a.yaml")
    newest = _put(place, KEY)
    invoke("receive", SCHEDULED)
    assert [deployments.find(of) is not None for of in (deleted, replaced, newest)] == [False, False, True]


def test_a_file_that_a_deployment_has_come_after_says_so_and_moves_nothing(place: SimpleNamespace) -> None:
    invoke("receive", drop(place, GROUP, "{}"))
    of = _put(place, KEY)
    last = {"deploymentId": "d-AAAAAAAAA", "createTime": (datetime.now(UTC) + timedelta(seconds=2)).isoformat()}
    expression = dynamodb.Expression()
    expression.set("lastAttemptedDeployment", last)
    dynamodb.update(expression.update(keys.group("shop-app", "prod")))
    invoke("receive", SCHEDULED)
    record = _found(of)
    assert record["refusal"]["error"] == "Overtaken"
    assert "deployment d-AAAAAAAAA was created for the same group" in record["refusal"]["message"]
    assert _executions(place) == [record["deploymentId"]]


def test_a_large_bucket_is_gone_through_in_parts(place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive_file, "_PAGES", 2)
    listing = client("s3").list_objects_v2
    monkeypatch.setattr(client("s3"), "list_objects_v2", lambda **asked: listing(**asked, MaxKeys=3))
    named = {_put(place, f"shop-app/group-{number:02}/a.yaml") for number in range(14)}
    missed = []
    for _ in range(4):
        invoke("receive", SCHEDULED)
        missed.append(sum(deployments.find(of) is not None for of in named))
    assert missed == [6, 12, 14, 14]
    _put(place, "a/first/a.yaml")  # before the place where the third run ended, and the round has begun anew
    invoke("receive", SCHEDULED)
    assert len(deployments.unfinished()) == 14
    for _ in range(2):
        invoke("receive", SCHEDULED)
    assert len(deployments.unfinished()) == 15


def test_a_listing_that_fails_is_left_to_the_next_run(place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    of = _put(place, KEY)
    with monkeypatch.context() as broken:
        refuse(broken, "s3", "list_objects_v2", client_error("AccessDenied"))
        invoke("receive", SCHEDULED)
    assert deployments.find(of) is None
    invoke("receive", SCHEDULED)
    assert _found(of)


@pytest.mark.parametrize("error", [ServiceUnavailable("S3 is away."), ValueError("nobody foresaw this")])
def test_one_file_that_cannot_be_taken_up_keeps_no_other(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    bad, good = "shop-app/a/a.yaml", _put(place, "shop-app/b/b.yaml")
    _put(place, bad)
    version_of = s3.version_of

    def fails(key: str) -> str | None:
        if key == bad:
            raise error
        return version_of(key)

    monkeypatch.setattr(s3, "version_of", fails)
    if isinstance(error, ServiceUnavailable):
        invoke("receive", SCHEDULED)
    else:
        with pytest.raises(ExceptionGroup):  # nobody would learn of it otherwise
            invoke("receive", SCHEDULED)
    assert _found(good)


def test_a_file_is_left_where_its_group_could_not_be_taken_over(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = _put(place, KEY)
    _put(place, GROUP, "{}")
    with monkeypatch.context() as broken:
        refuse(broken, "s3", "get_object", client_error("SlowDown"))
        asked: list[datetime] = []
        broken.setattr(schedule, "keep_on", asked.append)
        invoke("receive", SCHEDULED)
    assert deployments.find(of) is None
    assert asked  # or the next run might rest
    invoke("receive", SCHEDULED)
    assert "deploymentGroupId" in _found(of)


def test_a_scheduled_run_ends_in_time(place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(place, KEY)
    monkeypatch.setattr(Context, "get_remaining_time_in_millis", lambda _: 9_000)
    invoke("receive", SCHEDULED)
    assert deployments.unfinished() == []
