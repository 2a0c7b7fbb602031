"""Stacks of CloudFormation that own an alias: what is deployed and when, and that no operation of a stack touches the alias."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from scenarios.stack import Stack
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


Resources = Mapping[str, Any]


class OwningStack(Stack):
    """A stack that owns the alias `live` of a function."""

    def __init__(self, world: World, shop: Shop) -> None:
        super().__init__(world, shop.name)

    def made(self, version: str, **properties: Any) -> str:
        """Its status after its creation by a template that wants that version."""
        self.create(self.template(version, {}, properties))
        return self.settled()

    def begin(self, version: str, others: Resources | None = None, **properties: Any) -> None:
        """Begins an update to a template that wants that version."""
        self.update(self.template(version, others or {}, properties))

    def updated(self, version: str, others: Resources | None = None, **properties: Any) -> str:
        """Its status after such an update."""
        self.begin(version, others, **properties)
        return self.settled()

    def template(self, version: str, others: Resources, properties: Mapping[str, Any]) -> dict[str, Any]:
        live: dict[str, Any] = {
            "ServiceToken": self.world.outputs["ServiceToken"],
            "ServiceTimeout": 30,
            "FunctionName": self.name,
            "Name": "live",
            "TargetVersion": version,
            "DeploymentConfigName": "Brief",
        }
        owned = {"Type": "Custom::WeighbridgeAlias", "Properties": {**live, **properties}}
        outputs = {"Arn": {"Value": {"Ref": "Live"}}, "Deployment": {"Value": {"Fn::GetAtt": "Live.DeploymentId"}}}
        return {"Resources": {"Live": owned, **others}, "Outputs": outputs}


@pytest.fixture
def shop(world: World) -> Shop:
    """A function with three versions whose alias is not there yet."""
    made = world.shop(deploymentConfigName="Brief")
    world.client("lambda").delete_alias(FunctionName=made.name, Name="live")
    return made


@pytest.fixture
def stack(world: World, shop: Shop) -> OwningStack:
    """A stack that has its alias on version 1."""
    made = OwningStack(world, shop)
    assert made.made("1") == "CREATE_COMPLETE", made.reasons()
    return made


def revision(world: World, shop: Shop) -> str:
    return str(world.client("lambda").get_alias(FunctionName=shop.name, Name="live")["RevisionId"])


def aliases(world: World, shop: Shop) -> dict[str, str]:
    """The versions of the function's aliases."""
    listed = world.client("lambda").list_aliases(FunctionName=shop.name)["Aliases"]
    return {alias["Name"]: alias["FunctionVersion"] for alias in listed}


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


def test_a_stack_creates_its_alias_deploys_after_its_commit_and_deletes_it(
    world: World, shop: Shop, stack: OwningStack
) -> None:
    assert world.alias(shop) == Alias("1", {})
    assert stack.outputs()["Arn"].endswith(f":function:{shop.name}:live")
    assert settled(world, shop)["state"] == "Live"
    before = revision(world, shop)
    assert stack.updated("2") == "UPDATE_COMPLETE", stack.reasons()
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
    assert stack.updated("2", {"Topic": {"Type": "AWS::SNS::Topic"}}) == "UPDATE_COMPLETE"
    assert stack.updated("2", **AT_ONCE) == "UPDATE_COMPLETE"
    assert revision(world, shop) == after
    stack.delete()
    assert (aliases(world, shop), wants(world, shop)) == ({}, {})


def test_an_update_that_fails_moves_no_traffic(world: World, shop: Shop, stack: OwningStack) -> None:
    settled(world, shop)
    before = revision(world, shop)
    assert stack.updated("2", {"Fails": FAILS}) == "UPDATE_ROLLBACK_COMPLETE"
    item = settled(world, shop)
    assert ("pending" in item, item["committed"]["target"]) == (False, "1")
    assert revision(world, shop) == before
    assert stack.updated("2", **AT_ONCE) == "UPDATE_COMPLETE"
    assert ended(world, stack.outputs()["Deployment"]).outcome == ("Succeeded", None)


def test_while_it_shifts_the_next_update_waits_or_replaces_it_or_is_refused(
    world: World, shop: Shop, stack: OwningStack
) -> None:
    assert stack.updated("2") == "UPDATE_COMPLETE"
    first = stack.outputs()["Deployment"]
    world.in_bake(first)
    between = revision(world, shop)
    assert stack.updated("3", OnRunning="Fail") == "UPDATE_ROLLBACK_COMPLETE"
    assert f"The deployment {first} of {shop.name}:live has not ended" in stack.reasons()
    assert stack.updated("3") == "UPDATE_COMPLETE"
    second = stack.outputs()["Deployment"]
    assert revision(world, shop) == between
    assert ended(world, first).outcome == ("Succeeded", None)
    world.in_bake(second)
    assert world.alias(shop) == Alias("2", {"3": 0.1})
    assert stack.updated("1", OnRunning="Replace", **AT_ONCE) == "UPDATE_COMPLETE"
    replaced = ended(world, second)
    assert replaced.outcome == ("Stopped", "MANUAL_STOP")
    assert ended(world, stack.outputs()["Deployment"]).outcome == ("Succeeded", None)
    assert world.alias(shop) == Alias("1", {})


def test_during_the_stack_it_fails_with_its_deployment_and_takes_it_back(
    world: World, shop: Shop, stack: OwningStack
) -> None:
    alarm = world.alarm()
    watched = {"AlarmConfiguration": {"Enabled": True, "Alarms": [{"Name": alarm}]}}
    assert stack.updated("2", Start="DuringStack", **watched, **AT_ONCE) == "UPDATE_COMPLETE", stack.reasons()
    assert world.alias(shop) == Alias("2", {})
    stack.begin("3", Start="DuringStack", **watched)
    world.until("the first step", lambda: world.alias(shop) == Alias("2", {"3": 0.1}))
    world.set_alarm(alarm, "ALARM")
    assert stack.settled() == "UPDATE_ROLLBACK_COMPLETE"
    assert "One or more alarms have been activated" in stack.reasons()
    assert world.alias(shop) == Alias("2", {})
    # After it has succeeded something else of the stack fails: it is put back at once, although the alarm fires.
    assert stack.updated("3", {"Fails": FAILS}, Start="DuringStack", **AT_ONCE) == "UPDATE_ROLLBACK_COMPLETE"
    assert world.alias(shop) == Alias("2", {})
    assert "open" not in settled(world, shop)


def test_two_stacks_do_not_have_the_same_alias(world: World, shop: Shop, stack: OwningStack) -> None:
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
    assert stack.updated("1", Name="mine") == "UPDATE_ROLLBACK_COMPLETE"
    assert f"belongs to the stack {shop.name}-native, as its resource Native" in stack.reasons()
    assert revision(world, shop) == before
    assert aliases(world, shop) == {"live": "1", "mine": "3"}


def test_an_alias_moves_from_cloudformation_to_weighbridge_in_two_steps_and_in_no_other_order(
    world: World, shop: Shop
) -> None:
    name, cloudformation, stack = shop.name, world.client("cloudformation"), OwningStack(world, shop)
    properties = {"FunctionName": name, "FunctionVersion": "1", "Name": "live"}
    native: dict[str, Any] = {"Type": "AWS::Lambda::Alias", "Properties": properties}
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Alias": native}}))
    assert stack.settled() == "CREATE_COMPLETE"
    before = revision(world, shop)
    assert stack.updated("2") == "UPDATE_ROLLBACK_COMPLETE"
    assert "is still a resource (Alias) of this stack and would be deleted: deploy once with Prepare" in stack.reasons()
    assert revision(world, shop) == before
    prepared = native | {"DeletionPolicy": "Retain", "Metadata": {"Weighbridge": "prepared"}}
    cloudformation.update_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Alias": prepared}}))
    assert stack.settled() == "UPDATE_COMPLETE"
    assert stack.updated("2", **AT_ONCE) == "UPDATE_COMPLETE", stack.reasons()
    done = ended(world, stack.outputs()["Deployment"])
    assert done.outcome == ("Succeeded", None)
    assert done.record["plan"]["revisionId"] == before
    assert deployment_id(str(done.record["identity"])) == done.id


def test_an_alarm_after_the_commit_brings_traffic_back_and_the_stack_goes_on(
    world: World, shop: Shop, stack: OwningStack
) -> None:
    alarm = world.alarm()
    watched = {"AlarmConfiguration": {"Enabled": True, "Alarms": [{"Name": alarm}]}}
    assert stack.updated("2", **watched) == "UPDATE_COMPLETE", stack.reasons()
    first = stack.outputs()["Deployment"]
    world.in_bake(first)
    world.set_alarm(alarm, "ALARM")
    assert ended(world, first).outcome == ("Stopped", "ALARM_ACTIVE")
    world.until("the way back", lambda: world.alias(shop) == Alias("1", {}))
    assert stack.described()["StackStatus"] == "UPDATE_COMPLETE"
    world.set_alarm(alarm, "OK")
    assert stack.updated("2", Redeploy="once more", **watched, **AT_ONCE) == "UPDATE_COMPLETE"
    again = stack.outputs()["Deployment"]
    assert (again != first, ended(world, again).outcome) == (True, ("Succeeded", None))
    assert world.alias(shop) == Alias("2", {})


def test_an_alias_is_adopted_renamed_and_replaced(world: World) -> None:
    shop, other = world.shop(deploymentConfigName="Brief"), world.shop(deploymentConfigName="Brief")
    before, stack = revision(world, shop), OwningStack(world, shop)
    assert stack.made("2", **AT_ONCE) == "CREATE_COMPLETE", stack.reasons()
    done = ended(world, stack.outputs()["Deployment"])
    assert (done.outcome, done.record["plan"]["revisionId"]) == (("Succeeded", None), before)
    settled(world, shop)
    assert stack.updated("2", Name="mine") == "UPDATE_COMPLETE", stack.reasons()
    assert aliases(world, shop) == {"mine": "2"}
    world.client("lambda").delete_alias(FunctionName=other.name, Name="live")
    assert stack.updated("3", FunctionName=other.name) == "UPDATE_COMPLETE", stack.reasons()
    assert (aliases(world, shop), aliases(world, other)) == ({}, {"live": "3"})
    assert stack.outputs()["Arn"].endswith(f":function:{other.name}:live")


def waiting(version: str) -> dict[str, Any]:
    """A wait condition for the deployment of a version, and its handle."""
    properties = {"Handle": {"Ref": f"Handle{version}"}, "Timeout": "60", "Count": 1}
    return {
        f"Handle{version}": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        f"Ended{version}": {"Type": "AWS::CloudFormation::WaitCondition", "DependsOn": "Live", "Properties": properties},
    }


def test_a_wait_condition_waits_for_a_deployment_that_outlasts_the_resource(world: World, shop: Shop) -> None:
    stack, alarm = OwningStack(world, shop), world.alarm()
    during: dict[str, Any] = {
        "Start": "DuringStack",
        "DeploymentConfigName": "CodeDeployDefault.LambdaLinear10PercentEvery10Minutes",
        "AlarmConfiguration": {"Enabled": True, "Alarms": [{"Name": alarm}]},
    }
    first = during | {"WaitHandle": {"Ref": "Handle1"}}
    stack.create(stack.template("1", waiting("1"), first))
    assert stack.settled() == "CREATE_COMPLETE", stack.reasons()
    assert stack.updated("2", waiting("2"), **during, WaitHandle={"Ref": "Handle2"}) == "UPDATE_COMPLETE", stack.reasons()
    assert ended(world, stack.outputs()["Deployment"]).outcome == ("Succeeded", None)
    assert world.alias(shop) == Alias("2", {})
    stack.begin("3", waiting("3"), **during, WaitHandle={"Ref": "Handle3"})
    world.until("a step", lambda: world.alias(shop).weights)
    world.set_alarm(alarm, "ALARM")
    assert stack.settled() == "UPDATE_ROLLBACK_COMPLETE"
    assert "One or more alarms have been activated" in stack.reasons()
    assert world.alias(shop) == Alias("2", {})


def test_a_nested_stack_is_deployed_once_its_root_has_committed(world: World, shop: Shop) -> None:
    inner, root = OwningStack(world, shop), Stack(world, f"{shop.name}-root")
    templates = world.client("s3")
    templates.create_bucket(Bucket=root.name)

    def outer(version: str, others: Resources) -> dict[str, Any]:
        body = json.dumps(inner.template(version, {}, AT_ONCE))
        templates.put_object(Bucket=root.name, Key=version, Body=body)
        url = f"{world.cloud.endpoint}/{root.name}/{version}"
        return {"Resources": {"Live": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}, **others}}

    root.create(outer("1", {}))
    assert root.settled() == "CREATE_COMPLETE", root.reasons()
    settled(world, shop)
    before = revision(world, shop)
    root.update(outer("2", {"Fails": FAILS}))
    assert root.settled() == "UPDATE_ROLLBACK_COMPLETE", root.reasons()
    item = settled(world, shop)
    assert ("pending" in item, item["committed"]["target"], revision(world, shop)) == (False, "1", before)
    root.update(outer("3", {}))
    assert root.settled() == "UPDATE_COMPLETE", root.reasons()
    world.until("the new version", lambda: world.alias(shop) == Alias("3", {}))
    assert settled(world, shop)["application"] == f"stack@{root.name}"
