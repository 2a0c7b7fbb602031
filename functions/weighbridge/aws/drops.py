"""What became of dropped objects that became no deployment, and which version of one is the newest."""

import hashlib
from datetime import datetime

from weighbridge.aws import table
from weighbridge.aws.clients import client
from weighbridge.aws.failures import translating
from weighbridge.aws.table import Key
from weighbridge.core.deployment import stamp

_MOST_LOOKED_AT = 100


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
