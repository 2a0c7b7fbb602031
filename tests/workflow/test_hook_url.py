"""The URL without IAM, as an attacker would try it: docs/threat-model.md, line by line."""

import json
import urllib.error
import urllib.request
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from local.cloud import REGION
from scenarios.world import Alias, Shop, World
from tests.workflow.test_hooks import silent_hook, told

pytestmark = pytest.mark.local_cloud  # plain HTTP


@pytest.fixture
def attacker(world: World) -> Any:
    """A stock client of CodeDeploy without any credentials, pointed at the URL."""
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    return boto3.client("codedeploy", endpoint_url=world.outputs["HookUrl"], region_name=REGION, config=config)


@pytest.fixture
def waiting(world: World) -> tuple[Shop, str, dict[str, str]]:
    """A deployment that waits for its hook's report, and what the hook was given."""
    shop = world.shop()
    hook, queue = silent_hook(world)
    deployment_id = world.drop(shop, BeforeAllowTraffic=hook)
    return shop, deployment_id, told(world, queue)


def _put(client: Any, deployment_id: str, execution_id: str, status: str = "Succeeded") -> Any:
    return client.put_lifecycle_event_hook_execution_status(
        deploymentId=deployment_id, lifecycleEventHookExecutionId=execution_id, status=status
    )


def _refusal(call: Any, *arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(*arguments)
    return str(refused.value.response["Error"]["Code"])


def test_a_hook_reports_without_credentials_once(
    world: World, attacker: Any, waiting: tuple[Shop, str, dict[str, str]]
) -> None:
    shop, deployment_id, payload = waiting
    execution_id = payload["LifecycleEventHookExecutionId"]
    for guess in ("guess", execution_id[:-1], execution_id + "A", execution_id.swapcase()):
        assert _refusal(_put, attacker, deployment_id, guess) == "InvalidLifecycleEventHookExecutionIdException"
    assert world.record(deployment_id)["status"] == "InProgress"
    assert _put(attacker, deployment_id, execution_id)["lifecycleEventHookExecutionId"] == execution_id
    assert _refusal(_put, attacker, deployment_id, execution_id, "Failed") == "LifecycleEventAlreadyCompletedException"
    assert world.ended(deployment_id).outcome == ("Succeeded", None)
    assert _refusal(_put, attacker, deployment_id, execution_id) == "LifecycleEventAlreadyCompletedException"
    assert world.alias(shop) == Alias("2", {})


def test_an_id_is_good_for_its_own_deployment_only(
    world: World, attacker: Any, waiting: tuple[Shop, str, dict[str, str]]
) -> None:
    _, deployment_id, payload = waiting
    other_shop = world.shop(deploymentConfigName="Endless")
    other = world.drop(other_shop)
    world.in_bake(other)
    assert (
        _refusal(_put, attacker, other, payload["LifecycleEventHookExecutionId"])
        == "InvalidLifecycleEventHookExecutionIdException"
    )
    world.stop(other)
    world.stop(deployment_id)
    world.ended(other)
    assert world.ended(deployment_id).outcome == ("Stopped", "MANUAL_STOP")
    assert (
        _refusal(_put, attacker, deployment_id, payload["LifecycleEventHookExecutionId"])
        == "LifecycleEventAlreadyCompletedException"
    )


def test_another_operation_is_refused(world: World) -> None:
    request = urllib.request.Request(  # noqa: S310  # our own address
        world.outputs["HookUrl"],
        data=b"no JSON",
        headers={"X-Amz-Target": "CodeDeploy_20141006.StopDeployment", "Content-Type": "application/x-amz-json-1.1"},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=20)  # noqa: S310
    assert refused.value.code == 400
    # Nothing of it has been read, or it would say so.
    assert json.loads(refused.value.read())["__type"] == "UnsupportedActionForDeploymentTypeException"
