"""Requests on the bus: what is read, and what a wrong one says."""

import hashlib
from typing import Any

import pytest

from weighbridge.core import groups
from weighbridge.core.errors import InvalidDocument
from weighbridge.core.requests import DeploymentRequest


def _request(**changes: Any) -> dict[str, Any]:
    base = {
        "applicationName": "shop",
        "deploymentGroupName": "prod",
        "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": "version: 0.0"}},
    }
    return {**base, **changes}


def test_a_request_takes_over_what_it_overrides() -> None:
    request = DeploymentRequest.read(
        _request(
            deploymentConfigName="c",
            description="d",
            autoRollbackConfiguration={"enabled": False},
            overrideAlarmConfiguration={"enabled": False, "alarms": []},
        )
    )
    assert request.overrides() == {
        "deploymentConfigName": "c",
        "description": "d",
        "autoRollbackConfiguration": {"enabled": False},
        "overrideAlarmConfiguration": {"enabled": False, "ignorePollAlarmFailure": False, "alarms": []},
    }


def test_what_an_event_leaves_unsaid_is_as_in_a_file_and_kept_outright() -> None:
    """Decision 30: whoever writes down an alarm wants it watched; only calls of the API have booleans that go unsent."""
    watched = {"alarms": [{"name": "errors"}]}
    rollback = {"events": ["DEPLOYMENT_FAILURE"]}
    request = DeploymentRequest.read(_request(autoRollbackConfiguration=rollback, overrideAlarmConfiguration=watched))
    assert request.overrides() == {
        "autoRollbackConfiguration": {"enabled": True} | rollback,
        "overrideAlarmConfiguration": {"enabled": True, "ignorePollAlarmFailure": False} | watched,
    }


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"applicationName": "no spaces"}, "applicationName: 'no spaces' is not a valid name; use 1 to 100 letters, digits"),
        ({"overrideAlarmConfiguration": {"alarms": [{"name": "arn:aws:cloudwatch:eu-west-3:123456789012:alarm:red"}]}}, "give its name alone, 'red'"),
        ({"revision": {"revisionType": "GitHub"}}, "GitHub is not supported under compute platform: LAMBDA"),
        ({"revision": {"revisionType": "S3"}}, "s3Location is missing"),
        ({"revision": {"revisionType": "Floppy"}}, "revisionType: must be"),
        ({"revision": {"revisionType": "S3", "s3Location": {"bucket": "bbb", "key": "k", "bundleType": "tgz"}}}, "BundleType must be either YAML or JSON or zip, not 'tgz'"),
        ({"revision": {"revisionType": "String", "string": {"content": "x", "sha256": "0" * 64}}}, "sha256 is not that of the content"),
        ({"description": "x" * 257}, "description"),
        ({"ignoreApplicationStopFailures": True}, "ignoreApplicationStopFailures"),
        ({"targetInstances": {}}, "Unknown key 'targetInstances'"),
        ({"autoRollbackConfiguration": {"enabled": True, "events": []}}, "at least one event specified"),
        ({"overrideAlarmConfiguration": {"enabled": True}}, "Alarm list cannot be null"),
    ],
)  # fmt: skip
def test_a_wrong_request_says_what_to_change(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidDocument, match=says):
        DeploymentRequest.read(_request(**changes))


JUNK = {"junk": ["x" * 190_000, {"deep": [10**60, float("inf"), float("nan"), "\ud800"]}]}
S3 = {"bucket": "drops", "key": "shop/prod/a.yaml", "bundleType": "YAML"}
CONTENT = {"content": "version: 0.0"}


@pytest.mark.parametrize(
    ("kind", "member", "own"),
    [("S3", "s3Location", S3), ("String", "string", CONTENT), ("AppSpecContent", "appSpecContent", CONTENT)],
)
def test_of_a_revision_nothing_but_the_member_of_its_type_is_kept(kind: str, member: str, own: Any) -> None:
    others = {"s3Location": S3, "string": CONTENT, "appSpecContent": CONTENT, "gitHubLocation": JUNK}
    request = DeploymentRequest.read(_request(revision={"revisionType": kind, **others, member: own}))
    assert request.revision.kept() == {"revisionType": kind, member: own}


@pytest.mark.parametrize(("said", "kept"), [("yaml", "YAML"), ("Json", "JSON"), ("ZIP", "zip")])
def test_a_bundle_type_is_kept_as_the_service_spells_it(said: str, kept: str) -> None:
    revision = DeploymentRequest.read(_request(revision={"revisionType": "S3", "s3Location": S3 | {"bundleType": said}}))
    assert revision.revision.kept()["s3Location"]["bundleType"] == kept


def test_members_of_other_types_may_be_empty_and_in_any_case() -> None:
    revision = {"RevisionType": "S3", "S3Location": S3 | {"version": "", "eTag": ""}, "AppSpecContent": {"content": ""}}
    stored = DeploymentRequest.read(_request(revision=revision)).revision.kept()
    assert stored == {"revisionType": "S3", "s3Location": S3}


@pytest.mark.parametrize("member", ["version", "eTag", "key", "bucket"])
def test_no_text_in_a_location_is_without_a_limit(member: str) -> None:
    revision = {"revisionType": "S3", "s3Location": S3 | {member: "x" * 1025}}
    with pytest.raises(InvalidDocument, match=f"{member}: string should have at most"):
        DeploymentRequest.read(_request(revision=revision))


def test_what_is_said_many_times_in_a_list_is_kept_once() -> None:
    rollback = {"enabled": True, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"] * 5_000}
    stored = DeploymentRequest.read(_request(autoRollbackConfiguration=rollback)).overrides()["autoRollbackConfiguration"]
    assert stored == {"enabled": True, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]}
    trigger = {"triggerName": "n", "triggerTargetArn": TOPIC, "triggerEvents": ["DeploymentStart"] * 5_000}
    group = groups.parse("shop", "prod", {"triggerConfigurations": [trigger]})
    assert group.trigger_configurations[0].trigger_events == ["DeploymentStart"]


def test_a_digest_that_fits_is_accepted() -> None:
    digest = hashlib.sha256(b"version: 0.0").hexdigest().upper()
    DeploymentRequest.read(
        _request(revision={"revisionType": "String", "string": {"content": "version: 0.0", "sha256": digest}})
    )


TOPIC = "arn:aws:sns:eu-west-1:123456789012:topic"
