"""An update of a stack as an upgrade makes it: other code, another layer, and one variable more for each function."""

import io
import json
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from acceptance.waiting import until

ADDED = "WeighbridgesSmokeTest"
"""A variable, and a file in code and layer."""
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]


class Update:
    """An update of the stack of that name that is prepared and not begun yet; `url` is its template's."""

    def __init__(self, stacks: Any, name: str, url: str) -> None:
        self._stacks, self._name, self._url = stacks, name, url

    def begin(self) -> None:
        self._stacks.update_stack(StackName=self._name, TemplateURL=self._url, Capabilities=CAPABILITIES)

    def ended(self, seconds: float) -> str:
        """The stack's status once CloudFormation is done with it."""

        def ask() -> str | None:
            [stack] = self._stacks.describe_stacks(StackName=self._name)["Stacks"]
            return None if stack["StackStatus"].endswith("IN_PROGRESS") else str(stack["StackStatus"])

        return until("the update of the stack", ask, seconds)


@contextmanager
def upgrade(client: Callable[[str], Any], name: str) -> Iterator[Update]:
    """Puts the template and its files where the CDK puts them, and deletes them again.

    From the template that is there, so that nothing changes but this. `client` makes a boto3 client of a service.
    """
    s3, stacks = client("s3"), client("cloudformation")
    owner = client("sts").get_caller_identity()["Account"]
    body = stacks.get_template(StackName=name)["TemplateBody"]
    template: dict[str, Any] = body if isinstance(body, dict) else json.loads(body)
    made: dict[str, dict[str, str]] = {}

    def put(bucket: str, key: str, body: bytes) -> None:
        made[key] = {"Bucket": bucket, "Key": key}
        answer = s3.put_object(Bucket=bucket, Key=key, Body=body, ExpectedBucketOwner=owner)
        if "VersionId" in answer:
            made[key]["VersionId"] = answer["VersionId"]

    def changed(asset: dict[str, Any]) -> str:
        """The bucket of an asset, which has one file more from now on; functions share one."""
        bucket, old = _bucket(asset["S3Bucket"], owner, s3.meta.region_name), asset["S3Key"]
        asset["S3Key"] = f"{name}-{old}"
        if asset["S3Key"] not in made:
            put(bucket, asset["S3Key"], _with_another_file(s3.get_object(Bucket=bucket, Key=old)["Body"].read()))
        return bucket

    try:
        buckets = set()
        for resource in template["Resources"].values():
            properties = resource.get("Properties", {})
            if resource["Type"] == "AWS::Lambda::Function":
                variables = properties.setdefault("Environment", {}).setdefault("Variables", {})
                variables[ADDED] = str(time.time_ns())
                buckets.add(changed(properties["Code"]))
            elif resource["Type"] == "AWS::Lambda::LayerVersion":
                buckets.add(changed(properties["Content"]))
        [bucket] = buckets
        put(bucket, f"{name}.json", json.dumps(template).encode())
        yield Update(stacks, name, f"{s3.meta.endpoint_url}/{bucket}/{name}.json")
    finally:
        for each in made.values():
            s3.delete_object(**each)


def _bucket(named: str | dict[str, str], account: str, region: str) -> str:
    """The name of the bucket of the CDK's assets, which a template says by the account and the region."""
    if isinstance(named, str):
        return named
    values = {"AWS::AccountId": account, "AWS::Region": region}
    return re.sub(r"\$\{([^}]+)\}", lambda reference: values[reference[1]], named["Fn::Sub"])


def _with_another_file(content: bytes) -> bytes:
    archive = io.BytesIO(content)
    with zipfile.ZipFile(archive, "a") as files:
        files.writestr(f"{ADDED}.txt", "Added by Weighbridge's smoke test.")
    return archive.getvalue()
