"""The life of a deployment by CodeDeploy's own clients: stock boto3, its paginators and waiters, and the real `aws deploy`."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from scenarios.world import Alias, Shop, World, appspec
from tests.workflow.conftest import Cli
from tests.workflow.variants import variants

QUICK = {"Delay": 0.2, "MaxAttempts": 300}
# A hook as it is written for CodeDeploy: it knows nothing of Weighbridge, and its return value says nothing.
REPORTS = (
    "boto3.client('codedeploy').put_lifecycle_event_hook_execution_status("
    "deploymentId=event['DeploymentId'], lifecycleEventHookExecutionId=event['LifecycleEventHookExecutionId'], status={status!r})"
)
SAYS_NOTHING = "return None"


def names(shop: Shop) -> dict[str, str]:
    return {"applicationName": shop.name, "deploymentGroupName": "prod"}


def inline(content: str) -> dict[str, Any]:
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}


def hook_reporting(world: World, status: str) -> str:
    hook = world.hook(REPORTS.format(status=status))
    environment = {"Variables": {"AWS_ENDPOINT_URL_CODEDEPLOY": world.outputs["HookUrl"]}}
    world.client("lambda").update_function_configuration(FunctionName=hook, Environment=environment)
    return hook


def create(codedeploy: Any, shop: Shop, *, target: str = "2", current: str | None = "1", **hooks: str) -> str:
    revision = inline(appspec(shop.name, target, current=current, **hooks))
    return str(codedeploy.create_deployment(**names(shop), revision=revision)["deploymentId"])


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


# ------------------------------------------------------------------------------------------ the whole life


def test_three_types_of_revision_by_the_cli_and_all_that_is_seen_of_them(
    world: World, deploy: Cli, codedeploy: Any
) -> None:
    shop = world.shop(versions=4)
    group = ("--application-name", shop.name, "--deployment-group-name", "prod")
    version = world.put(f"{shop.name}/release.txt", appspec(shop.name, "2"))
    location = f"bucket={world.bucket},key={shop.name}/release.txt,bundleType=yaml,version={version}"
    first = deploy("create-deployment", *group, "--s3-location", location, "--description", "by S3")["deploymentId"]
    assert deploy("wait", "deployment-successful", "--deployment-id", first) is None
    assert world.alias(shop) == Alias("2", {})

    content = json.dumps(
        {"version": 0.0, "Resources": [{"shop": {"Type": "AWS::Lambda::Function", "Properties": {"Name": shop.name, "Alias": "live", "TargetVersion": "3"}}}]}
    )  # fmt: skip
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    text = json.dumps({"revisionType": "String", "string": {"content": content, "sha256": sha256}})
    second = deploy("create-deployment", *group, "--revision", text)["deploymentId"]
    codedeploy.get_waiter("deployment_successful").wait(deploymentId=second, WaiterConfig=QUICK)
    assert world.alias(shop) == Alias("3", {})

    spec = json.dumps(inline(appspec(shop.name, "4", current="3")))
    third = deploy("create-deployment", *group, "--revision", spec)["deploymentId"]
    codedeploy.get_waiter("deployment_successful").wait(deploymentId=third, WaiterConfig=QUICK)
    assert world.alias(shop) == Alias("4", {})

    info = deploy("get-deployment", "--deployment-id", third)["deploymentInfo"]
    assert info["status"] == "Succeeded"
    assert set(info["revision"]["appSpecContent"]) == {"sha256"}
    assert info["previousRevision"] == {"revisionType": "String", "string": {"sha256": sha256}}
    assert info["deploymentOverview"]["Succeeded"] == 1
    content = deploy(
        "get-application-revision", "--application-name", shop.name, "--revision", json.dumps(info["revision"])
    )
    assert content["revision"]["appSpecContent"]["content"] == appspec(shop.name, "4", current="3")
    assert content["revisionInfo"]["deploymentGroups"] == ["prod"]

    listed = deploy("list-deployments", *group, "--include-only-statuses", "Succeeded")["deployments"]
    assert listed == [third, second, first]
    assert deploy("list-deployments", *group, "--include-only-statuses", "Failed", "Stopped")["deployments"] == []
    batch = deploy("batch-get-deployments", "--deployment-ids", first, third)["deploymentsInfo"]
    assert [each["deploymentId"] for each in batch] == [first, third]
    revisions = deploy("list-application-revisions", "--application-name", shop.name, "--sort-by", "registerTime")
    assert [each["revisionType"] for each in revisions["revisions"]] == ["S3", "String", "AppSpecContent"]
    by_bucket = deploy("list-application-revisions", "--application-name", shop.name, "--s-3-bucket", world.bucket)
    assert [each["s3Location"]["key"] for each in by_bucket["revisions"]] == [f"{shop.name}/release.txt"]

    [target_id] = deploy("list-deployment-targets", "--deployment-id", third)["targetIds"]
    target = deploy("get-deployment-target", "--deployment-id", third, "--target-id", target_id)["deploymentTarget"]
    assert target["lambdaTarget"]["lambdaFunctionInfo"] == {
        "functionName": shop.name, "functionAlias": "live", "currentVersion": "3", "targetVersion": "4", "targetVersionWeight": 1.0,
    }  # fmt: skip
    assert [event["status"] for event in target["lambdaTarget"]["lifecycleEvents"]] == ["Succeeded"] * 3
    assert "DeploymentAlreadyCompletedException" in deploy("stop-deployment", "--deployment-id", third)


@pytest.mark.parametrize("event", variants("AfterAllowTraffic", "BeforeAllowTraffic"))
@pytest.mark.parametrize(("status", "version"), [("Succeeded", "2"), ("Failed", "1")])
def test_a_hook_written_for_codedeploy_runs_unchanged(
    world: World, codedeploy: Any, event: str, status: str, version: str
) -> None:
    shop = world.shop()
    hook = hook_reporting(world, status)
    deployment = world.ended(create(codedeploy, shop, **{event: hook}))
    assert deployment.timeline("HookAnswered")[0]["by"] == "report"
    assert world.alias(shop) == Alias(version, {})
    target = codedeploy.get_deployment_target(deploymentId=deployment.id, targetId=shop.name)["deploymentTarget"]
    [lifecycle_event] = [each for each in target["lambdaTarget"]["lifecycleEvents"] if each["lifecycleEventName"] == event]
    assert lifecycle_event["status"] == status
    assert lifecycle_event["diagnostics"]["scriptName"] == hook
    assert lifecycle_event["diagnostics"]["errorCode"] == ("Success" if status == "Succeeded" else "ScriptFailed")


def test_a_report_is_taken_once_and_only_with_the_id(world: World, codedeploy: Any) -> None:
    shop = world.shop()
    queue = world.client("sqs").create_queue(QueueName="hook-by-api")["QueueUrl"]
    tells = f"boto3.client('sqs', endpoint_url=os.environ['AWS_ENDPOINT_URL']).send_message(QueueUrl={queue!r}, MessageBody=json.dumps(event))"
    deployment_id = create(codedeploy, shop, BeforeAllowTraffic=world.hook(tells))
    messages = world.until("the hook's call", lambda: world.client("sqs").receive_message(QueueUrl=queue).get("Messages"))
    execution_id = json.loads(messages[0]["Body"])["LifecycleEventHookExecutionId"]

    def report(status: str, hook_execution_id: str = execution_id) -> Any:
        return codedeploy.put_lifecycle_event_hook_execution_status(
            deploymentId=deployment_id, lifecycleEventHookExecutionId=hook_execution_id, status=status
        )

    with pytest.raises(codedeploy.exceptions.InvalidLifecycleEventHookExecutionIdException):
        report("Succeeded", "guessed")
    with pytest.raises(codedeploy.exceptions.InvalidLifecycleEventHookExecutionStatusException):
        report("Pending")
    assert report("Succeeded")["lifecycleEventHookExecutionId"] == execution_id
    with pytest.raises(codedeploy.exceptions.LifecycleEventAlreadyCompletedException):
        report("Failed")
    assert world.ended(deployment_id).outcome == ("Succeeded", None)
    with pytest.raises(codedeploy.exceptions.LifecycleEventAlreadyCompletedException):
        report("Succeeded")


def test_what_was_dropped_is_seen_by_the_api_and_redeployed_by_it(world: World, codedeploy: Any) -> None:
    shop = world.shop()
    dropped = world.ended(world.drop(shop))
    assert codedeploy.list_deployments(**names(shop))["deployments"] == [dropped.id]
    info = codedeploy.get_deployment(deploymentId=dropped.id)["deploymentInfo"]
    assert info["revision"]["s3Location"]["key"] == f"{shop.name}/prod/release.yaml"
    registered = codedeploy.get_application_revision(applicationName=shop.name, revision=info["revision"])["revisionInfo"]
    assert registered["description"] == f"Application revision registered by Deployment ID: {dropped.id}"
    assert registered["deploymentGroups"] == ["prod"]
    world.route(shop, "1")
    again = codedeploy.create_deployment(**names(shop), revision=info["revision"])["deploymentId"]
    assert world.ended(again).outcome == ("Succeeded", None)
    assert world.alias(shop) == Alias("2", {})
    pages = codedeploy.get_paginator("list_deployments").paginate(**names(shop), includeOnlyStatuses=["Succeeded"])
    assert [each for page in pages for each in page["deployments"]] == [again, dropped.id]


def test_what_was_inline_is_deployed_again_by_its_sha256(world: World, codedeploy: Any) -> None:
    shop = world.shop()
    revision = codedeploy.get_deployment(deploymentId=world.ended(create(codedeploy, shop)).id)["deploymentInfo"][
        "revision"
    ]
    world.route(shop, "1")
    again = codedeploy.create_deployment(**names(shop), revision=revision)["deploymentId"]
    codedeploy.get_waiter("deployment_successful").wait(deploymentId=again, WaiterConfig=QUICK)
    assert world.alias(shop) == Alias("2", {})


def test_paginators_walk_through_all_pages(world: World, codedeploy: Any) -> None:
    shop = world.shop()
    for n in range(105):
        revision = {"revisionType": "S3", "s3Location": {"bucket": world.bucket, "key": f"{n}.yaml", "bundleType": "YAML"}}
        codedeploy.register_application_revision(applicationName=shop.name, revision=revision)
    pages = list(codedeploy.get_paginator("list_application_revisions").paginate(applicationName=shop.name))
    assert [len(page["revisions"]) for page in pages] == [100, 5]
    deployment = world.ended(create(codedeploy, shop))
    targets = codedeploy.get_paginator("list_deployment_targets").paginate(deploymentId=deployment.id)
    assert [each for page in targets for each in page["targetIds"]] == [shop.name]
    instances = codedeploy.get_paginator("list_deployment_instances").paginate(deploymentId=deployment.id)
    assert [each for page in instances for each in page["instancesList"]] == [shop.name]


# -------------------------------------------------------------------------------------------------- failure


def test_a_bad_appspec_is_a_failed_deployment_and_the_waiter_says_so(world: World, codedeploy: Any) -> None:
    shop = world.shop()
    deployment_id = codedeploy.create_deployment(**names(shop), revision=inline("version: 1.0"))["deploymentId"]
    with pytest.raises(WaiterError):
        codedeploy.get_waiter("deployment_successful").wait(deploymentId=deployment_id, WaiterConfig=QUICK)
    info = codedeploy.get_deployment(deploymentId=world.ended(deployment_id).id)["deploymentInfo"]
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "INVALID_LAMBDA_CONFIGURATION")
    with pytest.raises(codedeploy.exceptions.DeploymentNotStartedException):
        codedeploy.list_deployment_targets(deploymentId=deployment_id)
    assert world.is_free(shop)


def test_a_second_deployment_is_refused_while_the_first_runs(world: World, codedeploy: Any) -> None:
    shop = world.shop(deploymentConfigName="Endless")
    first = create(codedeploy, shop)
    with pytest.raises(codedeploy.exceptions.DeploymentLimitExceededException, match=f"active Deployment '{first}'"):
        create(codedeploy, shop)
    world.in_bake(first)
    with pytest.raises(codedeploy.exceptions.DeploymentLimitExceededException, match=f"active Deployment '{first}'"):
        create(codedeploy, shop)
    codedeploy.stop_deployment(deploymentId=first)
    world.ended(first)
    assert codedeploy.list_deployments(**names(shop))["deployments"][-1] == first


@pytest.mark.local_cloud  # threads
def test_of_many_calls_at_once_one_creates_a_deployment(world: World, codedeploy: Any) -> None:
    shop = world.shop(deploymentConfigName="Endless")

    def attempt(_: int) -> str:
        try:
            return create(codedeploy, shop)
        except codedeploy.exceptions.DeploymentLimitExceededException as error:
            return str(error.response["Error"]["Message"])

    with ThreadPoolExecutor(6) as callers:
        answers = list(callers.map(attempt, range(6)))
    [created] = [answer for answer in answers if answer.startswith("d-")]
    refused = f"The Deployment Group 'prod' already has an active Deployment '{created}'"
    assert sorted(answers)[:5] == [refused] * 5
    assert codedeploy.list_deployments(**names(shop))["deployments"] == [created]
    codedeploy.stop_deployment(deploymentId=created)
    world.ended(created)


def test_overrides_win_over_the_group(world: World, codedeploy: Any) -> None:
    red = world.alarm(state="ALARM")
    shop = world.shop(deploymentConfigName="Endless", alarmConfiguration={"alarms": [{"name": red}]})
    override = {"enabled": False, "ignorePollAlarmFailure": False, "alarms": [{"name": red}]}
    rollback = {"enabled": False, "events": []}
    deployment_id = codedeploy.create_deployment(
        **names(shop),
        revision=inline(appspec(shop.name)),
        deploymentConfigName="CodeDeployDefault.LambdaAllAtOnce",
        overrideAlarmConfiguration=override,
        autoRollbackConfiguration=rollback,
        description="the fix",
    )["deploymentId"]
    assert world.ended(deployment_id).outcome == ("Succeeded", None)
    info = codedeploy.get_deployment(deploymentId=deployment_id)["deploymentInfo"]
    assert info["overrideAlarmConfiguration"] == override
    assert info["autoRollbackConfiguration"] == rollback
    assert (info["deploymentConfigName"], info["description"]) == ("CodeDeployDefault.LambdaAllAtOnce", "the fix")


# ----------------------------------------------------------------------------------------------------- stop


@pytest.mark.parametrize(
    ("rolls_back", "group", "left"),
    variants(
        (None, {}, Alias("1", {})),
        (None, {"autoRollbackConfiguration": {"enabled": False}}, Alias("1", {"2": 0.1})),
        (True, {"autoRollbackConfiguration": {"enabled": False}}, Alias("1", {})),
        (False, {}, Alias("1", {"2": 0.1})),
    ),
)
def test_a_stop_during_the_bake(
    world: World, codedeploy: Any, rolls_back: bool | None, group: dict[str, Any], left: Alias
) -> None:
    shop = world.shop(deploymentConfigName="Endless", **group)
    deployment_id = create(codedeploy, shop)
    world.in_bake(deployment_id)
    choice = {} if rolls_back is None else {"autoRollbackEnabled": rolls_back}
    assert codedeploy.stop_deployment(deploymentId=deployment_id, **choice)["status"] == "Succeeded"
    deployment = world.ended(deployment_id)
    assert deployment.outcome == ("Stopped", "MANUAL_STOP")
    assert world.alias(shop) == left
    info = codedeploy.get_deployment(deploymentId=deployment_id)["deploymentInfo"]
    if left.weights:
        assert "rollbackDeploymentId" not in info["rollbackInfo"]
        return
    rollback = codedeploy.get_deployment(deploymentId=info["rollbackInfo"]["rollbackDeploymentId"])["deploymentInfo"]
    assert (rollback["creator"], info["creator"], rollback["status"]) == ("codeDeployRollback", "user", "Succeeded")
    assert codedeploy.list_deployments(**names(shop))["deployments"] == [rollback["deploymentId"], deployment_id]
    assert codedeploy.get_application_revision(applicationName=shop.name, revision=rollback["revision"])


@pytest.mark.parametrize("event", variants("AfterAllowTraffic", "BeforeAllowTraffic"))
def test_a_stop_during_a_hook(world: World, codedeploy: Any, event: str) -> None:
    shop = world.shop()
    deployment_id = create(codedeploy, shop, **{event: world.hook(SAYS_NOTHING)})
    world.in_hook(deployment_id, event)
    answer = codedeploy.stop_deployment(deploymentId=deployment_id)
    assert answer["statusMessage"] == "No more commands will be scheduled for execution in the deployment instances"
    assert world.ended(deployment_id, patience=10).outcome == ("Stopped", "MANUAL_STOP")
    assert world.alias(shop) == Alias("1", {})


def test_a_stop_while_traffic_moves(world: World, codedeploy: Any) -> None:
    shop = world.shop(deploymentConfigName="CodeDeployDefault.LambdaLinear10PercentEvery1Minute")
    deployment_id = create(codedeploy, shop)
    world.until("a shift", lambda: world.alias(shop).weights)  # seen before the record knows of it, so no wait is open yet
    codedeploy.stop_deployment(deploymentId=deployment_id)
    deployment = world.ended(deployment_id)
    assert deployment.outcome == ("Stopped", "MANUAL_STOP")
    assert world.alias(shop) == Alias("1", {})


def test_a_stop_before_the_start(world: World, codedeploy: Any) -> None:
    shop = world.shop(deploymentConfigName="Endless")
    deployment_id = create(codedeploy, shop)
    codedeploy.stop_deployment(deploymentId=deployment_id)
    assert world.ended(deployment_id).outcome == ("Stopped", "MANUAL_STOP")
    assert world.alias(shop) == Alias("1", {})
    assert world.is_free(shop)


def test_a_stop_after_the_end(world: World, codedeploy: Any) -> None:
    shop = world.shop()
    deployment_id = world.ended(create(codedeploy, shop)).id
    with pytest.raises(codedeploy.exceptions.DeploymentAlreadyCompletedException) as caught:
        codedeploy.stop_deployment(deploymentId=deployment_id)
    assert caught.value.response["Error"]["Message"] == f"Deployment {deployment_id} has already completed"


def test_deployments_that_are_not_there(codedeploy: Any) -> None:
    with pytest.raises(ClientError) as caught:
        codedeploy.get_deployment(deploymentId="d-000000000")
    assert code_of(caught) == "DeploymentDoesNotExistException"
    assert caught.value.response["ResponseMetadata"]["RequestId"]
