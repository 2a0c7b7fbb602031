"""What became of a dropped object, and what was refused: by the API's own operations."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from tests.api.caller import Caller, Refused
from tests.aws.account import kept, new_record
from tests.aws.invocation import drop, invoke
from tests.core.samples import at
from weighbridge.aws.clients import client
from weighbridge.core.endings import failed
from weighbridge.core.ids import deployment_id
from weighbridge.lifecycle import schedule
from weighbridge.store import deployments

KEY = "shop-app/prod/2026/release.yaml"
GROUP = "shop-app/prod/deployment-group.yaml"
NAMES = {"applicationName": "shop-app", "deploymentGroupName": "prod"}


def _put(place: SimpleNamespace, key: str, content: str = "version: 0.0") -> tuple[str, Any]:
    """A dropped object's version, and its event."""
    event = drop(place, key, content)
    return str(event["detail"]["object"]["version-id"]), event


def _get(api: Caller, place: SimpleNamespace, key: str, version: str | None = None) -> dict[str, Any]:
    named = {"versionId": version} if version else {}
    info: dict[str, Any] = api.call("GetDrop", bucket=place.bucket, key=key, **named)["dropInfo"]
    assert (info.pop("bucket"), info.pop("key")) == (place.bucket, key)
    return info


def test_an_appspec_file_is_pending_until_it_is_received_and_then_a_deployment(api: Caller, place: SimpleNamespace) -> None:
    version, event = _put(place, KEY)
    assert _get(api, place, KEY, version) == NAMES | {"versionId": version, "status": "Pending"}
    invoke("receive", event)
    [made] = deployments.unfinished()
    accepted = NAMES | {"versionId": version, "status": "Accepted", "deploymentId": made, "deploymentStatus": "Created"}
    assert _get(api, place, KEY, version) == accepted
    deployments.end(kept(made), failed(kept(made), {"error": "InvalidAppSpec", "cause": "Bad."}, {}, at(9)))
    ended = {"deploymentStatus": "Failed", "errorInformation": {"code": "INVALID_LAMBDA_CONFIGURATION", "message": "Bad."}}
    assert _get(api, place, KEY, version) == accepted | ended


def test_the_scheduled_run_comes_round_for_a_file_that_is_asked_for_and_not_received(
    api: Caller, place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[datetime] = []
    monkeypatch.setattr(schedule, "keep_on", asked.append)
    version, event = _put(place, KEY)
    _get(api, place, KEY, version)
    assert len(asked) == 1
    invoke("receive", event)
    asked.clear()
    _get(api, place, KEY, version)
    assert asked == []


def test_without_a_version_it_is_the_newest_that_is_there(api: Caller, place: SimpleNamespace) -> None:
    first, event = _put(place, KEY)
    invoke("receive", event)
    _put(place, f"{KEY}.yaml")
    assert _get(api, place, KEY)["versionId"] == first
    second, _ = _put(place, KEY)
    assert (_get(api, place, KEY)["versionId"], _get(api, place, KEY)["status"]) == (second, "Pending")
    client("s3").delete_object(Bucket=place.bucket, Key=KEY)
    assert _get(api, place, KEY)["versionId"] == second


def test_an_id_that_another_deployment_has_is_not_taken_for_its_own(api: Caller, place: SimpleNamespace) -> None:
    version, event = _put(place, KEY)
    identity = f"s3://{place.bucket}/{KEY}?versionId={version}"
    deployments.create(new_record(deployment_id(identity)))
    assert _get(api, place, KEY, version)["status"] == "Pending"
    invoke("receive", event)
    assert _get(api, place, KEY, version)["deploymentId"] == deployment_id(identity, 1)


@pytest.mark.parametrize(
    ("key", "content", "names"),
    [
        (GROUP, "{}", NAMES),
        ("deployment-configs/Slow.yaml", "trafficRoutingConfig: {type: AllAtOnce}", {"deploymentConfigName": "Slow"}),
    ],
)
def test_the_file_of_a_group_or_configuration_is_accepted_when_it_is_taken_over(
    api: Caller, place: SimpleNamespace, key: str, content: str, names: dict[str, str]
) -> None:
    version, event = _put(place, key, content)
    assert _get(api, place, key, version)["status"] == "Pending"
    for _ in range(2):
        invoke("receive", event)
        assert _get(api, place, key, version) == names | {"versionId": version, "status": "Accepted"}


def test_a_groups_file_that_is_wrong_is_refused_with_the_reason(api: Caller, place: SimpleNamespace) -> None:
    version, event = _put(place, GROUP, "alarmConfigurations: {}")
    invoke("receive", event)
    drop = _get(api, place, GROUP, version)
    assert (drop["status"], drop["errorInformation"]["code"]) == ("Refused", "INVALID_REVISION")
    assert "did you mean 'alarmConfiguration'?" in drop["errorInformation"]["message"]
    assert kept(drop["deploymentId"])["refusal"]


@pytest.mark.parametrize("key", ["stray.yaml", "shop-app/prod/notes.txt", "shop-app//prod/a.yaml"])
def test_a_key_that_belongs_to_nothing_is_refused_whether_it_was_heard_of_or_not(
    api: Caller, place: SimpleNamespace, key: str
) -> None:
    version, event = _put(place, key)
    before = _get(api, place, key, version)
    assert before["status"] == "Refused"
    invoke("receive", event)
    [refusal] = api.call("ListRefusals")["refusals"]
    assert before["errorInformation"] == {"code": refusal["code"], "message": refusal["message"]}
    assert _get(api, place, key, version) == before


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"bucket": "another"}, "InvalidInputException: Weighbridge receives what is dropped into"),
        ({"key": "shop-app/prod/never.yaml"}, "DropDoesNotExistException: There is no object 'shop-app/prod/never.yaml'"),
        ({"key": ""}, "InvalidInputException: key is missing"),
    ],
)
def test_what_is_no_drop_at_all(api: Caller, place: SimpleNamespace, arguments: dict[str, str], expected: str) -> None:
    with pytest.raises(Refused, match=expected):
        api.call("GetDrop", **{"bucket": place.bucket, "key": KEY} | arguments)


# ---------------------------------------------------------------------------- deployments without their group


def test_a_deployment_that_failed_for_want_of_its_group_is_listed_under_the_groups_name(
    api: Caller, place: SimpleNamespace
) -> None:
    with pytest.raises(Refused, match="ApplicationDoesNotExistException"):
        api.call("ListDeployments", **NAMES)
    _, event = _put(place, KEY)
    invoke("receive", event)
    [made] = deployments.unfinished()
    assert api.call("ListDeployments", **NAMES) == {"deployments": [made]}
    deployments.end(kept(made), failed(kept(made), {"error": "DeploymentGroupMissing", "cause": "No."}, {}, at(9)))
    assert api.call("ListDeployments", **NAMES, includeOnlyStatuses=["Failed"]) == {"deployments": [made]}
    assert api.call("ListDeployments", **NAMES, includeOnlyStatuses=["Created"]) == {"deployments": []}
    with pytest.raises(Refused, match="ApplicationDoesNotExistException"):
        api.call("ListDeployments", **NAMES | {"deploymentGroupName": "test"})
    # It stays there when the group comes.
    for key in (GROUP, f"{KEY}.yaml"):
        invoke("receive", _put(place, key, "{}")[1])
    [second] = deployments.unfinished()
    assert set(api.call("ListDeployments", **NAMES)["deployments"]) == {made, second}
