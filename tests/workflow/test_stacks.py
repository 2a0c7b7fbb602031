"""Stacks of CloudFormation that own an alias: what is deployed and when, and that no operation of a stack touches the alias."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from scenarios.world import Alias, Deployment, Shop, World
from weighbridge.core.ids import deployment_id

pytestmark = pytest.mark.local_cloud  # CloudFormation

FAILS = {
    "Type": "Custom::Nothing",
    "DependsOn": "Live",
    "Properties": {"ServiceToken": "arn:aws:lambda:us-east-1:000000000000:function:that-is-not-there"},
}
"""A resource that cannot be created, after the alias."""


AT_ONCE: dict[str, Any] = {"DeploymentConfigName": "CodeDeployDefault.LambdaAllAtOnce"}


class Stack:
    """A stack that owns the alias `live` of a function."""

    def __init__(self, world: World, shop: Shop) -> None:
        self._world, self._shop = world, shop
        self._cloudformation = world.client("cloudformation")

    def create(self, version: str, **properties: Any) -> str:
        self._cloudformation.create_stack(StackName=self._shop.name, TemplateBody=self._template(version, {}, properties))
        return self.settled()

    def begin(self, version: str, others: Mapping[str, Any] | None = None, **properties: Any) -> None:
        """Begins an update to a template that wants that version."""
        template = self._template(version, others or {}, properties)
        self._cloudformation.update_stack(StackName=self._shop.name, TemplateBody=template)

    def update(self, version: str, others: Mapping[str, Any] | None = None, **properties: Any) -> str:
        self.begin(version, others, **properties)
        return self.settled()

    def delete(self) -> None:
        stack_id = self.described()["StackId"]
        self._cloudformation.delete_stack(StackName=stack_id)

        def gone() -> bool:
            [stack] = self._cloudformation.describe_stacks(StackName=stack_id)["Stacks"]
            return bool(stack["StackStatus"] == "DELETE_COMPLETE")

        self._world.until("the stack's end", gone)

    def described(self) -> dict[str, Any]:
        [stack] = self._cloudformation.describe_stacks(StackName=self._shop.name)["Stacks"]
        return dict(stack)

    def settled(self) -> str:
        def ask() -> str | None:
            status = str(self.described()["StackStatus"])
            return None if status.endswith("IN_PROGRESS") else status

        return self._world.until("the stack", ask)

    def outputs(self) -> dict[str, str]:
        return {output["OutputKey"]: output["OutputValue"] for output in self.described().get("Outputs", [])}

    def reasons(self) -> str:
        """Why resources of the stack failed."""
        events = self._cloudformation.describe_stack_events(StackName=self._shop.name)["StackEvents"]
        return " ".join(event.get("ResourceStatusReason", "") for event in events)

    def _template(self, version: str, others: Mapping[str, Any], properties: Mapping[str, Any]) -> str:
        live: dict[str, Any] = {
            "ServiceToken": self._world.outputs["ServiceToken"],
            "ServiceTimeout": 30,
            "FunctionName": self._shop.name,
            "Name": "live",
            "TargetVersion": version,
            "DeploymentConfigName": "Brief",
        }
        owned = {"Type": "Custom::WeighbridgeAlias", "Properties": {**live, **properties}}
        outputs = {"Arn": {"Value": {"Ref": "Live"}}, "Deployment": {"Value": {"Fn::GetAtt": "Live.DeploymentId"}}}
        return json.dumps({"Resources": {"Live": owned, **others}, "Outputs": outputs})


@pytest.fixture
def shop(world: World) -> Shop:
    """A function with three versions whose alias is not there yet."""
    made = world.shop(deploymentConfigName="Brief")
    world.client("lambda").delete_alias(FunctionName=made.name, Name="live")
    return made


@pytest.fixture
def stack(world: World, shop: Shop) -> Stack:
    """A stack that has its alias on version 1."""
    made = Stack(world, shop)
    assert made.create("1") == "CREATE_COMPLETE", made.reasons()
    return made


def revision(world: World, shop: Shop) -> str:
    return str(world.client("lambda").get_alias(FunctionName=shop.name, Name="live")["RevisionId"])


def ended(world: World, deployment: str) -> Deployment:
    world.until(f"the record of {deployment}", lambda: world.item(f"DEPLOYMENT#{deployment}", "DEPLOYMENT") is not None)
    return world.ended(deployment)


def wants(world: World, shop: Shop) -> dict[str, Any]:
    return world.item(f"WANTED#{shop.name}:live", "WANTED") or {}


def settled(world: World, shop: Shop) -> dict[str, Any]:
    """What is kept of the alias once nothing is to be done about it."""

    def ask() -> dict[str, Any] | None:
        item = wants(world, shop)
        return None if not item or "open" in item else item

    return world.until("what the stack wants", ask)


def test_a_stack_creates_its_alias_deploys_after_its_commit_and_deletes_it(world: World, shop: Shop, stack: Stack) -> None:
    assert world.alias(shop) == Alias("1", {})
    assert stack.outputs()["Arn"].endswith(f":function:{shop.name}:live")
    assert settled(world, shop)["state"] == "Live"
    before = revision(world, shop)
    assert stack.update("2") == "UPDATE_COMPLETE", stack.reasons()
    deployment = stack.outputs()["Deployment"]
    world.in_bake(deployment)
    assert world.alias(shop) == Alias("1", {"2": 0.1})
    done = ended(world, deployment)
    assert done.outcome == ("Succeeded", None)
    assert world.alias(shop) == Alias("2", {})
    # The first write is the deployment's: it was made over the revision that the alias was created with.
    assert done.record["plan"]["revisionId"] == before
    assert (done.record["applicationName"], done.record["deploymentGroupName"]) == (
        f"stack@{shop.name}",
        f"{shop.name}-live",
    )
    after = revision(world, shop)
    assert stack.update("2", {"Topic": {"Type": "AWS::SNS::Topic"}}) == "UPDATE_COMPLETE"
    assert stack.update("2", **AT_ONCE) == "UPDATE_COMPLETE"
    assert revision(world, shop) == after
    stack.delete()
    aliases = world.client("lambda").list_aliases(FunctionName=shop.name)["Aliases"]
    assert (aliases, wants(world, shop)) == ([], {})


def test_an_update_that_fails_moves_no_traffic(world: World, shop: Shop, stack: Stack) -> None:
    settled(world, shop)
    before = revision(world, shop)
    assert stack.update("2", {"Fails": FAILS}) == "UPDATE_ROLLBACK_COMPLETE"
    item = settled(world, shop)
    assert ("pending" in item, item["committed"]["target"]) == (False, "1")
    assert revision(world, shop) == before
    assert stack.update("2", **AT_ONCE) == "UPDATE_COMPLETE"
    assert ended(world, stack.outputs()["Deployment"]).outcome == ("Succeeded", None)


def test_while_it_shifts_the_next_update_waits_or_replaces_it_or_is_refused(world: World, shop: Shop, stack: Stack) -> None:
    assert stack.update("2") == "UPDATE_COMPLETE"
    first = stack.outputs()["Deployment"]
    world.in_bake(first)
    between = revision(world, shop)
    assert stack.update("3", OnRunning="Fail") == "UPDATE_ROLLBACK_COMPLETE"
    assert f"The deployment {first} of {shop.name}:live has not ended" in stack.reasons()
    assert stack.update("3") == "UPDATE_COMPLETE"
    second = stack.outputs()["Deployment"]
    assert revision(world, shop) == between
    assert ended(world, first).outcome == ("Succeeded", None)
    world.in_bake(second)
    assert world.alias(shop) == Alias("2", {"3": 0.1})
    assert stack.update("1", OnRunning="Replace", **AT_ONCE) == "UPDATE_COMPLETE"
    replaced = ended(world, second)
    assert replaced.outcome == ("Stopped", "MANUAL_STOP")
    assert ended(world, stack.outputs()["Deployment"]).outcome == ("Succeeded", None)
    assert world.alias(shop) == Alias("1", {})


def test_during_the_stack_it_fails_with_its_deployment_and_takes_it_back(world: World, shop: Shop, stack: Stack) -> None:
    alarm = world.alarm()
    watched = {"AlarmConfiguration": {"Enabled": True, "Alarms": [{"Name": alarm}]}}
    assert stack.update("2", Start="DuringStack", **watched, **AT_ONCE) == "UPDATE_COMPLETE", stack.reasons()
    assert world.alias(shop) == Alias("2", {})
    stack.begin("3", Start="DuringStack", **watched)
    world.until("the first step", lambda: world.alias(shop) == Alias("2", {"3": 0.1}))
    world.set_alarm(alarm, "ALARM")
    assert stack.settled() == "UPDATE_ROLLBACK_COMPLETE"
    assert "One or more alarms have been activated" in stack.reasons()
    assert world.alias(shop) == Alias("2", {})
    # After it has succeeded something else of the stack fails: it is put back at once, although the alarm fires.
    assert stack.update("3", {"Fails": FAILS}, Start="DuringStack", **AT_ONCE) == "UPDATE_ROLLBACK_COMPLETE"
    assert world.alias(shop) == Alias("2", {})
    assert "open" not in settled(world, shop)


def test_two_stacks_do_not_have_the_same_alias(world: World, shop: Shop, stack: Stack) -> None:
    settled(world, shop)
    before = revision(world, shop)
    native = {
        "Type": "AWS::Lambda::Alias",
        "Properties": {"FunctionName": shop.name, "FunctionVersion": "3", "Name": "mine"},
    }
    body = json.dumps({"Resources": {"Native": native}})
    cloudformation = world.client("cloudformation")
    cloudformation.create_stack(StackName=f"{shop.name}-native", TemplateBody=body)
    world.until("the alias", lambda: len(world.client("lambda").list_aliases(FunctionName=shop.name)["Aliases"]) == 2)
    assert stack.update("1", Name="mine") == "UPDATE_ROLLBACK_COMPLETE"
    assert f"belongs to the stack {shop.name}-native, as its resource Native" in stack.reasons()
    assert revision(world, shop) == before
    aliases = {
        each["Name"]: each["FunctionVersion"]
        for each in world.client("lambda").list_aliases(FunctionName=shop.name)["Aliases"]
    }
    assert aliases == {"live": "1", "mine": "3"}


def test_an_alias_moves_from_cloudformation_to_weighbridge_in_two_steps_and_in_no_other_order(
    world: World, shop: Shop
) -> None:
    name, cloudformation, stack = shop.name, world.client("cloudformation"), Stack(world, shop)
    properties = {"FunctionName": name, "FunctionVersion": "1", "Name": "live"}
    native: dict[str, Any] = {"Type": "AWS::Lambda::Alias", "Properties": properties}
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Alias": native}}))
    assert stack.settled() == "CREATE_COMPLETE"
    before = revision(world, shop)
    assert stack.update("2") == "UPDATE_ROLLBACK_COMPLETE"
    assert "is still a resource (Alias) of this stack and would be deleted: deploy once with Prepare" in stack.reasons()
    assert revision(world, shop) == before
    prepared = native | {"DeletionPolicy": "Retain", "Metadata": {"Weighbridge": "prepared"}}
    cloudformation.update_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Alias": prepared}}))
    assert stack.settled() == "UPDATE_COMPLETE"
    assert stack.update("2", **AT_ONCE) == "UPDATE_COMPLETE", stack.reasons()
    done = ended(world, stack.outputs()["Deployment"])
    assert done.outcome == ("Succeeded", None)
    assert done.record["plan"]["revisionId"] == before
    assert deployment_id(str(done.record["identity"])) == done.id
