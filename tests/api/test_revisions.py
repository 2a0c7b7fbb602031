"""Revisions: registered by hand and by deployments, found by their location, listed by time, place and use."""

import hashlib
from datetime import datetime
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from tests.api.caller import Caller, Refused
from tests.aws.account import keep_begun, kept
from tests.core.samples import at, plan
from weighbridge.aws import dynamodb
from weighbridge.core.deployment import created, planned, stamp
from weighbridge.core.endings import succeeded
from weighbridge.core.groups import DeploymentGroup
from weighbridge.core.revisions import digest
from weighbridge.store import deployments, keys, revisions, settings

APP = {"applicationName": "shop-app"}
CONTENT = "version: 0.0"
SHA256 = hashlib.sha256(CONTENT.encode()).hexdigest()
INLINE = {"revisionType": "AppSpecContent", "appSpecContent": {"content": CONTENT}}


@pytest.fixture(autouse=True)
def group(place: SimpleNamespace) -> None:  # noqa: ARG001  # the table
    settings.put_group("shop-app", "prod", DeploymentGroup(), stamp(at(0)))


def s3(key: str, bucket: str = "drops", **more: str) -> dict[str, Any]:
    return {"revisionType": "S3", "s3Location": {"bucket": bucket, "key": key, "bundleType": "YAML", **more}}


def refusal(api: Caller, operation: str, **arguments: Any) -> str:
    with pytest.raises(Refused) as caught:
        api.call(operation, **arguments)
    return caught.value.name.removesuffix("Exception")


def use(revision: dict[str, Any], when: datetime, deployment_id: str = "d-CCCCCCCCC") -> None:
    record = created(
        deployment_id, deployment_id, application="shop-app", group="prod", revision=revision, now=when, group_id="g"
    )
    revisions.use(record, when)


def listed(api: Caller, **arguments: Any) -> list[str]:
    names: list[str] = []
    token: dict[str, str] = {}
    while True:
        answer = api.call("ListApplicationRevisions", **APP, **arguments, **token)
        names += [
            revision["s3Location"]["key"] if "s3Location" in revision else revision["revisionType"]
            for revision in answer["revisions"]
        ]
        if "nextToken" not in answer:
            return names
        token = {"nextToken": answer["nextToken"]}


def test_a_revision_is_found_with_its_content_by_its_sha256(api: Caller) -> None:
    assert api.call("RegisterApplicationRevision", **APP, revision=INLINE, description="spring") == {}
    known = {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": SHA256}}
    for location in (known, INLINE):
        registered = api.call("GetApplicationRevision", **APP, revision=location)
        assert registered["revision"]["appSpecContent"] == {"content": CONTENT, "sha256": SHA256}
        assert (registered["applicationName"], registered["revisionInfo"]["description"]) == ("shop-app", "spring")
        assert "firstUsedTime" not in registered["revisionInfo"]


def test_registering_again_changes_the_description_alone(api: Caller) -> None:
    use(s3("a.yaml"), at(0))
    before = api.call("GetApplicationRevision", **APP, revision=s3("a.yaml"))["revisionInfo"]
    api.call("RegisterApplicationRevision", **APP, revision=s3("a.yaml"), description="better")
    after = api.call("GetApplicationRevision", **APP, revision=s3("a.yaml"))["revisionInfo"]
    assert after == before | {"description": "better"}
    api.call("RegisterApplicationRevision", **APP, revision=s3("a.yaml"))
    assert api.call("GetApplicationRevision", **APP, revision=s3("a.yaml"))["revisionInfo"] == after
    assert listed(api) == ["a.yaml"]


def test_the_same_place_is_the_same_revision_however_it_is_spelled(api: Caller) -> None:
    api.call("RegisterApplicationRevision", **APP, revision=s3("a.yaml", eTag='"e"', version="1"))
    same = s3("a.yaml", eTag="e", version="1")
    same["s3Location"]["bundleType"] = "yaml"
    assert api.call("GetApplicationRevision", **APP, revision=same)
    for other in (s3("a.yaml"), s3("a.yaml", eTag="e"), s3("b.yaml", eTag="e", version="1")):
        assert refusal(api, "GetApplicationRevision", **APP, revision=other) == "RevisionDoesNotExist"


def test_the_groups_whose_target_a_revision_is(api: Caller) -> None:
    old, new = s3("old.yaml"), s3("new.yaml")
    for number, revision in enumerate((old, new)):
        record = keep_begun(f"d-{number:09}") | {"revision": revision}
        deployments.update(record["deploymentId"], planned(plan(deploymentId=record["deploymentId"]), at(1)))
        use(revision, at(number), record["deploymentId"])
        assert deployments.end(
            kept(record["deploymentId"]) | {"revision": revision}, succeeded(kept(record["deploymentId"]), at(2))
        )
    use(s3("never-succeeded.yaml"), at(9))
    of = {
        key: api.call("GetApplicationRevision", **APP, revision=s3(key))["revisionInfo"] for key in ("old.yaml", "new.yaml")
    }
    assert of["old.yaml"]["deploymentGroups"] == []
    assert of["new.yaml"]["deploymentGroups"] == ["prod"]
    assert listed(api, deployed="include") == ["new.yaml"]
    assert sorted(listed(api, deployed="exclude")) == ["never-succeeded.yaml", "old.yaml"]
    assert len(listed(api, deployed="ignore")) == 3


def test_a_batch_says_what_it_leaves_out(api: Caller) -> None:
    for revision in (INLINE, s3("a.yaml")):
        api.call("RegisterApplicationRevision", **APP, revision=revision)
    answer = api.call("BatchGetApplicationRevisions", **APP, revisions=[s3("a.yaml"), s3("b.yaml"), INLINE, s3("a.yaml")])
    assert [each["revisionLocation"]["revisionType"] for each in answer["revisions"]] == ["S3", "AppSpecContent"]
    assert answer["errorMessage"] == "1 of the revisions could not be found."


def test_a_batch_never_answers_more_than_fits(api: Caller) -> None:
    revisions = [
        {"revisionType": "AppSpecContent", "appSpecContent": {"content": f"{n:02}" + '"' * 100_000}} for n in range(25)
    ]
    for revision in revisions:
        api.call("RegisterApplicationRevision", **APP, revision=revision)
    known = [
        {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": hashlib.sha256(revision["appSpecContent"]["content"].encode()).hexdigest()}}  # type: ignore[index]
        for revision in revisions
    ]  # fmt: skip
    answer = api.call("BatchGetApplicationRevisions", **APP, revisions=known)
    assert 0 < len(answer["revisions"]) < 25
    assert "ask for fewer at once" in answer["errorMessage"]


def test_lists_by_each_time_in_both_orders(api: Caller) -> None:
    for minute, key in enumerate(("a", "b", "c")):
        revisions.register("shop-app", s3(key), None, at(60 * minute))
    use(s3("b"), at(300))
    use(s3("a"), at(400))
    use(s3("b"), at(500))
    assert listed(api) == listed(api, sortBy="registerTime") == ["a", "b", "c"]
    assert listed(api, sortBy="registerTime", sortOrder="descending") == ["c", "b", "a"]
    assert listed(api, sortBy="firstUsedTime") == ["c", "b", "a"]
    assert listed(api, sortBy="lastUsedTime", sortOrder="descending") == ["b", "a", "c"]


def test_lists_by_place(api: Caller) -> None:
    for revision in (s3("shop/a"), s3("shop/b"), s3("other/c"), s3("shop/d", bucket="elsewhere"), INLINE):
        api.call("RegisterApplicationRevision", **APP, revision=revision)
    assert sorted(listed(api, s3Bucket="drops")) == ["other/c", "shop/a", "shop/b"]
    assert sorted(listed(api, s3Bucket="drops", s3KeyPrefix="shop/")) == ["shop/a", "shop/b"]
    assert len(listed(api)) == 5
    assert "content" not in str(api.call("ListApplicationRevisions", **APP))


def test_every_page_together_lists_each_revision_once(api: Caller) -> None:
    for n in range(230):
        use(s3(f"{n:03}"), at(n // 3))
    for sort_by, order in product(("registerTime", "lastUsedTime"), ("ascending", "descending")):
        names = listed(api, sortBy=sort_by, sortOrder=order)
        assert sorted(names) == [f"{n:03}" for n in range(230)]
        times = [int(key) // 3 for key in names]
        assert times == sorted(times, reverse=order == "descending")


def test_a_filter_that_few_pass_gives_short_pages_and_no_end_of_reading(
    api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weighbridge.api.revisions._MOST_LOOKED_AT", 50)
    for n in range(120):
        use(s3(f"{n:03}", bucket="rare" if n == 110 else "drops"), at(n))
    first = api.call("ListApplicationRevisions", **APP, s3Bucket="rare")
    assert first["revisions"] == []
    assert first["nextToken"]
    assert listed(api, s3Bucket="rare") == ["110"]


def test_another_applications_revisions_are_another_list(api: Caller) -> None:
    settings.put_group("other", "prod", DeploymentGroup(), stamp(at(0)))
    api.call("RegisterApplicationRevision", **APP, revision=INLINE)
    assert api.call("ListApplicationRevisions", applicationName="other")["revisions"] == []
    assert dynamodb.get(keys.revision("shop-app", digest(INLINE)))
    assert refusal(api, "GetApplicationRevision", applicationName="other", revision=INLINE) == "RevisionDoesNotExist"


BAD: list[tuple[str, str, dict[str, Any]]] = [
    *[
        ("ApplicationDoesNotExist", operation, {"applicationName": "nobody", "revision": INLINE, "revisions": [INLINE]})
        for operation in (
            "RegisterApplicationRevision",
            "GetApplicationRevision",
            "BatchGetApplicationRevisions",
            "ListApplicationRevisions",
        )
    ],
    ("ApplicationNameRequired", "ListApplicationRevisions", {"applicationName": None}),
    ("InvalidApplicationName", "ListApplicationRevisions", {"applicationName": "a b"}),
    ("RevisionRequired", "RegisterApplicationRevision", {}),
    ("InvalidRevision", "RegisterApplicationRevision", {"revision": {"revisionType": "GitHub", "gitHubLocation": {"repository": "a/b"}}}),
    ("InvalidRevision", "RegisterApplicationRevision", {"revision": {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": SHA256}}}),
    ("DescriptionTooLong", "RegisterApplicationRevision", {"revision": INLINE, "description": "a" * 257}),
    ("RevisionRequired", "GetApplicationRevision", {}),
    ("RevisionDoesNotExist", "GetApplicationRevision", {"revision": INLINE}),
    ("InvalidRevision", "GetApplicationRevision", {"revision": {"revisionType": "S3"}}),
    ("RevisionRequired", "BatchGetApplicationRevisions", {"revisions": []}),
    ("BatchLimitExceeded", "BatchGetApplicationRevisions", {"revisions": [INLINE] * 26}),
    ("InvalidRevision", "BatchGetApplicationRevisions", {"revisions": [{"revisionType": "String"}]}),
    ("InvalidSortBy", "ListApplicationRevisions", {"sortBy": "size"}),
    ("InvalidSortOrder", "ListApplicationRevisions", {"sortOrder": "up"}),
    ("InvalidDeployedStateFilter", "ListApplicationRevisions", {"deployed": "maybe"}),
    ("InvalidBucketNameFilter", "ListApplicationRevisions", {"s3Bucket": ""}),
    ("InvalidKeyPrefixFilter", "ListApplicationRevisions", {"s3Bucket": "drops", "s3KeyPrefix": ""}),
    ("BucketNameFilterRequired", "ListApplicationRevisions", {"s3KeyPrefix": "shop/"}),
    ("InvalidNextToken", "ListApplicationRevisions", {"nextToken": "x"}),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "operation", "arguments"), BAD)
def test_what_is_refused(api: Caller, expected: str, operation: str, arguments: dict[str, Any]) -> None:
    sent = {name: value for name, value in {**APP, **arguments}.items() if value is not None}
    assert refusal(api, operation, **sent) == expected
