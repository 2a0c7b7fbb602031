"""The files that revisions name."""

from io import BytesIO
from types import SimpleNamespace
from typing import Any
from zipfile import ZipFile

import pytest
from botocore.exceptions import ReadTimeoutError

from tests.aws.account import client_error, new_record, refuse
from weighbridge.aws import s3
from weighbridge.aws.clients import client
from weighbridge.core.documents import SIZE_LIMIT
from weighbridge.core.errors import InvalidDocument, RevisionMissing, RolePermissions, ServiceUnavailable
from weighbridge.core.service_role import ServiceRole

ROLE = ServiceRole("arn:aws:iam::123456789012:role/Deployer", "shop-app/prod")
KEY = "shop-app/prod/appspec.yaml"


def _put(bucket: str, body: bytes) -> Any:
    return client("s3").put_object(Bucket=bucket, Key=KEY, Body=body)


def _at(bucket: str, **more: str) -> dict[str, Any]:
    return {"revisionType": "S3", "s3Location": {"bucket": bucket, "key": KEY} | more}


def _content(revision: dict[str, Any], role: ServiceRole | None = None) -> bytes | str:
    return s3.content(new_record(revision=revision), role)


def test_an_object_is_read_in_the_version_that_is_named(place: SimpleNamespace) -> None:
    first = _put(place.bucket, b"first")
    _put(place.bucket, b"second")
    assert _content(_at(place.bucket, version=first["VersionId"])) == b"first"
    assert _content(_at(place.bucket)) == b"second"


def test_an_object_that_is_gone_is_told(place: SimpleNamespace) -> None:
    first = _put(place.bucket, b"first")
    client("s3").delete_object(Bucket=place.bucket, Key=KEY, VersionId=first["VersionId"])
    for location in (_at(place.bucket), _at(place.bucket, version=first["VersionId"]), _at("no-such-bucket")):
        with pytest.raises(RevisionMissing, match=f"There is no object s3://.*/{KEY} any more; drop the file again"):
            _content(location)


def test_a_file_that_is_too_large_is_refused_without_being_read(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unreadable:
        def read(self) -> bytes:
            raise AssertionError("it was read")

    answer = {"ContentLength": SIZE_LIMIT + 1, "ETag": '"e"', "Body": Unreadable()}
    monkeypatch.setattr(client("s3"), "get_object", lambda **_: answer)
    with pytest.raises(InvalidDocument, match=f"has {SIZE_LIMIT + 1} bytes; at most {SIZE_LIMIT}"):
        _content(_at(place.bucket))


def test_a_file_of_the_greatest_size_is_read(place: SimpleNamespace) -> None:
    _put(place.bucket, b"x" * SIZE_LIMIT)
    assert len(_content(_at(place.bucket))) == SIZE_LIMIT


def test_an_etag_has_to_be_the_objects(place: SimpleNamespace) -> None:
    etag = _put(place.bucket, b"first")["ETag"]
    for expected in (etag, etag.strip('"')):
        assert _content(_at(place.bucket, eTag=expected)) == b"first"
    _put(place.bucket, b"second")
    with pytest.raises(InvalidDocument, match="the file has been replaced"):
        _content(_at(place.bucket, eTag=etag))


@pytest.mark.parametrize(("kind", "member"), [("String", "string"), ("AppSpecContent", "appSpecContent")])
def test_inline_content_is_taken_as_it_is(kind: str, member: str) -> None:
    revision = {"revisionType": kind, member: {"content": "version: 0.0 # größer"}}
    assert _content(revision) == "version: 0.0 # größer"


def test_the_type_says_which_of_two_contents_is_meant() -> None:
    both = {"string": {"content": "of string"}, "appSpecContent": {"content": "of appSpecContent"}}
    assert _content(both | {"revisionType": "AppSpecContent"}) == "of appSpecContent"
    assert _content(both | {"revisionType": "String"}) == "of string"


def test_our_bucket_is_read_by_our_role_and_any_other_by_the_groups(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = f"others-{place.bucket}"
    client("s3").create_bucket(Bucket=other, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    _put(place.bucket, b"ours")
    _put(other, b"theirs")
    assumed = refuse(monkeypatch, "sts", "assume_role")
    assert _content(_at(place.bucket), ROLE) == b"ours"
    assert assumed == []
    assert _content(_at(other), ROLE) == b"theirs"
    assert assumed == [{"RoleArn": ROLE.arn, "RoleSessionName": "d-AAAAAAAAA", "ExternalId": "shop-app/prod"}]


def test_a_bucket_that_may_not_be_read_is_told(place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "s3", "get_object", client_error("AccessDenied", "GetObject", 403))
    with pytest.raises(RolePermissions, match="AWS service: AmazonS3"):
        _content(_at(place.bucket))


def test_a_connection_that_breaks_while_the_file_is_read_may_heal(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def read(self) -> bytes:
            raise ReadTimeoutError(endpoint_url="s3")

    monkeypatch.setattr(client("s3"), "get_object", lambda **_: {"ContentLength": 1, "ETag": '"e"', "Body": Broken()})
    with pytest.raises(ServiceUnavailable):
        _content(_at(place.bucket))


SECRET = b"my-database-password"


@pytest.mark.parametrize(
    "key",
    ["other/prod/secret.txt.yaml", "shop-app-b/prod/a.yaml", "shop-ap", "deployment-configs/a.yaml", "shop-app"],
)
def test_a_request_reads_its_own_prefix_only(place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    client("s3").put_object(Bucket=place.bucket, Key=key, Body=SECRET)
    calls = refuse(monkeypatch, "s3", "get_object")
    with pytest.raises(InvalidDocument, match="is not below 'shop-app/'") as refused:
        _content(_at(place.bucket, key=key))
    assert SECRET.decode() not in str(refused.value)
    assert calls == []


@pytest.mark.parametrize("code", ["InvalidObjectState", "InvalidRequest", "KMS.DisabledException"])
def test_a_file_that_cannot_be_read_as_it_is_stored_is_told(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    refuse(monkeypatch, "s3", "get_object", client_error(code, "GetObject", 403))
    with pytest.raises(InvalidDocument, match=f"as it is stored .*{code}"):
        _content(_at(place.bucket))


def _bundle(name: str, content: bytes) -> bytes:
    archive = BytesIO()
    with ZipFile(archive, "w") as opened:
        opened.writestr(name, content)
    return archive.getvalue()


def test_an_appspec_file_is_taken_out_of_its_bundle(place: SimpleNamespace) -> None:
    _put(place.bucket, _bundle("appspec.yml", b"version: 0.0"))
    assert _content(_at(place.bucket, bundleType="zip")) == b"version: 0.0"


def test_a_bundle_that_is_too_large_is_not_read(place: SimpleNamespace) -> None:
    _put(place.bucket, _bundle("appspec.yml", b"#" * SIZE_LIMIT))
    with pytest.raises(InvalidDocument, match="1 MiB"):
        _content(_at(place.bucket, bundleType="zip"))


def test_a_zip_that_is_none_is_refused(place: SimpleNamespace) -> None:
    _put(place.bucket, b"version: 0.0")
    with pytest.raises(InvalidDocument, match="not a readable zip archive"):
        _content(_at(place.bucket, bundleType="zip"))
