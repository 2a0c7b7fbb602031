"""CloudFormation's stacks: the events of their status, and how their resources are described."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.workbench import Workbench, closed, until

TOPIC = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
PROVIDER = """
import http.client, json, os, urllib.parse, boto3
def handler(event, context):
    stack = {"StackName": event["StackId"], "LogicalResourceId": event["LogicalResourceId"]}
    try:
        found = boto3.client("cloudformation").describe_stack_resource(**stack)["StackResourceDetail"]["ResourceStatus"]
    except Exception as error:
        found = str(error)
    url = urllib.parse.urlsplit(event["ResponseURL"])
    answer = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    answer |= {"Status": "SUCCESS", "PhysicalResourceId": "mine-" + event["LogicalResourceId"], "Data": {"Found": found}}
    connection = http.client.HTTPConnection(url.netloc)
    connection.request("PUT", url.path, json.dumps(answer))
    connection.getresponse()
"""


def create(bench: Workbench, template: Any) -> dict[str, Any]:
    """A stack that is there."""
    name = bench.name("stack")
    stacks = bench.client("cloudformation")
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))

    def probe() -> dict[str, Any] | None:
        [stack] = stacks.describe_stacks(StackName=name)["Stacks"]
        return stack if stack["StackStatus"] == "CREATE_COMPLETE" else None

    return until(probe)


def test_bare_emulator_tells_nobody_of_a_stack(bare: Workbench) -> None:
    queue = bare.collector({"source": ["aws.cloudformation"]})
    create(bare, TOPIC)
    assert bare.collected(queue) == [], closed("stack_events")


def test_whoever_listens_is_told_of_a_stacks_status(filled: Workbench) -> None:
    statuses = {"status-details": {"status": ["CREATE_COMPLETE"]}}
    queue = filled.collector({"source": ["aws.cloudformation"], "detail": statuses})
    stack = create(filled, TOPIC)
    (event,) = until(lambda: [each for each in filled.collected(queue) if each["resources"] == [stack["StackId"]]])
    assert event["detail-type"] == "CloudFormation Stack Status Change"
    assert event["detail"] == {
        "stack-id": stack["StackId"],
        "status-details": {"status": "CREATE_COMPLETE", "status-reason": ""},
        "client-request-token": "",
    }


def custom(bench: Workbench) -> str:
    """What the provider of a custom resource was sent when it created it."""
    token = f"arn:aws:lambda:{bench.cloud.region}:000000000000:function:{bench.function(PROVIDER)}"
    resource = {"Type": "Custom::Mine", "Properties": {"ServiceToken": token}}
    stack = create(bench, {"Resources": {"Mine": resource}, "Outputs": {"Found": {"Value": {"Fn::GetAtt": "Mine.Found"}}}})
    [output] = stack["Outputs"]
    return str(output["OutputValue"])


def test_bare_emulator_describes_a_resource_once_it_is_there(bare: Workbench) -> None:
    assert "does not exist" in custom(bare), closed("stack_resources")


def test_a_resource_is_described_while_it_is_created(filled: Workbench) -> None:
    assert custom(filled) == "CREATE_IN_PROGRESS"


def test_bare_emulator_finds_no_stack_by_a_physical_id(bare: Workbench) -> None:
    create(bare, TOPIC)
    [topic] = bare.client("sns").list_topics()["Topics"][-1:]
    with pytest.raises(ClientError):
        bare.client("cloudformation").describe_stack_resources(PhysicalResourceId=topic["TopicArn"])


def test_a_physical_id_leads_to_the_stack_that_it_is_in(filled: Workbench) -> None:
    stack = create(filled, TOPIC)
    stacks = filled.client("cloudformation")
    [topic] = stacks.describe_stack_resources(StackName=stack["StackName"])["StackResources"]
    resources = stacks.describe_stack_resources(PhysicalResourceId=topic["PhysicalResourceId"])["StackResources"]
    assert [(each["StackId"], each["LogicalResourceId"]) for each in resources] == [(stack["StackId"], "Topic")]
    with pytest.raises(ClientError, match="does not exist"):
        stacks.describe_stack_resources(PhysicalResourceId="arn:aws:sns:us-east-1:000000000000:nobodys")
