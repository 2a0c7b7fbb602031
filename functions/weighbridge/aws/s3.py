"""The files that revisions name, and the objects of the bucket that files are dropped into."""

from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Any

from botocore.exceptions import ClientError

from weighbridge.aws.clients import client, client_as
from weighbridge.aws.errors import code_of, translating
from weighbridge.core import bundles
from weighbridge.core.documents import SIZE_LIMIT
from weighbridge.core.errors import InvalidDocument, RevisionMissing
from weighbridge.core.object_keys import Stored
from weighbridge.core.record import Record
from weighbridge.core.service_role import ServiceRole
from weighbridge.environment import environment

_MOST_LOOKED_AT = 100
_MISSING = {"NoSuchKey", "NoSuchVersion", "NoSuchBucket", "InvalidArgument", "404"}
# In an archive, encrypted by a key that comes with each request, or by one that is gone or switched off.
_LOCKED = {
    "InvalidObjectState",
    "InvalidRequest",
    "KMS.DisabledException",
    "KMS.NotFoundException",
    "KMS.KMSInvalidStateException",
}


def content(record: Record, role: ServiceRole | None) -> bytes | str:
    """The AppSpec file of a deployment's revision (reference 3.3: S3, String or AppSpecContent), taken out of its bundle.

    Weighbridge's own bucket is read by its own role, and only below the application's prefix; any other bucket is read by
    the group's service role. Raises RevisionMissing where the object is gone, InvalidDocument where it is another
    application's, is too large, cannot be read as it is stored, is not the one that was meant, or is a bundle without one.
    """
    revision = record["revision"]
    if revision["revisionType"] == "S3":
        location, prefix = revision["s3Location"], f"{record['applicationName']}/"
        if location["bucket"] == environment.bucket_name and not location["key"].startswith(prefix):
            raise InvalidDocument(
                f"The file {location['key']!r} is not below {prefix!r}: of this bucket a deployment reads the files of its "
                "own application only. Put it there, or into a bucket that the group's service role may read."
            )
        file = read(location, record["deploymentId"], role)
        return bundles.appspec_in(BytesIO(file)) if location.get("bundleType") == "zip" else file
    member = {"String": "string", "AppSpecContent": "appSpecContent"}[revision["revisionType"]]
    return str(revision[member]["content"])


def read(location: Mapping[str, Any], session_name: str, role: ServiceRole | None = None) -> bytes:
    """The object at an S3Location {bucket, key, version?, eTag?}, whosever it is; raises as `content` does."""
    where = f"s3://{location['bucket']}/{location['key']}"
    version = {"VersionId": location["version"]} if location.get("version") else {}
    reader = None if location["bucket"] == environment.bucket_name else role
    with translating("AmazonS3", reader):
        try:
            answer = client_as(reader, session_name, "s3").get_object(
                Bucket=location["bucket"], Key=location["key"], **version
            )
        except ClientError as error:
            code = code_of(error)
            if code in _MISSING:
                raise RevisionMissing(f"There is no object {where} any more; drop the file again.") from error
            if code in _LOCKED:
                raise InvalidDocument(
                    f"S3 does not give the file {where} out as it is stored ({error}); store it so that it need not be "
                    "restored first, and encrypted by a key that Weighbridge may use."
                ) from error
            raise
        if answer["ContentLength"] > SIZE_LIMIT:
            raise InvalidDocument(
                f"The file {where} has {answer['ContentLength']} bytes; at most {SIZE_LIMIT} (1 MiB) are read."
            )
        expected = location.get("eTag")
        if expected and expected.strip('"') != answer["ETag"].strip('"'):
            raise InvalidDocument(f"The eTag of {where} is {answer['ETag']}, not {expected}; the file has been replaced.")
        return bytes(answer["Body"].read())


def newest(prefix: str) -> tuple[str, datetime] | None:
    """Of the bucket's objects whose keys begin with `prefix`, which was written last and when, in whole seconds."""
    with translating("AmazonS3"):
        objects = client("s3").list_objects_v2(Bucket=environment.bucket_name, Prefix=prefix).get("Contents", [])
    last = max(objects, key=lambda each: each["LastModified"], default=None)
    return (last["Key"], last["LastModified"]) if last else None


def version_of(key: str) -> str | None:
    """The newest version of an object of the bucket; None where it is gone."""
    with translating("AmazonS3"):
        try:
            return str(client("s3").head_object(Bucket=environment.bucket_name, Key=key)["VersionId"])
        except ClientError as error:
            if code_of(error) in _MISSING:
                return None
            raise


def newest_version(bucket: str, key: str) -> str | None:
    """The id of an object's newest version that is a file and no mark of its deletion; None where there is none."""
    with translating("AmazonS3"):
        answer = client("s3").list_object_versions(Bucket=bucket, Prefix=key, MaxKeys=_MOST_LOOKED_AT)
    return next((str(version["VersionId"]) for version in answer.get("Versions", []) if version["Key"] == key), None)


def page_after(key: str) -> tuple[list[Stored], str]:
    """A thousand objects of the bucket whose keys come after `key`, and the last of these keys, empty where it is all."""
    with translating("AmazonS3"):
        page = client("s3").list_objects_v2(Bucket=environment.bucket_name, StartAfter=key)
    objects = page.get("Contents", [])
    return [Stored(each["Key"], each["LastModified"]) for each in objects], (
        objects[-1]["Key"] if page["IsTruncated"] else ""
    )
