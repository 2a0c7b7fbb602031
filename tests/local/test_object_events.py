"""S3's events of a versioned bucket."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.workbench import Workbench, closed, until

KEY = "shop/live/a b+c.yaml"


def dropped(bench: Workbench) -> tuple[str, str, dict[str, Any]]:
    """A bucket, the version of the object that was put there, and the event of it."""
    bucket, s3 = bench.name("bucket"), bench.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    queue = bench.collector(
        {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {"bucket": {"name": [bucket]}, "object": {"key": [{"wildcard": "*/*/*.yaml"}]}},
        }
    )
    s3.put_object(Bucket=bucket, Key="ignored.yaml", Body=b"-")
    version = s3.put_object(Bucket=bucket, Key=KEY, Body=b"one")["VersionId"]
    (event,) = until(lambda: bench.collected(queue))
    return bucket, version, event


def test_bare_emulator_leaves_the_version_out(bare: Workbench) -> None:
    _, _, event = dropped(bare)
    assert "version-id" not in event["detail"]["object"], closed("object_events")


def test_event_names_the_version_to_read(filled: Workbench) -> None:
    bucket, version, event = dropped(filled)
    s3 = filled.client("s3")
    etag = s3.head_object(Bucket=bucket, Key=KEY)["ETag"]
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"two")
    created = event["detail"]["object"]
    assert created["key"] == KEY
    assert created["version-id"] == version
    assert created["etag"] == etag.strip('"')
    assert created["size"] == 3
    assert created["sequencer"]
    assert event["detail"]["reason"] == "PutObject"
    old = s3.get_object(Bucket=bucket, Key=created["key"], VersionId=created["version-id"])
    assert old["Body"].read() == b"one"
    with pytest.raises(ClientError) as missing:
        s3.get_object(Bucket=bucket, Key="no/such/key.yaml")
    assert missing.value.response["Error"]["Code"] == "NoSuchKey"
