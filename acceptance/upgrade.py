"""An update of the smoke test's stack: another layer, and one variable more for each function."""

import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from acceptance.account import Account
from acceptance.stage import Stage
from acceptance.waiting import until

ADDED = "WeighbridgesSmokeTest"
"""A variable, and a file in the layer."""


class Update:
    """An update that is prepared and not begun yet; `url` is its template's."""

    def __init__(self, stage: Stage, url: str) -> None:
        self._stacks, self._name, self._url = stage.client("cloudformation"), stage.name, url

    def begin(self) -> None:
        self._stacks.update_stack(
            StackName=self._name, TemplateURL=self._url, Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
        )

    def ended(self, seconds: float) -> str:
        """The stack's status once CloudFormation is done with it."""

        def ask() -> str | None:
            [stack] = self._stacks.describe_stacks(StackName=self._name)["Stacks"]
            return None if stack["StackStatus"].endswith("IN_PROGRESS") else str(stack["StackStatus"])

        return until("the update of the stack", ask, seconds)


@contextmanager
def upgrade(stage: Stage) -> Iterator[Update]:
    """Puts template and layer where the CDK puts them, and deletes them again. By the template, as no CLI is that exact."""
    s3 = stage.client("s3")
    found = stage.client("cloudformation").get_template(StackName=stage.name)["TemplateBody"]
    template: dict[str, Any] = found if isinstance(found, dict) else json.loads(found)
    made: list[dict[str, str]] = []

    def put(bucket: str, key: str, body: bytes) -> None:
        answer = s3.put_object(Bucket=bucket, Key=key, Body=body, ExpectedBucketOwner=stage.account.id)
        version = {"VersionId": answer["VersionId"]} if "VersionId" in answer else {}
        made.append({"Bucket": bucket, "Key": key} | version)

    try:
        bucket = ""
        for resource in template["Resources"].values():
            properties = resource.get("Properties", {})
            if resource["Type"] == "AWS::Lambda::Function":
                variables = properties.setdefault("Environment", {}).setdefault("Variables", {})
                variables[ADDED] = str(time.time_ns())
            elif resource["Type"] == "AWS::Lambda::LayerVersion":
                content = properties["Content"]
                bucket, key = _named(content["S3Bucket"], stage.account), f"{stage.name}-{content['S3Key']}"
                put(bucket, key, _with_another_file(s3.get_object(Bucket=bucket, Key=content["S3Key"])["Body"].read()))
                content["S3Key"] = key
        key = f"{stage.name}.json"
        put(bucket, key, json.dumps(template).encode())
        yield Update(stage, f"{s3.meta.endpoint_url}/{bucket}/{key}")
    finally:
        for each in made:
            s3.delete_object(**each)


def _named(bucket: str | dict[str, str], account: Account) -> str:
    """The name of the bucket of the CDK's assets, which the template says by the account and the region."""
    if isinstance(bucket, str):
        return bucket
    values = {"AWS::AccountId": account.id, "AWS::Region": account.region, "AWS::Partition": account.partition}
    return re.sub(r"\$\{([^}]+)\}", lambda reference: values[reference[1]], bucket["Fn::Sub"])


def _with_another_file(content: bytes) -> bytes:
    archive = io.BytesIO(content)
    with zipfile.ZipFile(archive, "a") as files:
        files.writestr(f"{ADDED}.txt", "Added by Weighbridge's smoke test.")
    return archive.getvalue()
