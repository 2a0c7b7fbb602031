"""Our own model on the local cloud: a boto3 client and the aws CLI, with paginators, waiters and help."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.session import get_session

from client.generate import MODELS, SERVICE, VERSION
from local.cloud import CREDENTIALS, REGION
from scenarios.world import World, appspec

pytestmark = pytest.mark.local_cloud  # other processes

ROLE = "arn:aws:iam::000000000000:role/WeighbridgeServiceRole-shop"
STYLE = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}


@pytest.fixture(scope="module")
def weighbridge(world: World) -> Any:
    """What `boto3.client("weighbridge")` gives where the model is installed."""
    session = get_session()
    session.get_component("data_loader").search_paths.append(str(MODELS))
    own = boto3.Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
        botocore_session=session,
    )
    return own.client(SERVICE, endpoint_url=world.outputs["ApiUrl"])  # type: ignore[call-overload]


def test_it_signs_for_lambda_and_drives_a_deployment_to_its_end(world: World, weighbridge: Any) -> None:
    signed: list[str] = []

    def note(request: AWSPreparedRequest, **_: Any) -> None:
        signed.append(str(request.headers["Authorization"]))

    weighbridge.meta.events.register("before-send", note)
    shop = world.shop()
    weighbridge.create_deployment_group(
        applicationName=shop.name, deploymentGroupName="own", serviceRoleArn=ROLE, deploymentStyle=STYLE
    )
    content = appspec(shop.name)
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
    deployment_id = weighbridge.create_deployment(applicationName=shop.name, deploymentGroupName="prod", revision=revision)[
        "deploymentId"
    ]
    waiter = weighbridge.get_waiter("deployment_successful")
    waiter.wait(deploymentId=deployment_id, WaiterConfig={"Delay": 1, "MaxAttempts": 40})
    pages = weighbridge.get_paginator("list_deployment_groups").paginate(applicationName=shop.name)
    assert {name for page in pages for name in page["deploymentGroups"]} == {"own", "prod"}
    with pytest.raises(weighbridge.exceptions.DeploymentAlreadyCompletedException):
        weighbridge.stop_deployment(deploymentId=deployment_id)
    assert signed
    assert all(f"/{REGION}/lambda/aws4_request" in authorization for authorization in signed)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in which nothing is configured yet."""
    return tmp_path


def _aws(world: World, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = CREDENTIALS | {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL_WEIGHBRIDGE": world.outputs["ApiUrl"],
        "AWS_PAGER": "",
    }
    return subprocess.run(["aws", *arguments], env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_the_aws_cli_learns_it_by_add_model(world: World, home: Path) -> None:
    model = MODELS / SERVICE / VERSION / "service-2.json"
    added = _aws(world, home, "configure", "add-model", "--service-model", model.as_uri(), "--service-name", SERVICE)
    assert added.returncode == 0, added.stderr
    shop = world.shop()
    listed = _aws(world, home, SERVICE, "get-application", "--application-name", shop.name)
    assert listed.returncode == 0, listed.stderr
    assert json.loads(listed.stdout)["application"]["computePlatform"] == "Lambda"
    assert _aws(world, home, SERVICE, "get-application", "--application-name", "nobody").returncode != 0


def test_copied_whole_it_has_waiters_too(world: World, home: Path) -> None:
    shutil.copytree(MODELS / SERVICE, home / ".aws" / "models" / SERVICE)
    shop = world.shop()
    deployment_id = world.drop(shop)
    world.ended(deployment_id)
    waited = _aws(world, home, SERVICE, "wait", "deployment-successful", "--deployment-id", deployment_id)
    assert waited.returncode == 0, waited.stderr
