"""Two teams in one installation, set up as docs/operations.md says: what each may do to the other, by every way there is."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
import yaml
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import get_session

from client.generate import MODELS, SERVICE
from local.cloud import REGION, ROOT
from scenarios.world import ACCOUNT, SOURCE, Alias, Shop, World, allow, appspec, trusting
from tests.workflow.test_triggers import Subscriber, trigger

pytestmark = pytest.mark.local_cloud  # IAM

DENIALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
ACTING = ("Validate", "RunHook", "CheckAlarms", "ShiftTraffic", "Reconcile", "SendTriggers")
"""The functions that act for a group."""
ROOT_OF_ACCOUNT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


@dataclass(frozen=True)
class Team:
    """`app` is its application, `shop` its function; `pipeline` drops files, `owner` may write the group's file, too."""

    app: Shop
    shop: Shop
    hook: str
    role: str
    pipeline: boto3.Session
    owner: boto3.Session


def team(world: World, name: str) -> Team:
    recipes, function = world.recipes(name), f"{name}_checkout"
    world.function(function, *(SOURCE.format(answer=version) for version in (1, 2, 3)))
    world.client("lambda").create_alias(FunctionName=function, Name="live", FunctionVersion="1")
    uploads = recipes.uploads["Statement"]
    made = Team(
        app=Shop(name),
        shop=Shop(function),
        hook=world.hook("return {'status': 'Succeeded'}", f"CodeDeployHook_{name}_smoke"),
        role=world.role(f"WeighbridgeServiceRole-{name}", recipes.trust, *recipes.rights["Statement"]),
        pipeline=world.user(f"{name}-pipeline", *uploads),
        owner=world.user(f"{name}-owner", uploads[0]),
    )
    set_group(world, made, "prod", serviceRoleArn=made.role)
    return made


def set_group(world: World, owner: Team, group: str, **settings: Any) -> None:
    """The team's owner drops the settings of a new group."""
    world.put(f"{owner.app.name}/{group}/deployment-group.yaml", yaml.safe_dump(settings), owner.owner)
    world.until(f"the group {group}", lambda: world.item(f"GROUP#{owner.app.name}/{group}", "GROUP"))


def dropped(world: World, by: Team, content: str, group: str = "prod") -> str:
    return world.drop_file(by.app, content, group=group, by=by.pipeline)


@pytest.fixture(scope="module")
def ours(world: World) -> Team:
    return team(world, "shop-a")


@pytest.fixture(scope="module")
def theirs(world: World) -> Team:
    return team(world, "shop-b")


@pytest.fixture(scope="module")
def neighbours(world: World) -> Team:
    """A team whose name begins with ours."""
    return team(world, "shop-a-b")


def refused(call: Callable[..., Any], **arguments: Any) -> bool:
    """Whether a call is refused for want of rights."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"] in DENIALS
    return False


# ------------------------------------------------------------------------------------------------- its own group


def test_a_team_deploys_and_is_rolled_back_by_its_own_role_alone(world: World, ours: Team) -> None:
    subscriber = Subscriber(world, f"{ours.app.name}_deployments")
    set_group(
        world,
        ours,
        "canary",
        serviceRoleArn=ours.role,
        deploymentConfigName="Endless",
        triggerConfigurations=[trigger(subscriber.topic)],
        alarmConfiguration={"enabled": True, "alarms": [{"name": world.alarm()}]},
    )
    # As with serviceRoleRequired: the roles of Weighbridge's functions have no right on functions, topics and alarms.
    with world.denied(ACTING, "lambda:*", "sns:*", "cloudwatch:*"):
        finished = world.ended(dropped(world, ours, appspec(ours.shop.name, BeforeAllowTraffic=ours.hook)))
        assert finished.outcome == ("Succeeded", None)
        assert world.alias(ours.shop) == Alias("2", {})
        for current, target in (("2", "3"), ("2", "1")):
            deployment_id = dropped(world, ours, appspec(ours.shop.name, target, current=current), "canary")
            world.in_bake(deployment_id)
            if target == "3":
                world.stop(deployment_id)
            else:
                execution = world.execution(deployment_id)
                assert execution
                world.client("stepfunctions").stop_execution(executionArn=execution["executionArn"])
            stopped = world.ended(deployment_id)
            assert stopped.outcome == ("Stopped", "MANUAL_STOP")
            assert world.rollback_of(stopped).outcome == ("Succeeded", None)
            assert world.alias(ours.shop) == Alias("2", {})
            subscriber.until_told(f"ABORTED: Weighbridge {deployment_id} ")
    world.route(ours.shop, "1")


def test_without_a_role_ours_act_and_cannot_where_they_have_no_right(world: World) -> None:
    shop = world.shop()
    with world.denied(["Validate"], "lambda:GetFunctionConfiguration"):
        deployment = world.ended(world.drop(shop))
    assert deployment.outcome == ("Failed", "IAM_ROLE_PERMISSIONS")
    assert "The IAM role of Weighbridge does not give you permission" in deployment.message


# --------------------------------------------------------------------------------------------- others by its files


def test_a_file_that_names_anothers_function_moves_nothing_and_holds_nothing(
    world: World, ours: Team, theirs: Team
) -> None:
    deployment = world.ended(dropped(world, ours, appspec(theirs.shop.name)))
    assert deployment.outcome == ("Failed", "IAM_ROLE_PERMISSIONS")
    assert f"The IAM role {ours.role} does not give you permission" in deployment.message
    assert "locks" not in deployment.record
    assert world.alias(theirs.shop) == Alias("1", {})
    assert world.item(f"ALIAS#{theirs.shop.name}:live", "ALIAS") is None


def test_a_file_that_names_anothers_hook_does_not_run_it(world: World, ours: Team, theirs: Team) -> None:
    deployment = world.ended(dropped(world, ours, appspec(ours.shop.name, BeforeAllowTraffic=theirs.hook)))
    assert deployment.outcome == ("Failed", "IAM_ROLE_PERMISSIONS")
    assert deployment.timeline("HookCalled") == []
    assert world.alias(ours.shop) == Alias("1", {})


def test_a_group_cannot_borrow_the_role_of_another_team(world: World, ours: Team, theirs: Team) -> None:
    set_group(world, ours, "borrows", serviceRoleArn=theirs.role)
    deployment = world.ended(dropped(world, ours, appspec(theirs.shop.name), "borrows"))
    assert deployment.outcome == ("Failed", "IAM_ROLE_MISSING")
    assert f"Let it trust Weighbridge's roles with the external id '{ours.app.name}/borrows'" in deployment.message
    assert world.alias(theirs.shop) == Alias("1", {})
    assert world.ended(dropped(world, theirs, appspec(theirs.shop.name))).outcome == ("Succeeded", None)
    world.route(theirs.shop, "1")


def test_a_role_of_another_name_is_not_assumed_whomever_it_trusts(world: World, ours: Team, theirs: Team) -> None:
    open_to_all = world.role("OpenToTheAccount", trusting(ROOT_OF_ACCOUNT), allow("*", "*"))
    set_group(world, ours, "open", serviceRoleArn=open_to_all)
    deployment = world.ended(dropped(world, ours, appspec(theirs.shop.name), "open"))
    assert deployment.outcome == ("Failed", "IAM_ROLE_MISSING")
    assert world.alias(theirs.shop) == Alias("1", {})


def test_a_topic_of_another_team_is_not_written_to(world: World, ours: Team, theirs: Team) -> None:
    own, other = (Subscriber(world, f"{team.app.name}_news") for team in (ours, theirs))
    triggers = [trigger(other.topic, "theirs"), trigger(own.topic, "ours")]
    set_group(world, ours, "noisy", serviceRoleArn=ours.role, triggerConfigurations=triggers)
    deployment = world.ended(dropped(world, ours, appspec(ours.shop.name), "noisy"))
    own.until_told(f"SUCCEEDED: Weighbridge {deployment.id} ")
    assert other.told() == []
    world.route(ours.shop, "1")


def test_a_group_that_names_its_aliases_deploys_no_other(world: World, ours: Team) -> None:
    red = world.alarm(state="ALARM")
    guarded = {"alarmConfiguration": {"enabled": True, "alarms": [{"name": red}]}}
    set_group(world, ours, "guarded", serviceRoleArn=ours.role, aliases=[f"{ours.shop.name}:live"], **guarded)
    set_group(world, ours, "dev", serviceRoleArn=ours.role, aliases=[f"{ours.shop.name}:dev"])
    held = world.ended(dropped(world, ours, appspec(ours.shop.name), "guarded"))
    assert held.outcome == ("Stopped", "ALARM_ACTIVE")
    around = world.ended(dropped(world, ours, appspec(ours.shop.name), "dev"))
    assert around.outcome == ("Failed", "INVALID_LAMBDA_CONFIGURATION")
    assert f"add it to aliases in {ours.app.name}/dev/deployment-group.yaml" in around.message
    assert "locks" not in around.record
    assert world.alias(ours.shop) == Alias("1", {})


def test_an_alarm_of_another_team_is_not_read(world: World, ours: Team) -> None:
    red = world.alarm(state="ALARM")
    recipes = world.recipes(ours.app.name)
    reads_none = [
        statement for statement in recipes.rights["Statement"] if statement["Action"] != "cloudwatch:DescribeAlarms"
    ]
    blind = world.role(f"WeighbridgeServiceRole-{ours.app.name}-blind", recipes.trust, *reads_none)
    watched = {"enabled": True, "alarms": [{"name": red}]}
    set_group(world, ours, "watches", serviceRoleArn=ours.role, alarmConfiguration=watched)
    set_group(world, ours, "spies", serviceRoleArn=blind, alarmConfiguration=watched)
    read = world.ended(dropped(world, ours, appspec(ours.shop.name), "watches"))
    assert read.outcome == ("Stopped", "ALARM_ACTIVE")
    denied = world.ended(dropped(world, ours, appspec(ours.shop.name), "spies"))
    assert denied.outcome == ("Stopped", "CODEDEPLOY_RESOURCE_CANNOT_BE_FOUND")
    assert f"The IAM role {blind} does not give you permission" in denied.message
    assert "give the role cloudwatch:DescribeAlarms" in denied.message
    assert world.alias(ours.shop) == Alias("1", {})


def test_whoever_names_an_alarm_learns_that_it_fires(world: World, ours: Team) -> None:
    alarm = world.alarm()
    lenient = {"enabled": True, "alarms": [{"name": alarm}], "ignorePollAlarmFailure": True}
    set_group(world, ours, "listens", serviceRoleArn=ours.role, alarmConfiguration=lenient, deploymentConfigName="Endless")
    with world.denied(["CheckAlarms"], "sts:AssumeRole"):
        deployment_id = dropped(world, ours, appspec(ours.shop.name), "listens")
        world.in_bake(deployment_id)
        world.set_alarm(alarm, "ALARM")
        stopped = world.ended(deployment_id)
    assert stopped.outcome == ("Stopped", "ALARM_ACTIVE")
    assert world.rollback_of(stopped).outcome == ("Succeeded", None)
    [unread] = stopped.timeline("AlarmsRead")
    assert "could not be assumed" in unread["reason"]


def test_a_team_whose_name_begins_with_anothers(world: World, ours: Team, neighbours: Team) -> None:
    own, other = (Subscriber(world, f"{team.app.name}_events") for team in (ours, neighbours))
    triggers = [trigger(other.topic, "theirs"), trigger(own.topic, "ours")]
    set_group(world, ours, "noisy-too", serviceRoleArn=ours.role, triggerConfigurations=triggers)
    function = world.ended(dropped(world, ours, appspec(neighbours.shop.name), "noisy-too"))
    assert function.outcome == ("Failed", "IAM_ROLE_PERMISSIONS")
    assert world.item(f"ALIAS#{neighbours.shop.name}:live", "ALIAS") is None
    hook = world.ended(dropped(world, ours, appspec(ours.shop.name, BeforeAllowTraffic=neighbours.hook), "noisy-too"))
    assert hook.outcome == ("Failed", "IAM_ROLE_PERMISSIONS")
    assert hook.timeline("HookCalled") == []
    set_group(world, ours, "borrows-too", serviceRoleArn=neighbours.role)
    role = world.ended(dropped(world, ours, appspec(neighbours.shop.name), "borrows-too"))
    assert role.outcome == ("Failed", "IAM_ROLE_MISSING")
    put = world.cloud.client("s3", ours.pipeline).put_object
    assert refused(put, Bucket=world.bucket, Key=f"{neighbours.app.name}/prod/a.yaml", Body=b"{}")
    own.until_told(f"FAILED: Weighbridge {hook.id} ")
    assert other.told() == []
    assert world.alias(ours.shop) == world.alias(neighbours.shop) == Alias("1", {})
    # Nor is the longer name in the way of its own team.
    whole = appspec(neighbours.shop.name, BeforeAllowTraffic=neighbours.hook)
    assert world.ended(dropped(world, neighbours, whole)).outcome == ("Succeeded", None)
    world.route(neighbours.shop, "1")


# ------------------------------------------------------------------------------------------- keys and other calls


@pytest.mark.parametrize(
    "key", ["{0}/../{1}/prod/a.yaml", "{0}//prod/a.yaml", "{0}/prod/../../{1}/prod/a.yaml", "{0}/prod/./a.yaml"]
)
def test_a_key_that_would_leave_the_prefix_belongs_to_nothing(world: World, ours: Team, theirs: Team, key: str) -> None:
    before = {execution["name"] for execution in world.executions()}
    named = key.format(ours.app.name, theirs.app.name)
    world.put(named, appspec(theirs.shop.name), ours.pipeline)
    world.until(f"the refusal of {named}", lambda: f'"key":"{named}"' in world.log())
    assert {execution["name"] for execution in world.executions()} == before


def test_a_pipeline_may_drop_and_nothing_else(world: World, ours: Team, theirs: Team) -> None:
    def by_pipeline(service: str) -> Any:
        return world.cloud.client(service, ours.pipeline)

    put = by_pipeline("s3").put_object
    mine, other = f"{ours.app.name}/prod", f"{theirs.app.name}/prod"
    groups = [f"{mine}/deployment-group.{ending}" for ending in ("yaml", "yml", "json", "YAML")]
    keys = [*groups, f"{other}/a.yaml", f"{ours.app.name}-x/prod/a.yaml", "deployment-configs/a.yaml", "a.yaml"]
    assert [key for key in keys if not refused(put, Bucket=world.bucket, Key=key, Body=b"{}")] == []
    deployment_id = world.ended(dropped(world, theirs, "version: none")).id
    machine = world.outputs["StateMachineArn"]
    run = {"executionArn": machine.replace(":stateMachine:", ":execution:") + f":{deployment_id}"}
    table = {"TableName": world.outputs["TableName"]}
    stop = {"EventBusName": "weighbridge", "Source": "us", "DetailType": "Deployment Stop Requested", "Detail": "{}"}
    step = {"FunctionName": world.function_of("ShiftTraffic")}
    calls: list[tuple[Any, dict[str, Any]]] = [
        (by_pipeline("s3").get_object, {"Bucket": world.bucket, "Key": f"{other}/release.yaml"}),
        (by_pipeline("s3").delete_object, {"Bucket": world.bucket, "Key": f"{mine}/release.yaml"}),
        (by_pipeline("s3").list_objects_v2, {"Bucket": world.bucket}),
        (by_pipeline("events").put_events, {"Entries": [stop]}),
        (by_pipeline("stepfunctions").start_execution, {"stateMachineArn": machine, "input": "{}"}),
        (by_pipeline("stepfunctions").stop_execution, run),
        (by_pipeline("stepfunctions").get_execution_history, run),
        (by_pipeline("dynamodb").scan, table),
        (by_pipeline("dynamodb").put_item, table | {"Item": {"pk": {"S": "a"}, "sk": {"S": "a"}}}),
        (by_pipeline("lambda").invoke, step | {"InvocationType": "DryRun"}),
        (by_pipeline("lambda").update_alias, {"FunctionName": ours.shop.name, "Name": "live"}),
        (by_pipeline("logs").filter_log_events, {"logGroupName": "/aws/vendedlogs/states/Weighbridge"}),
        (by_pipeline("sts").assume_role, {"RoleArn": ours.role, "RoleSessionName": "us", "ExternalId": mine}),
    ]
    assert [call.__name__ for call, arguments in calls if not refused(call, **arguments)] == []


def test_an_owner_sets_its_own_groups_only(world: World, ours: Team, theirs: Team) -> None:
    put = world.cloud.client("s3", ours.owner).put_object
    group = {"Bucket": world.bucket, "Body": b"{}"}
    assert refused(put, **group, Key=f"{theirs.app.name}/prod/deployment-group.yaml")
    assert not refused(put, **group, Key=f"{ours.app.name}/another/deployment-group.yaml")


# ---------------------------------------------------------------------------------------------------- on the bus


def test_who_may_request_deploys_for_every_team(world: World, theirs: Team) -> None:
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec(theirs.shop.name)}}
    deployment = world.ended(world.request(theirs.app, {"revision": revision}))
    assert deployment.outcome == ("Succeeded", None)
    world.route(theirs.shop, "1")


def test_a_request_reads_other_buckets_by_the_role_of_the_group(world: World, ours: Team) -> None:
    s3, iam = world.client("s3"), world.client("iam")
    s3.create_bucket(Bucket="releases-of-others")
    s3.put_object(Bucket="releases-of-others", Key="a.yaml", Body=appspec(ours.shop.name).encode())
    location = {"bucket": "releases-of-others", "key": "a.yaml", "bundleType": "YAML"}
    request = {"revision": {"revisionType": "S3", "s3Location": location}}
    denied = world.ended(world.request(ours.app, request))
    assert denied.outcome == ("Failed", "IAM_ROLE_PERMISSIONS")
    assert f"The IAM role {ours.role} does not give you permission" in denied.message
    read = allow("s3:GetObject", "arn:aws:s3:::releases-of-others/*")
    name = ours.role.rpartition("/")[2]
    iam.put_role_policy(RoleName=name, PolicyName="reads", PolicyDocument=json.dumps({"Statement": [read]}))
    assert world.ended(world.request(ours.app, request)).outcome == ("Succeeded", None)
    world.route(ours.shop, "1")


def test_a_hook_may_report_and_not_request_or_stop(world: World, ours: Team) -> None:
    hook = world.user("reporting-hook", *world.recipes(ours.app.name).reports["Statement"])
    events = world.cloud.client("events", hook)

    def entry(kind: str, bus: str = "weighbridge") -> dict[str, str]:
        return {"EventBusName": bus, "Source": "hook", "DetailType": kind, "Detail": "{}"}

    report, others = "Lifecycle Event Hook Reported", ("Deployment Requested", "Deployment Stop Requested")
    assert not refused(events.put_events, Entries=[entry(report)])
    assert refused(events.put_events, Entries=[entry(report, "default")])
    for kind in others:
        assert refused(events.put_events, Entries=[entry(kind)])
        assert refused(events.put_events, Entries=[entry(report), entry(kind)])


def test_nobody_but_the_functions_leaves_a_dead_letter(world: World, theirs: Team) -> None:
    forger = world.cloud.client("sqs", world.user("forger", allow("sqs:*", "*")))
    urls = world.client("sqs").list_queues()["QueueUrls"]
    queues = {name: url for name in ("Events", "Unhandled", "Changes") for url in urls if f"Failures{name}" in url}
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec(theirs.shop.name)}}
    request = {"applicationName": theirs.app.name, "deploymentGroupName": "prod", "revision": revision}
    event = {
        "id": "forged",
        "detail-type": "Deployment Requested",
        "time": datetime.now(UTC).isoformat(),
        "detail": request,
    }
    receive = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{world.function_of('Receive')}"
    letter = json.dumps({"requestContext": {"functionArn": f"{receive}:$LATEST"}, "requestPayload": event})
    for url in queues.values():
        entry = {"Id": "1", "MessageBody": letter}
        assert refused(forger.send_message, QueueUrl=url, MessageBody=letter)
        assert refused(forger.send_message_batch, QueueUrl=url, Entries=[entry])
    # What a function fails on arrives, is handed to it again, and is handled.
    with world.broken("Receive"):
        event_id = world.send("Deployment Requested", request)
        world.until("the dead letter", lambda: "Delivered an event again" in world.log())
    assert world.ended(world.deployment_of(f"event {event_id}")).outcome == ("Succeeded", None)
    world.route(theirs.shop, "1")


@pytest.mark.parametrize("bus", ["default", "weighbridge"])
@pytest.mark.parametrize("source", ["aws.s3", "aws.cloudwatch", "aws.states"])
def test_nobody_can_speak_for_aws(world: World, bus: str, source: str) -> None:
    entry = {"EventBusName": bus, "Source": source, "DetailType": "Object Created", "Detail": "{}"}
    answer = world.client("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"


def _pattern(world: World, rule: str) -> str:
    [match] = [each for each in world.client("events").list_rules()["Rules"] if rule in each["Name"]]
    return str(match["EventPattern"])


RULES = {"ObjectDropped": "receive.object_created", "AlarmFired": "interrupt.alarm_fired", "ExecutionEnded": "reconcile.execution_ended"}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("ObjectDropped", {"source": "my.pipeline"}),
        ("ObjectDropped", {"detail": {"bucket": {"name": "somebody-elses"}, "object": {"key": "shop/prod/a.yaml"}}}),
        ("AlarmFired", {"source": "my.pipeline"}),
        ("AlarmFired", {"account": "210987654321"}),
        ("AlarmFired", {"region": "eu-central-1"}),
        ("ExecutionEnded", {"source": "my.pipeline"}),
        ("ExecutionEnded", {"detail": {"stateMachineArn": "somebody-elses", "status": "ABORTED", "name": "d-AAAAAAAAA"}}),
    ],
)
def test_a_forged_or_foreign_event_reaches_no_handler(world: World, rule: str, change: dict[str, Any]) -> None:
    text = (ROOT / "events" / f"{RULES[rule]}.json").read_text(encoding="utf-8")
    event = json.loads(text.replace("123456789012", ACCOUNT).replace("eu-west-1", REGION))
    if rule == "ObjectDropped":
        event["detail"]["bucket"]["name"] = world.bucket
    elif rule == "ExecutionEnded":
        event["detail"]["stateMachineArn"] = world.outputs["StateMachineArn"]
    test, pattern = world.client("events").test_event_pattern, _pattern(world, rule)
    assert test(EventPattern=pattern, Event=json.dumps(event))["Result"] is True
    assert test(EventPattern=pattern, Event=json.dumps(event | change))["Result"] is False


# ---------------------------------------------------------------------------------------------------- by the API


def _api(world: World, by: boto3.Session, service: str = SERVICE) -> Any:
    """A client of the API: our own by default, which signs for Lambda."""
    inner = get_session()
    inner.get_component("data_loader").search_paths.append(str(MODELS))
    keys = by.get_credentials()
    assert keys
    made = boto3.Session(keys.access_key, keys.secret_key, region_name=REGION, botocore_session=inner)
    return made.client(service, endpoint_url=world.outputs["ApiUrl"])  # type: ignore[call-overload]


def test_who_may_call_the_api_deploys_for_every_team_and_stands_in_the_record(world: World, theirs: Team) -> None:
    operator = world.user("operator", *world.recipes("any").calls["Statement"])
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec(theirs.shop.name)}}
    names = {"applicationName": theirs.app.name, "deploymentGroupName": "prod"}
    created = _api(world, operator).create_deployment(**names, revision=revision)
    deployment = world.ended(created["deploymentId"])
    assert deployment.outcome == ("Succeeded", None)
    assert deployment.record["requestedBy"] == f"arn:aws:iam::{ACCOUNT}:user/operator"
    world.route(theirs.shop, "1")
    # A stock client signs for CodeDeploy, which the URL does not take from users.
    with pytest.raises(ClientError, match="Credential should be scoped to correct service"):
        _api(world, operator, "codedeploy").list_applications()


def test_who_may_not_call_the_api_learns_nothing(world: World, ours: Team) -> None:
    assert refused(_api(world, ours.pipeline).list_applications)
    assert refused(_api(world, ours.owner).get_deployment, deploymentId="d-AAAAAAAAA")
    unsigned = Config(signature_version=UNSIGNED)
    attacker = boto3.client("codedeploy", endpoint_url=world.outputs["ApiUrl"], region_name=REGION, config=unsigned)
    with pytest.raises(ClientError) as caught:
        attacker.list_applications()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_the_api_is_reached_by_its_url_only(world: World) -> None:
    operator = world.user("other-operator", *world.recipes("any").calls["Statement"])
    assert not refused(_api(world, operator).list_applications)
    # Whoever makes the event up says who is calling.
    event = json.loads((ROOT / "events" / "api.get_deployment.json").read_text(encoding="utf-8"))
    event["requestContext"]["authorizer"]["iam"]["userArn"] = f"arn:aws:iam::{ACCOUNT}:user/somebody-else"
    invoke, api = world.cloud.client("lambda", operator).invoke, world.function_of("Api")
    for kind in ("RequestResponse", "Event", "DryRun"):
        assert refused(invoke, FunctionName=api, InvocationType=kind, Payload=json.dumps(event))
    assert refused(_api(world, world.user("half", world.recipes("any").calls["Statement"][0])).list_applications)
