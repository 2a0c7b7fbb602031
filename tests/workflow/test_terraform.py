"""What Terraform, Pulumi and SST would write, made from their own files, deployed; and the command that waits for it."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from local.cloud import REGION
from scenarios.world import Shop, World
from tests.integrations.hcl import Module
from tests.integrations.programs import made
from tests.integrations.test_terraform import EVENT, TERRAFORM

pytestmark = pytest.mark.local_cloud  # other processes


def applied(world: World, shop: Shop, *, version: str, **more: str) -> Module:
    """The module as an apply has it: its alias is there."""
    variables = {"function_name": shop.name, "target_version": version, "application": shop.name, "group": "prod"}
    arn = f"arn:aws:lambda:{REGION}:000000000000:function:{shop.name}:live"
    known = {"aws_lambda_alias": {"this": {"name": "live", "arn": arn, "invoke_arn": "invoke"}}}
    return Module(TERRAFORM, variables | {"weighbridge_bucket": world.bucket} | more, known)


def dropped(world: World, file: Mapping[str, Any]) -> str:
    """The deployment of the file, put as a provider puts it."""
    put = world.client("s3").put_object(Bucket=file["bucket"], Key=file["key"], Body=file["content"].encode())
    return world.deployment_of(f"s3://{file['bucket']}/{file['key']}?versionId={put['VersionId']}")


Wait = Callable[[Module], subprocess.CompletedProcess[str]]


@pytest.fixture
def wait(at_cloud: Mapping[str, str]) -> Wait:
    """Runs the command that a module puts out, as the next step of a pipeline does."""

    def run(module: Module) -> subprocess.CompletedProcess[str]:
        command = ["sh", "-c", module.output("wait")]
        return subprocess.run(command, env=at_cloud, capture_output=True, text=True, check=False, timeout=90)

    return run


def test_each_apply_of_the_module_is_deployed_and_waited_for(world: World, wait: Wait) -> None:
    shop = world.shop()
    # The first apply makes the alias on the version that it asks for.
    first = applied(world, shop, version="1")
    assert world.ended(dropped(world, first.body("resource", "aws_s3_object", "deployment"))).outcome == ("Succeeded", None)
    assert wait(first).returncode == 0
    second = applied(world, shop, version="2")
    deployment_id = dropped(world, second.body("resource", "aws_s3_object", "deployment"))
    run = wait(second)
    assert run.returncode == 0, run.stderr
    assert world.ended(deployment_id).outcome == ("Succeeded", None)
    assert world.alias(shop).version == "2"
    # Going back is another apply: its file is not the last one of its key.
    back = applied(world, shop, version="1")
    assert world.ended(dropped(world, back.body("resource", "aws_s3_object", "deployment"))).outcome == ("Succeeded", None)
    assert world.alias(shop).version == "1"


def test_the_event_of_the_module_is_deployed(world: World) -> None:
    shop = world.shop()
    inner = applied(world, shop, version="2", trigger="none")
    variables = {"function_name": shop.name, "target_version": "2", "application": shop.name, "group": "prod"}
    known = {"module": {"alias": {name: inner.output(name) for name in inner.names("output")}}}
    module = Module(EVENT, variables | {"event_bus_name": world.outputs["EventBusName"], "description": "Apply"}, known)
    entry = module.evaluated(module.inner("action", "aws_events_put_events", "deploy", path=("config", "entry")))
    put = world.client("events").put_events(
        Entries=[
            {
                "Source": entry["source"],
                "DetailType": entry["detail_type"],
                "Detail": entry["detail"],
                "EventBusName": entry["event_bus_name"],
            }
        ]
    )
    deployment = world.ended(world.deployment_of(f"event {put['Entries'][0]['EventId']}"))
    assert deployment.outcome == ("Succeeded", None)
    assert deployment.record["description"] == "Apply"
    assert world.alias(shop).version == "2"


@pytest.mark.parametrize("tool", ["Pulumi", "SST"])
def test_the_file_of_a_program_is_deployed(world: World, tmp_path: Path, tool: str) -> None:
    shop = world.shop()
    things = made(tool, tmp_path, function=shop.name, group=f"{shop.name}/prod", bucket=world.bucket)
    file = things["BucketObject"]["args"]
    assert json.loads(file["content"])
    assert world.ended(dropped(world, file)).outcome == ("Succeeded", None)
    assert world.alias(shop).version == "2"
