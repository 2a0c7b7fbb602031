"""Synthesize the CDK app and deploy a cloud assembly to the local cloud, as the CDK CLI would to AWS."""

import io
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import ClientError

ACCOUNT = "000000000000"
LAYER = ".build/layer/local"
RUNTIME = "python{}.{}".format(*sys.version_info)
"""What functions run by here, whatever runtime they have on AWS."""
DEPLOY_SECONDS = 120
TEMPLATES = "local-templates"
FUNCTION_URL = re.compile(r"https://([a-z0-9]{32})\.lambda-url\.[a-z0-9-]+\.on\.aws/")

# Resource types that the emulator's CloudFormation refuses, and why the product is the same without them.
LEFT_OUT = {
    "AWS::Logs::QueryDefinition": "a saved query for the console; nothing reads it",
}


class Account(Protocol):
    """What a stack is deployed to: a local cloud, or a simulated one."""

    @property
    def endpoint(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def client(self) -> Callable[[str], Any]:
        """Makes a boto3 client of a service."""


class SynthesisError(Exception):
    """The CDK app failed; the message is what it wrote."""


class DeploymentError(Exception):
    """The stack was not created; the message names what was refused and why."""


def synthesize(app: Path, assembly: Path, choices: Mapping[str, object] | None = None) -> None:
    """Run the CDK app `app` (an `app.py`) for this machine's Python; write the cloud assembly to `assembly`.

    `choices` are context values beside those of cdk.json. Raises SynthesisError.
    """
    settings = app.with_name("cdk.json")
    context = json.loads(settings.read_text()).get("context", {}) if settings.exists() else {}
    environment = {
        # Without the CLI there is no Node on offer but the one in the virtual environment.
        "JSII_NODE": str(Path(sys.prefix) / "bin" / "node"),
        **os.environ,
        "CDK_OUTDIR": str(assembly.resolve()),
        "CDK_CONTEXT_JSON": json.dumps({**context, **(choices or {}), "runtime": RUNTIME, "layer": LAYER}),
        # The tests validate the template; here it would take as long as everything else together.
        "CDK_VALIDATION": "false",
    }
    run = subprocess.run(
        [sys.executable, str(app.resolve())],
        cwd=app.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        raise SynthesisError(f"{app} failed:\n{run.stdout}{run.stderr}")


def deploy(cloud: Account, assembly: Path) -> dict[str, str]:
    """Publish the assembly's file assets, create its stack and return the stack's outputs. Raises DeploymentError."""
    artifacts = _read(assembly / "manifest.json")["artifacts"]
    stacks = {name: artifact for name, artifact in artifacts.items() if artifact["type"] == "aws:cloudformation:stack"}
    if len(stacks) != 1:
        raise DeploymentError(f"{assembly} holds {len(stacks)} stacks; the local cloud deploys exactly one")
    ((name, artifact),) = stacks.items()
    for each in artifacts.values():
        if each["type"] == "cdk:asset-manifest":
            _publish(cloud, assembly, _read(assembly / each["properties"]["file"]))
    template = without_left_out(_read(assembly / artifact["properties"]["templateFile"]))
    _store_bootstrap_version(cloud, template)
    outputs = create_stack(cloud, artifact["properties"].get("stackName", name), template)
    _retag(cloud, outputs)
    return outputs


def create_stack(cloud: Account, name: str, template: dict[str, Any]) -> dict[str, str]:
    """Create a stack, wait for it and return its outputs. Raises DeploymentError."""
    cloudformation, s3 = cloud.client("cloudformation"), cloud.client("s3")
    # A template in the request itself may have 51,200 bytes at most.
    s3.create_bucket(Bucket=TEMPLATES)
    s3.put_object(Bucket=TEMPLATES, Key=f"{name}.json", Body=json.dumps(template).encode())
    try:
        stack_id = cloudformation.create_stack(
            StackName=name,
            TemplateURL=f"{cloud.endpoint}/{TEMPLATES}/{name}.json",
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )["StackId"]
    except ClientError as error:
        raise DeploymentError(f"stack {name} was refused: {error.response['Error']['Message']}") from error
    deadline = time.monotonic() + DEPLOY_SECONDS
    while (stack := cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0])["StackStatus"] == "CREATE_IN_PROGRESS":
        if time.monotonic() > deadline:
            raise DeploymentError(f"stack {name} was not created in {DEPLOY_SECONDS} s")
        time.sleep(0.05)
    if stack["StackStatus"] != "CREATE_COMPLETE":
        failures = "\n".join(_failures(cloudformation, stack_id)) or stack.get("StackStatusReason", "")
        raise DeploymentError(f"stack {name} ended as {stack['StackStatus']}:\n{failures}")
    return {output["OutputKey"]: _from_here(cloud, output["OutputValue"]) for output in stack.get("Outputs", [])}


def _from_here(cloud: Account, text: str) -> str:
    """AWS's host name of a function URL leads nowhere from here; the emulator serves it below its own address."""
    return FUNCTION_URL.sub(rf"{cloud.endpoint}/_aws/lambda-url/\1/", text)


def _retag(cloud: Account, outputs: Mapping[str, str]) -> None:
    """The tags by which callers find the installation, with URLs that lead somewhere from here."""
    if provider := outputs.get("ServiceToken"):
        functions = cloud.client("lambda")
        tags = functions.list_tags(Resource=provider)["Tags"]
        functions.tag_resource(Resource=provider, Tags={name: _from_here(cloud, value) for name, value in tags.items()})


def without_left_out(template: dict[str, Any]) -> dict[str, Any]:
    """The template without the resources that the local cloud leaves out, and without dependencies on them."""
    gone = {name for name, resource in template["Resources"].items() if resource["Type"] in LEFT_OUT}
    resources = {name: dict(resource) for name, resource in template["Resources"].items() if name not in gone}
    for resource in resources.values():
        depends_on = resource.pop("DependsOn", [])
        remaining = [name for name in ([depends_on] if isinstance(depends_on, str) else depends_on) if name not in gone]
        if remaining:
            resource["DependsOn"] = remaining
    return {**template, "Resources": resources}


def _publish(cloud: Account, assembly: Path, manifest: dict[str, Any]) -> None:
    s3 = cloud.client("s3")
    buckets: set[str] = set()
    for asset in manifest.get("files", {}).values():
        source = assembly / asset["source"]["path"]
        body = _zipped(source) if asset["source"].get("packaging") == "zip" else source.read_bytes()
        for destination in asset["destinations"].values():
            bucket, key = (_resolved(destination[field], cloud.region) for field in ("bucketName", "objectKey"))
            if bucket not in buckets:
                s3.create_bucket(Bucket=bucket)
                buckets.add(bucket)
            s3.put_object(Bucket=bucket, Key=key, Body=body)


def _resolved(text: str, region: str) -> str:
    for name, value in (("AccountId", ACCOUNT), ("Region", region), ("Partition", "aws")):
        text = text.replace(f"${{AWS::{name}}}", value)
    return text


def _zipped(directory: Path) -> bytes:
    archive = io.BytesIO()
    # Uncompressed: it is unpacked again at every cold start and travels nowhere.
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED, strict_timestamps=False) as files:
        for path in sorted(directory.rglob("*")):
            if path.is_file():
                files.write(path, path.relative_to(directory))
    return archive.getvalue()


def _store_bootstrap_version(cloud: Account, template: dict[str, Any]) -> None:
    """Stand in for `cdk bootstrap`, whose version number a CDK template may ask for."""
    for parameter in template.get("Parameters", {}).values():
        if parameter["Type"] == "AWS::SSM::Parameter::Value<String>":
            cloud.client("ssm").put_parameter(Name=parameter["Default"], Value="30", Type="String", Overwrite=True)


def _failures(cloudformation: Any, stack_id: str) -> Iterator[str]:
    for event in reversed(cloudformation.describe_stack_events(StackName=stack_id)["StackEvents"]):
        if event["ResourceStatus"].endswith("FAILED"):
            reason = event.get("ResourceStatusReason", "no reason given")
            yield f"  {event['LogicalResourceId']} ({event['ResourceType']}): {reason}"


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    return document
