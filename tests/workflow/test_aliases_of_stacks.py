"""What docs/aliases-of-stacks.md says of an alias that a CloudFormation stack manages while Weighbridge shifts its traffic."""

import json
import re
from typing import Any

import pytest

from local.cloud import ROOT
from scenarios.world import Alias, Shop, World
from tests.workflow.conftest import Terminal

pytestmark = pytest.mark.local_cloud  # CloudFormation


class Stack:
    """A stack that owns the alias `live` of a function, as SAM's AutoPublishAlias and the CDK's Alias do."""

    def __init__(self, world: World, shop: Shop) -> None:
        self._world, self._shop = world, shop
        self._cloudformation = world.client("cloudformation")
        self._cloudformation.create_stack(StackName=shop.name, TemplateBody=self._template("1"))
        assert self._settled() == "CREATE_COMPLETE"

    def update(self, version: str, **others: Any) -> str:
        """The stack's status after an update to a template that has the alias on that version."""
        self._cloudformation.update_stack(StackName=self._shop.name, TemplateBody=self._template(version, **others))
        return self._settled()

    def _settled(self) -> str:
        def ask() -> str | None:
            [stack] = self._cloudformation.describe_stacks(StackName=self._shop.name)["Stacks"]
            return None if stack["StackStatus"].endswith("IN_PROGRESS") else str(stack["StackStatus"])

        return self._world.until("the stack", ask)

    def _template(self, version: str, **others: Any) -> str:
        properties = {"FunctionName": self._shop.name, "FunctionVersion": version, "Name": "live"}
        return json.dumps({"Resources": {"Live": {"Type": "AWS::Lambda::Alias", "Properties": properties}, **others}})


@pytest.fixture
def shop(world: World) -> Shop:
    """A function with three versions whose alias is not there yet, and its group, which bakes for a moment."""
    made = world.shop(deploymentConfigName="Brief")
    world.client("lambda").delete_alias(FunctionName=made.name, Name="live")
    return made


OTHER = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "something else of the stack"}}
SAYS = (ROOT / "docs" / "aliases-of-stacks.md").read_text(encoding="utf-8")
UNSPLIT = re.findall(r"```sh\n(.*?)```", SAYS, re.DOTALL)[0]


def test_a_stack_that_moves_the_alias_during_a_deployment_ends_it(world: World, shop: Shop, terminal: Terminal) -> None:
    stack, deployment_id = Stack(world, shop), world.drop(shop)
    world.in_bake(deployment_id)
    assert stack.update("3") == "UPDATE_COMPLETE"
    deployment = world.ended(deployment_id)
    assert deployment.outcome == ("Failed", "INVALID_LAMBDA_CONFIGURATION")
    assert deployment.message.startswith("Somebody else moved the alias live")
    assert world.alias(shop) == Alias("3", {"2": 0.1})
    refused = world.ended(world.drop(shop, current=None))
    assert "already shifts traffic" in refused.message
    terminal(UNSPLIT.replace("checkout", shop.name))
    assert world.alias(shop) == Alias("3", {})
    assert world.ended(world.drop(shop, current=None)).outcome == ("Succeeded", None)


def test_a_stack_looks_at_its_templates_and_not_at_the_alias(world: World, shop: Shop) -> None:
    stack, deployment_id = Stack(world, shop), world.drop(shop)
    world.in_bake(deployment_id)
    # Its template says of the alias what it said before.
    assert stack.update("1", Other=OTHER) == "UPDATE_COMPLETE"
    assert world.ended(deployment_id).outcome == ("Succeeded", None)
    assert world.alias(shop) == Alias("2", {})
    assert stack.update("3", Other=OTHER) == "UPDATE_COMPLETE"
    late = world.ended(world.drop(shop, "3", current=None))
    assert late.outcome == ("Succeeded", None), "there was nothing to shift"
    assert world.ended(world.drop(shop, "2", current=None)).outcome == ("Succeeded", None)
    properties = {"FunctionName": shop.name, "FunctionVersion": "1", "Name": "live"}
    fails = {"Type": "AWS::Lambda::Alias", "DependsOn": "Live", "Properties": properties}
    assert stack.update("1", Fails=fails) == "UPDATE_ROLLBACK_COMPLETE"
    assert world.alias(shop) == Alias("3", {})
