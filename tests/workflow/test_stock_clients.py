"""Clients that sign for `codedeploy`, and hooks that were written for CodeDeploy, at the URL that wants IAM's signatures."""

import io
import json
import os
import signal
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.cloud import ROOT, session
from scenarios.world import ACCOUNT, Alias, World, allow, appspec, trusting
from tests.client.test_layer import BOTO3, V2, V3
from tests.workflow.test_hooks import silent_hook, told

pytestmark = pytest.mark.local_cloud  # other processes

PROGRAMS = Path(sys.executable).parent
Environment = dict[str, str]

JAVASCRIPT = """
import { createRequire } from "node:module";
const sdk = createRequire(process.env.MODULES)("@aws-sdk/client-codedeploy");
const { application, content } = JSON.parse(process.env.INPUT);
const client = new sdk.CodeDeployClient({ maxAttempts: 1, ...JSON.parse(process.env.CONFIG) });
const said = {};
try {
  await client.send(new sdk.GetApplicationCommand({ applicationName: "nobody" }));
} catch (error) {
  said.error = [error.name, error instanceof sdk.ApplicationDoesNotExistException, error.$metadata.httpStatusCode];
}
if (said.error[1]) {
  const names = { applicationName: application, deploymentGroupName: "prod" };
  const revision = { revisionType: "AppSpecContent", appSpecContent: { content } };
  const { deploymentId } = await client.send(new sdk.CreateDeploymentCommand({ ...names, revision }));
  const waiter = { client, maxWaitTime: 40, minDelay: 1, maxDelay: 1 };
  said.waited = (await sdk.waitUntilDeploymentSuccessful(waiter, { deploymentId })).state;
  said.listed = [];
  for await (const page of sdk.paginateListDeployments({ client }, names)) said.listed.push(...page.deployments);
  said.created = deploymentId;
}
console.log(JSON.stringify(said));
"""


def environment(world: World, by: boto3.Session, home: Path, **more: str) -> Environment:
    """What a user's shell has: credentials, a region, an empty home, and no other configuration."""
    credentials = by.get_credentials()
    assert credentials
    variables = {
        "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
        "HOME": str(home),
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_SESSION_TOKEN": credentials.token or "",
        "AWS_DEFAULT_REGION": world.cloud.region,
        "AWS_REGION": world.cloud.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "LC_ALL": "C.UTF-8",
        "MODULES": str(ROOT / "package.json"),
        "NODE_PATH": str(ROOT / "node_modules"),
    } | more
    return {name: value for name, value in variables.items() if value}


@contextmanager
def proxied(command: list[str], directory: Path, shell: Environment) -> Iterator[str]:
    """The line to be pasted that the proxy's command prints, while it runs."""
    with subprocess.Popen(
        command, cwd=directory, env=shell, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line, process.communicate()
            yield line.strip()
        finally:
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=20)
    assert process.returncode == 0, said
    assert said.endswith("Stopped.\n")


@contextmanager
def proxy_of(world: World, by: boto3.Session, home: Path) -> Iterator[str]:
    """The address of a proxy that signs with somebody's credentials."""
    command = [str(PROGRAMS / "weighbridge"), "proxy", world.outputs["ApiUrl"]]
    with proxied(command, ROOT, environment(world, by, home)) as line:
        yield line.removeprefix("export AWS_ENDPOINT_URL_CODEDEPLOY=")


@pytest.fixture(scope="module")
def proxy(world: World, api_caller: boto3.Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with proxy_of(world, api_caller, tmp_path_factory.mktemp("home")) as address:
        yield address


def run(command: list[str], shell: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=shell, capture_output=True, text=True, timeout=90, check=False)


def stock(by: boto3.Session, url: str) -> Any:
    return by.client("codedeploy", endpoint_url=url, config=Config(retries={"total_max_attempts": 1}, proxies={}))


def test_boto3_is_refused_at_the_url_and_drives_a_deployment_by_the_proxy(
    world: World, api_caller: boto3.Session, proxy: str
) -> None:
    with pytest.raises(ClientError, match="Credential should be scoped to correct service: 'lambda'"):
        stock(api_caller, world.outputs["ApiUrl"]).list_applications()
    shop, client = world.shop(), stock(api_caller, proxy)
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec(shop.name)}}
    names = {"applicationName": shop.name, "deploymentGroupName": "prod"}
    made = client.create_deployment(**names, revision=revision)["deploymentId"]
    client.get_waiter("deployment_successful").wait(deploymentId=made, WaiterConfig={"Delay": 1, "MaxAttempts": 40})
    assert world.alias(shop) == Alias("2", {})
    assert client.get_deployment(deploymentId=made)["deploymentInfo"]["creator"] == "user"
    assert world.record(made)["requestedBy"] == f"arn:aws:iam::{ACCOUNT}:user/caller"


@pytest.mark.parametrize("way", ["proxy", "file"])
def test_the_cli_works_unchanged(world: World, api_caller: boto3.Session, proxy: str, tmp_path: Path, way: str) -> None:
    """By the proxy, or by the file for botocore, which signs for the URL itself."""
    here = {
        "proxy": {"AWS_ENDPOINT_URL_CODEDEPLOY": proxy},
        "file": {
            "AWS_ENDPOINT_URL_CODEDEPLOY": world.outputs["ApiUrl"],
            "AWS_DATA_PATH": str(ROOT / "client" / "layer" / "weighbridge"),
        },
    }[way]
    shop = world.shop()
    ended = run(
        [
            str(PROGRAMS / "aws"),
            "deploy",
            "get-deployment-group",
            "--application-name",
            shop.name,
            "--deployment-group-name",
            "prod",
        ],
        environment(world, api_caller, tmp_path, **here),
    )
    assert json.loads(ended.stdout)["deploymentGroupInfo"]["applicationName"] == shop.name, ended.stderr


@pytest.mark.parametrize("way", ["stock", "proxy", "signingName"])
def test_the_sdk_for_javascript_v3(world: World, api_caller: boto3.Session, proxy: str, tmp_path: Path, way: str) -> None:
    """Refused as it is; by the proxy, or by `signingName`, its waiter, paginators and typed exceptions work."""
    shop = world.shop()
    more = {
        "AWS_ENDPOINT_URL_CODEDEPLOY": proxy if way == "proxy" else world.outputs["ApiUrl"],
        "CONFIG": json.dumps({"signingName": "lambda"} if way == "signingName" else {}),
        "INPUT": json.dumps({"application": shop.name, "content": appspec(shop.name)}),
    }
    command = [str(PROGRAMS / "node"), "--input-type=module", "--eval", JAVASCRIPT]
    ended = run(command, environment(world, api_caller, tmp_path, **more))
    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout)
    if way == "stock":
        assert said == {"error": ["InvalidSignatureException", False, 400]}
        return
    assert said["error"] == ["ApplicationDoesNotExistException", True, 400]
    assert said["waited"] == "SUCCESS"
    assert said["listed"] == [said["created"]]
    assert world.alias(shop) == Alias("2", {})


def test_who_may_not_call_the_url_may_not_by_the_proxy(world: World, tmp_path: Path) -> None:
    nobody = world.user("nobody", allow("s3:ListAllMyBuckets", "*"))
    with proxy_of(world, nobody, tmp_path) as url, pytest.raises(ClientError) as refused:
        stock(nobody, url).list_applications()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


# --------------------------------------------------------------------------------------------------------- hooks


@pytest.fixture(scope="module")
def opt(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a function that uses the stack's layer finds below /opt."""
    layer = world.client("lambda").get_layer_version_by_arn(Arn=world.outputs["HookLayerArn"])
    with urllib.request.urlopen(layer["Content"]["Location"], timeout=20) as content:  # noqa: S310  # our own address
        archive = zipfile.ZipFile(io.BytesIO(content.read()))
    directory: Path = tmp_path_factory.mktemp("opt")
    archive.extractall(directory)
    return directory


@pytest.fixture(scope="module")
def hooks_role(world: World) -> Callable[[], boto3.Session]:
    """The credentials that Lambda gives a hook whose role may call the API by its URL."""
    trust = trusting({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    arn = world.role("OldHook", trust, *world.recipes("shop").calls["Statement"])

    def assume() -> boto3.Session:
        credentials = world.client("sts").assume_role(RoleArn=arn, RoleSessionName="hook")["Credentials"]
        return session(
            {
                "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
                "AWS_SESSION_TOKEN": credentials["SessionToken"],
            }
        )

    return assume


@pytest.fixture
def old_hook(
    world: World, opt: Path, hooks_role: Callable[[], boto3.Session], tmp_path: Path
) -> Callable[[str, str, str], subprocess.CompletedProcess[str]]:
    """Runs a hook's source as Lambda does, with the layer, the URL that it reports to, and its report."""

    def run_hook(source: str, url: str, report: str) -> subprocess.CompletedProcess[str]:
        more = {
            "AWS_ENDPOINT_URL_CODEDEPLOY": url,
            "AWS_DATA_PATH": str(opt / "weighbridge"),
            "NODE_OPTIONS": f"--require {opt / 'weighbridge' / 'preload.cjs'}",
            "AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE": "1",
            "REPORT": report,
        }
        command = [sys.executable, "-c", source] if source is BOTO3 else [str(PROGRAMS / "node"), "--eval", source]
        return run(command, environment(world, hooks_role(), tmp_path, **more))

    return run_hook


@pytest.mark.parametrize(
    ("source", "output"),
    [(V2, "ApiUrl"), (V3, "ApiUrl"), (BOTO3, "ApiUrl"), (V2, "HookUrl")],
    ids=["v2", "v3", "boto3", "v2 at the hooks' URL"],
)
def test_an_old_hook_reports_with_the_layer(
    world: World, old_hook: Callable[[str, str, str], subprocess.CompletedProcess[str]], source: str, output: str
) -> None:
    shop = world.shop()
    hook, queue = silent_hook(world)
    deployment_id = world.drop(shop, BeforeAllowTraffic=hook)
    payload = told(world, queue)
    report = {
        "deploymentId": payload["DeploymentId"],
        "lifecycleEventHookExecutionId": payload["LifecycleEventHookExecutionId"],
        "status": "Succeeded",
    }
    ended = old_hook(source, world.outputs[output], json.dumps(report))
    answered = {"lifecycleEventHookExecutionId": report["lifecycleEventHookExecutionId"]}
    assert json.loads(ended.stdout) == answered, ended.stderr
    deployment = world.ended(deployment_id)
    assert deployment.outcome == ("Succeeded", None)
    assert [entry["by"] for entry in deployment.timeline("HookAnswered")] == ["report"]
