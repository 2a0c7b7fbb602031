"""Who may not write an alias holds it for nobody, and whoever is held up can be let go."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import yaml

from scenarios.world import Alias, Shop, World, allow, appspec, trusting

pytestmark = pytest.mark.local_cloud  # IAM

FUNCTIONS = "arn:aws:lambda:*:*:function:shop-*"
READING = ["lambda:GetAlias", "lambda:GetFunctionConfiguration"]


def _group_of_a_reader(world: World, name: str) -> Shop:
    """A group whose role may see every team's functions and write none."""
    trust = trusting({"AWS": "arn:aws:iam::000000000000:root"})
    role = world.role(f"WeighbridgeServiceRole-{name}", trust, allow(READING, FUNCTIONS))
    world.put(f"{name}/prod/deployment-group.yaml", yaml.safe_dump({"serviceRoleArn": role}))
    world.until(f"the group of {name}", lambda: world.item(f"GROUP#{name}/prod", "GROUP"))
    return Shop(name)


def test_a_role_that_may_read_only_holds_nothing(world: World) -> None:
    shop, reader = world.shop(), _group_of_a_reader(world, "readers")
    refused = world.ended(world.drop_file(reader, appspec(shop.name)))
    assert refused.outcome == ("Failed", "IAM_ROLE_PERMISSIONS")
    assert "UpdateAlias" in refused.message
    assert "locks" not in refused.record
    assert refused.states == [
        "Is this a rollback?",
        "Validate deployment",
        "Record failure",
        "Stopped?",
        "Deployment failed",
    ]
    assert world.alias(shop) == Alias("1", {})
    assert world.ended(world.drop(shop)).outcome == ("Succeeded", None)


@contextmanager
def _held_up(world: World, **settings: Any) -> Iterator[tuple[Shop, str]]:
    """A deployment at ten percent is stopped, and nobody may put its traffic back meanwhile."""
    shop = world.shop(deploymentConfigName="Endless", **settings)
    deployment_id = world.drop(shop)
    rollback_id = world.in_bake(deployment_id)["plan"]["rollbackDeploymentId"]
    with world.denied(["ShiftTraffic", "Reconcile"], "lambda:UpdateAlias"):
        world.stop(deployment_id)
        world.until(
            "the rollback is held up", lambda: "heldUp" in (world.item(f"DEPLOYMENT#{rollback_id}", "DEPLOYMENT") or {})
        )
        assert world.alias(shop) == Alias("1", {"2": 0.1})
        yield shop, deployment_id


def test_who_routes_a_held_up_alias_frees_it(world: World) -> None:
    with _held_up(world) as (shop, deployment_id):
        world.route(shop, "3")
        stopped = world.ended(deployment_id)
    assert stopped.outcome == ("Stopped", "MANUAL_STOP")
    assert "Somebody else moved the alias" in stopped.record["rollbackInfo"]["rollbackMessage"]
    assert world.rollback_of(stopped).outcome == ("Failed", "INVALID_LAMBDA_CONFIGURATION")
    assert world.is_free(shop)
    assert world.alias(shop) == Alias("3", {})


def test_who_puts_the_traffic_of_a_held_up_rollback_back_by_hand_has_done_its_work(world: World) -> None:
    with _held_up(world) as (shop, deployment_id):
        world.route(shop, "1")
        stopped = world.ended(deployment_id)
    assert world.rollback_of(stopped).outcome == ("Succeeded", None)
    assert world.is_free(shop)


def test_a_stop_that_forbids_rollback_releases_what_is_held_up(world: World) -> None:
    with _held_up(world) as (shop, deployment_id):
        world.stop(deployment_id, autoRollbackEnabled=False)
        stopped = world.ended(deployment_id)
        assert stopped.outcome == ("Stopped", "MANUAL_STOP")
        assert (
            "A stop request has decided that the alias is left as it is"
            in stopped.record["rollbackInfo"]["rollbackMessage"]
        )
        assert stopped.timeline("Released")
        assert world.rollback_of(stopped).outcome == ("Failed", "INTERNAL_ERROR")
        assert world.is_free(shop)
        assert world.alias(shop) == Alias("1", {"2": 0.1})
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec(shop.name, current=None)}}
    again = {"revision": revision, "deploymentConfigName": "CodeDeployDefault.LambdaAllAtOnce"}
    assert world.ended(world.request(shop, again)).outcome == ("Succeeded", None)


def test_the_api_releases_as_well_and_also_after_the_execution_has_gone(world: World, codedeploy: Any) -> None:
    with _held_up(world) as (shop, deployment_id):
        execution = world.execution(deployment_id)
        assert execution
        world.client("stepfunctions").stop_execution(executionArn=execution["executionArn"])
        answer = codedeploy.stop_deployment(deploymentId=deployment_id, autoRollbackEnabled=False)
        assert (answer["status"], "given up" in answer["statusMessage"]) == ("Pending", True)
        stopped = world.ended(deployment_id)
        assert stopped.outcome == ("Stopped", "MANUAL_STOP")
        # Who is first, the reconciliation at the rollback or at the deployment, says it in its own words.
        assert "stop request" in stopped.record["rollbackInfo"]["rollbackMessage"]
        rollback = world.ended(stopped.record["plan"]["rollbackDeploymentId"])
        assert (rollback.record["status"], rollback.weights) == ("Failed", [])
        assert world.is_free(shop)
        assert world.alias(shop) == Alias("1", {"2": 0.1})
