"""What docs/pipelines.md has to copy: pipelines, schedules and state machines that deploy and wait."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint import lint
from cfnlint.decode import cfn_yaml

from scenarios.world import ACCOUNT, Shop, World, appspec
from tests.architecture.blocks import blocks

pytestmark = pytest.mark.local_cloud  # another state machine's executions
BLOCKS = {block.heading: block.text for block in blocks("docs/pipelines.md") if block.language}
[COMMAND] = [block.text for block in blocks("docs/pipelines.md") if not block.language]
SOURCE = {
    "Name": "Source",
    "Actions": [
        {
            "Name": "Source",
            "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "S3", "Version": "1"},
            "Configuration": {"S3Bucket": "builds", "S3ObjectKey": "build.zip"},
            "OutputArtifacts": [{"Name": "Built"}],
        }
    ],
}
Execution = dict[str, Any]


def cloudformation(text: str) -> Any:
    return json.loads(json.dumps(cfn_yaml.loads(text)))


def start(world: World, request: Any, **options: str) -> str:
    steps, machine = world.client("stepfunctions"), world.outputs["DeployMachineArn"]
    started = steps.start_execution(stateMachineArn=machine, input=json.dumps(request), **options)
    return str(started["executionArn"])


def ended(world: World, execution: str) -> Execution:
    def ask() -> Execution | None:
        now: Execution = world.client("stepfunctions").describe_execution(executionArn=execution)
        return None if now["status"] == "RUNNING" else now

    return world.until(f"the end of {execution}", ask)


def request(shop: Shop, **changes: Any) -> dict[str, Any]:
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec(shop.name, "2")}}
    return {"applicationName": shop.name, "deploymentGroupName": "prod", "revision": revision} | changes


def own(text: str, shop: Shop) -> str:
    """What a page has for `checkout` in the group `shop/prod`, for a function and a group of the test's own."""
    return text.replace("shop", shop.name).replace("checkout", shop.name).replace("#{Build.VERSION}", "2")


def checked(resources: Mapping[str, Any]) -> None:
    """Whether cfn-lint has something to say of what a page has, but for what is left out there."""
    assert [str(match) for match in lint(json.dumps({"Resources": resources}))] == []


def test_the_pages_request_is_deployed_and_its_end_is_the_executions(
    world: World, terminal: Callable[[str], str], tmp_path: Path
) -> None:
    shop = world.shop()
    (tmp_path / "release.json").write_text(own(BLOCKS["By hand"], shop))
    here = f"cd {tmp_path}\nAWS_REGION={world.cloud.region} AWS_ACCOUNT_ID={ACCOUNT}\n"
    arn = json.loads(terminal(here + COMMAND))["executionArn"]
    assert arn.endswith(":release-42")
    execution = ended(world, arn)
    assert execution["status"] == "SUCCEEDED"
    outcome = json.loads(execution["output"])
    deployment = world.ended(outcome["deploymentId"])
    assert outcome == {
        "deploymentId": deployment.id,
        "status": "Succeeded",
        "functionName": shop.name,
        "alias": "live",
        "currentVersion": "1",
        "targetVersion": "2",
        "completeTime": deployment.record["completeTime"],
    }
    assert world.alias(shop).version == "2"
    assert deployment.record["identity"].startswith(f"execution {arn} ")
    assert deployment.record["description"] == "Release 42"


def test_a_failure_fails_the_execution_once_traffic_is_back(world: World) -> None:
    hook = world.hook('return {"status": "Failed", "message": "The checkout is empty."}')
    shop = world.shop()
    content = appspec(shop.name, "2", AfterAllowTraffic=hook)
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
    execution = ended(world, start(world, request(shop, revision=revision)))
    assert world.alias(shop).version == "1"
    assert (execution["status"], execution["error"]) == ("FAILED", "HOOK_EXECUTION_FAILURE")
    assert "The checkout is empty." in execution["cause"]


def test_a_request_that_cannot_be_is_a_failure_that_says_so(world: World) -> None:
    execution = ended(world, start(world, {"applicationName": "nobody"}))
    assert (execution["status"], execution["error"]) == ("FAILED", "INVALID_REVISION")
    assert "deploymentGroupName" in execution["cause"]


def test_to_stop_the_execution_leaves_the_deployment_alone(world: World) -> None:
    shop = world.shop(deploymentConfigName="Brief")
    arn = start(world, request(shop))
    deployment_id = world.deployment_asked_for_by(arn)
    who_waits = f"AWAITED#{world.in_bake(deployment_id)['identity']}"
    assert world.item(who_waits, "AWAITED")
    world.client("stepfunctions").stop_execution(executionArn=arn)
    assert world.ended(deployment_id).outcome == ("Succeeded", None)
    world.until("that nobody waits", lambda: world.item(who_waits, "AWAITED") is None)


def test_another_state_machine_waits_for_it(world: World) -> None:
    machine = yaml.safe_load(BLOCKS["Another state machine"])
    machine["States"]["Deploy"]["Arguments"]["StateMachineArn"] = world.outputs["DeployMachineArn"]
    steps = world.client("stepfunctions")
    shop = world.shop()
    role = world.role("Caller", {"Version": "2012-10-17", "Statement": []})
    calling = steps.create_state_machine(name="calling", definition=own(json.dumps(machine), shop), roleArn=role)

    def called_with(version: str) -> Execution:
        started = steps.start_execution(stateMachineArn=calling["stateMachineArn"], input=json.dumps({"version": version}))
        return ended(world, started["executionArn"])

    succeeded = called_with("2")
    assert (succeeded["status"], succeeded.get("cause")) == ("SUCCEEDED", None)
    assert json.loads(succeeded["output"])["targetVersion"] == "2"
    failed = called_with("99")
    assert (failed["status"], failed["error"]) == ("FAILED", "INVALID_LAMBDA_CONFIGURATION")
    assert "99" in failed["cause"]


def test_a_stage_of_codepipeline_asks_for_what_is_deployed(world: World) -> None:
    stage = cloudformation(BLOCKS["CodePipeline"])
    pipeline = {
        "RoleArn": "arn:aws:iam::123456789012:role/pipeline",
        "ArtifactStore": {"Type": "S3", "Location": "builds"},
        "Stages": [SOURCE, stage],
    }
    checked({"Pipeline": {"Type": "AWS::CodePipeline::Pipeline", "Properties": pipeline}})
    shop = world.shop()
    execution = ended(world, start(world, json.loads(own(stage["Actions"][0]["Configuration"]["Input"], shop))))
    assert (execution["status"], execution.get("cause")) == ("SUCCEEDED", None)


def test_a_schedule_asks_for_what_is_deployed(world: World) -> None:
    schedule = cloudformation(BLOCKS["EventBridge Scheduler"])
    trust = {
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "scheduler.amazonaws.com"}}]
    }
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", **trust}}}
    checked({"Schedule": schedule, "MayStartIt": role})
    shop = world.shop()
    asked = json.loads(own(schedule["Properties"]["Target"]["Input"], shop).replace("BUCKET", world.bucket))
    world.put(asked["revision"]["s3Location"]["key"], appspec(shop.name, "2"))
    execution = ended(world, start(world, asked))
    assert (execution["status"], execution.get("cause")) == ("SUCCEEDED", None)
