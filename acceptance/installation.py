"""The stack that the smoke test deploys for itself, and its removal with all that a stack keeps."""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from acceptance.account import Account, endpoint
from local.cloud import ROOT
from local.deployment import deploy

DELETE_SECONDS = 900
ALARM_TYPES = ["MetricAlarm", "CompositeAlarm", "LogAlarm"]
STACK_NAME = "stackName"
"""The context value that names the stack."""


class InstallationError(Exception):
    """The stack was not created; the message is what was said about it."""


@dataclass(frozen=True)
class Local:
    """What `local.deployment` needs to know of an emulator."""

    account: Account

    @property
    def endpoint(self) -> str:
        return endpoint()

    @property
    def region(self) -> str:
        return self.account.region

    @property
    def client(self) -> object:
        return self.account.client


def stack_of(assembly: Path) -> str:
    artifacts = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    [(name, stack)] = [
        (name, artifact) for name, artifact in artifacts.items() if artifact["type"] == "aws:cloudformation:stack"
    ]
    return str(stack["properties"].get("stackName", name))


def install_locally(account: Account, assembly: Path) -> dict[str, str]:
    """Deploy an assembly to an emulator, and return the stack's outputs. Raises DeploymentError."""
    return deploy(Local(account), assembly)  # type: ignore[arg-type]


def install(account: Account, name: str, choices: Mapping[str, str], profile: str | None) -> dict[str, str]:
    """Deploy a stack of that name by the CDK, and return its outputs. Raises InstallationError."""
    settings = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    if STACK_NAME not in settings:
        # The stack would have its usual name, and take the place of the one that is in use.
        raise InstallationError(f"cdk.json knows no {STACK_NAME}, so that no second stack can stand beside the first.")
    context = [f"--context={key}={value}" for key, value in {**choices, STACK_NAME: name}.items()]
    options = [f"--profile={profile}"] if profile else []
    with tempfile.TemporaryDirectory(prefix="weighbridge-smoke-") as directory:
        file = Path(directory) / "outputs.json"
        command = ["cdk", "deploy", "--require-approval=never", f"--outputs-file={file}", *options, *context]
        environment = os.environ | {"AWS_REGION": account.region}
        run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if run.returncode:
            raise InstallationError("\n".join([*run.stdout.splitlines(), *run.stderr.splitlines()][-15:]))
        [outputs] = json.loads(file.read_text(encoding="utf-8")).values()
    return dict(outputs)


@dataclass(frozen=True)
class Kept:
    """What a stack leaves behind when it is deleted."""

    buckets: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


def kept(account: Account, name: str) -> Kept:
    """What the stack of that name would leave; nothing where there is no such stack."""
    if not exists(account, name):
        return Kept()
    stack_resources = resources(account, name)

    def of(kind: str) -> tuple[str, ...]:
        return tuple(resource["PhysicalResourceId"] for resource in stack_resources if resource["ResourceType"] == kind)

    return Kept(of("AWS::S3::Bucket"), of("AWS::DynamoDB::Table"))


def resources(account: Account, name: str) -> list[Mapping[str, Any]]:
    """The resources of the stack of that name, as CloudFormation lists them."""
    pages = account.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name)
    return [resource for page in pages for resource in page["StackResourceSummaries"] if resource.get("PhysicalResourceId")]


def remove(account: Account, name: str, keeps: Kept) -> None:
    """Delete the stack, and what it keeps. Raises ClientError and InstallationError."""
    account.client("cloudformation").delete_stack(StackName=name)
    deadline = time.monotonic() + DELETE_SECONDS
    while exists(account, name):
        if time.monotonic() > deadline:
            raise InstallationError(f"{name} was not deleted in {DELETE_SECONDS} s")
        time.sleep(0.2 if endpoint() else 5)
    for bucket in keeps.buckets:
        _delete_bucket(account, bucket)
    for table in keeps.tables:
        _delete_table(account, table)


def exists(account: Account, name: str) -> bool:
    """Whether there is a stack of that name. Raises InstallationError where it could not be deleted."""
    try:
        [stack] = account.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return False
        raise
    if stack["StackStatus"] == "DELETE_FAILED":
        raise InstallationError(f"{name} could not be deleted: {stack.get('StackStatusReason', 'no reason given')}")
    return bool(stack["StackStatus"] != "DELETE_COMPLETE")


def _delete_bucket(account: Account, bucket: str) -> None:
    s3 = account.client("s3")
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for version in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
                s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
        s3.delete_bucket(Bucket=bucket)
    except s3.exceptions.NoSuchBucket:
        return


def _delete_table(account: Account, table: str) -> None:
    dynamodb = account.client("dynamodb")
    try:
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=table)
    except dynamodb.exceptions.ResourceNotFoundException:
        return


def left(account: Account, name: str, keeps: Kept) -> list[str]:
    """What there still is that belongs to that stack or bears its name."""
    buckets = account.client("s3").list_buckets()["Buckets"]
    # A table that is being deleted is still listed.
    tables = account.client("dynamodb").get_paginator("list_tables").paginate()
    functions = account.client("lambda").get_paginator("list_functions").paginate()
    roles = account.client("iam").get_paginator("list_roles").paginate()
    alarms = account.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{name}-", AlarmTypes=ALARM_TYPES)
    queues = account.client("sqs").list_queues(QueueNamePrefix=f"{name}-").get("QueueUrls", [])
    rules = account.client("events").list_rules(NamePrefix=f"{name}-")["Rules"]
    there = {
        "bucket": [each["Name"] for each in buckets if each["Name"] in keeps.buckets],
        "table": [table for page in tables for table in page["TableNames"] if table in keeps.tables],
        "function": [each["FunctionName"] for page in functions for each in page["Functions"]],
        "role": [each["RoleName"] for page in roles for each in page["Roles"]],
        "alarm": [
            each["AlarmName"] for kind in ("MetricAlarms", "CompositeAlarms", "LogAlarms") for each in alarms.get(kind, [])
        ],
        "queue": [url.rpartition("/")[2] for url in queues],
        "rule": [each["Name"] for each in rules],
    }
    named = [
        f"{kind} {each}"
        for kind, names in there.items()
        for each in names
        if kind in {"bucket", "table"} or each.startswith((f"{name}-", f"CodeDeployHook_{name}-"))
    ]
    return [*([f"stack {name}"] if exists(account, name) else []), *named]
