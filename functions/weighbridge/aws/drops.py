"""The objects that were dropped: which there are, their newest versions, what became of those that are no deployment."""

import hashlib
import os
from datetime import datetime

from weighbridge.aws import table
from weighbridge.aws.clients import client
from weighbridge.aws.failures import translating
from weighbridge.aws.table import Expression, Key
from weighbridge.core.deployment import stamp
from weighbridge.core.unheard import Stored

_MOST_LOOKED_AT = 100
_PAGES = 10
"""Of a thousand objects each."""


def _key(identity: str) -> Key:
    return table.key("SETTINGS", hashlib.sha256(identity.encode(errors="surrogatepass")).hexdigest()[:32])


def note_taken_over(identity: str, now: datetime) -> None:
    """Keeps that the file of a group or configuration, of that identity, was heard of and is in force or was overtaken."""
    table.create(_key(identity), {"identity": identity, "time": stamp(now)})


def is_taken_over(identity: str) -> bool:
    return table.get(_key(identity)) is not None


def newest_version(bucket: str, key: str) -> str | None:
    """The id of an object's newest version that is a file and no mark of its deletion; None where there is none."""
    with translating("AmazonS3"):
        answer = client("s3").list_object_versions(Bucket=bucket, Prefix=key, MaxKeys=_MOST_LOOKED_AT)
    return next((str(version["VersionId"]) for version in answer.get("Versions", []) if version["Key"] == key), None)


def next_part(since: datetime) -> list[Stored]:
    """What was written since then of the next 10,000 objects of the bucket, in the order of their keys.

    S3 lists by keys alone. Of a larger bucket it is kept where this ended, and the next call goes on from there.
    """
    bucket = os.environ["BUCKET_NAME"]
    place = table.key("BUCKET", bucket)
    began = reached = str((table.get(place) or {}).get("after", ""))
    found: list[Stored] = []
    for _ in range(_PAGES):
        with translating("AmazonS3"):
            page = client("s3").list_objects_v2(Bucket=bucket, StartAfter=reached)
        objects = page.get("Contents", [])
        found += [Stored(each["Key"], each["LastModified"]) for each in objects if each["LastModified"] >= since]
        reached = objects[-1]["Key"] if page["IsTruncated"] else ""
        if not reached:
            break
    if reached != began:
        expression = Expression()
        expression.set("after", reached)
        table.update(expression.update(place))
    return found
