"""What Weighbridge relies on and the emulator does as AWS does, without a filler."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.test_callbacks import gate
from tests.local.test_recordings import missing_attribute
from tests.local.workbench import Workbench, closed, until


def table(bench: Workbench, **settings: Any) -> str:
    name = bench.name("table")
    bench.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": "S"} for attribute in ("pk", "sk", "open", "createTime")
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "open",
                "KeySchema": [
                    {"AttributeName": "open", "KeyType": "HASH"},
                    {"AttributeName": "createTime", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
        **settings,
    )
    return name


def item(pk: str, sk: str = "DEPLOYMENT", **attributes: str) -> dict[str, Any]:
    return {name: {"S": value} for name, value in ({"pk": pk, "sk": sk} | attributes).items()}


def test_transaction_tells_which_condition_failed(filled: Workbench) -> None:
    name, dynamodb = table(filled), filled.client("dynamodb")
    dynamodb.put_item(TableName=name, Item=item("lock", holder="d-1"))
    absent = {"TableName": name, "ConditionExpression": "attribute_not_exists(pk)"}
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as canceled:
        dynamodb.transact_write_items(
            TransactItems=[
                {"Put": absent | {"Item": item("d-2")}},
                {"Put": absent | {"Item": item("lock"), "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}},
            ]
        )
    reasons = canceled.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert reasons[1]["Item"]["holder"] == {"S": "d-1"}
    assert "Item" not in dynamodb.get_item(TableName=name, Key=item("d-2"))


def test_conditional_update_returns_the_item(filled: Workbench) -> None:
    name, dynamodb = table(filled), filled.client("dynamodb")
    dynamodb.put_item(TableName=name, Item=item("d-1", status="InProgress"))
    update = {
        "TableName": name,
        "Key": item("d-1"),
        "UpdateExpression": "SET interruption = :i, timeline = list_append(if_not_exists(timeline, :none), :entry)",
        "ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(interruption)",
        "ExpressionAttributeValues": {":i": {"S": "ALARM"}, ":none": {"L": []}, ":entry": {"L": [{"S": "x"}]}},
        "ReturnValues": "ALL_NEW",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    attributes = dynamodb.update_item(**update)["Attributes"]
    assert attributes == item("d-1", status="InProgress", interruption="ALARM") | {"timeline": {"L": [{"S": "x"}]}}
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as failed:
        dynamodb.update_item(**update)
    assert failed.value.response["Item"]["interruption"] == {"S": "ALARM"}


def test_sparse_index_holds_only_what_has_its_keys(filled: Workbench) -> None:
    name, dynamodb = table(filled), filled.client("dynamodb")
    for number, attributes in enumerate(({"open": "yes", "createTime": "2"}, {}, {"open": "yes", "createTime": "1"})):
        dynamodb.put_item(TableName=name, Item=item(f"d-{number}", more="m", **attributes))
    query = {
        "TableName": name,
        "IndexName": "open",
        "KeyConditionExpression": "#open = :yes",
        "ExpressionAttributeNames": {"#open": "open"},
        "ExpressionAttributeValues": {":yes": {"S": "yes"}},
    }
    assert dynamodb.query(**query)["Items"] == [
        item("d-2", open="yes", createTime="1"),
        item("d-0", open="yes", createTime="2"),
    ]
    dynamodb.update_item(
        TableName=name,
        Key=item("d-2"),
        UpdateExpression="REMOVE #open",
        ExpressionAttributeNames={"#open": "open"},
    )
    assert [item["pk"]["S"] for item in dynamodb.query(**query)["Items"]] == ["d-0"]


def test_filtered_stream_calls_a_function(filled: Workbench) -> None:
    queue = filled.collector()
    function = filled.function(f"""
        import boto3, json
        def handler(event, context):
            for record in event["Records"]:
                boto3.client("sqs").send_message(QueueUrl={queue!r}, MessageBody=json.dumps(record))
    """)
    name = table(filled, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    dynamodb = filled.client("dynamodb")
    filled.client("lambda").create_event_source_mapping(
        FunctionName=function,
        EventSourceArn=dynamodb.describe_table(TableName=name)["Table"]["LatestStreamArn"],
        StartingPosition="TRIM_HORIZON",
        BatchSize=10,
        FilterCriteria={"Filters": [{"Pattern": json.dumps({"dynamodb": {"Keys": {"sk": {"S": ["DEPLOYMENT"]}}}})}]},
    )
    dynamodb.put_item(TableName=name, Item=item("d-1", "EVENT"))
    dynamodb.put_item(TableName=name, Item=item("d-1", status="Created"))
    dynamodb.put_item(TableName=name, Item=item("d-1", status="Failed"))
    records: list[dict[str, Any]] = []

    def both() -> bool:
        records.extend(filled.collected(queue))
        return len(records) >= 2

    until(both)
    first, second = records
    assert (first["eventName"], second["eventName"]) == ("INSERT", "MODIFY")
    assert second["dynamodb"]["OldImage"]["status"] == {"S": "Created"}
    assert second["dynamodb"]["NewImage"]["status"] == {"S": "Failed"}


def test_failed_condition_of_a_gate_has_awss_name(filled: Workbench) -> None:
    name = filled.name("table")
    filled.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    states = gate(name)
    states["Gate"]["Arguments"]["ConditionExpression"] = "attribute_exists(pk)"
    assert filled.ended(filled.start(states, "Gate"))["error"] == "DynamoDb.ConditionalCheckFailedException"


def test_bare_emulator_names_what_no_model_has(bare: Workbench) -> None:
    assert missing_attribute(bare) != "DynamoDb.DynamoDbException", closed("sdk_errors")


def test_dry_run(filled: Workbench) -> None:
    function = filled.function("def handler(event, context): raise ValueError")
    functions = filled.client("lambda")
    assert functions.invoke(FunctionName=function, InvocationType="DryRun")["StatusCode"] == 204
    for missing in ({"FunctionName": "missing"}, {"FunctionName": function, "Qualifier": "9"}):
        with pytest.raises(ClientError) as refused:
            functions.invoke(InvocationType="DryRun", **missing)
        assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ({"End": {"Type": "Succeed"}}, "SUCCEEDED"),
        ({"End": {"Type": "Fail", "Error": "Broken", "Cause": "because"}}, "FAILED"),
    ],
)
def test_status_event_of_an_execution(filled: Workbench, states: dict[str, Any], status: str) -> None:
    machine = filled.machine(states, "End")
    queue = filled.collector({"source": ["aws.states"], "detail": {"stateMachineArn": [machine], "status": [status]}})
    execution = filled.client("stepfunctions").start_execution(stateMachineArn=machine, name="d-1", input='{"a": 1}')
    (event,) = until(lambda: filled.collected(queue))
    assert event["detail-type"] == "Step Functions Execution Status Change"
    assert event["resources"] == [execution["executionArn"]]
    detail = event["detail"]
    assert (detail["name"], detail["status"], detail["input"]) == ("d-1", status, '{"a": 1}')
    assert isinstance(detail["startDate"], int)
    assert isinstance(detail["stopDate"], int)
    assert (detail["error"], detail["cause"]) == (("Broken", "because") if status == "FAILED" else (None, None))


def test_execution_names_are_used_once(filled: Workbench) -> None:
    machine, steps = filled.machine({"End": {"Type": "Succeed"}}, "End"), filled.client("stepfunctions")
    steps.start_execution(stateMachineArn=machine, name="d-1", input="{}")
    with pytest.raises(steps.exceptions.ExecutionAlreadyExists):
        steps.start_execution(stateMachineArn=machine, name="d-1", input='{"other": 1}')


def test_bare_emulator_starts_nothing_twice(bare: Workbench) -> None:
    wait = {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}
    machine, steps = bare.machine(wait, "Wait"), bare.client("stepfunctions")
    steps.start_execution(stateMachineArn=machine, name="d-1", input="{}")
    try:
        steps.start_execution(stateMachineArn=machine, name="d-1", input="{}")
    except steps.exceptions.ExecutionAlreadyExists:
        return
    pytest.fail(closed("repeated_starts"))


def test_what_has_ended_is_not_started_again_with_the_same_input(filled: Workbench) -> None:
    machine, steps = filled.machine({"End": {"Type": "Succeed"}}, "End"), filled.client("stepfunctions")
    first = steps.start_execution(stateMachineArn=machine, name="d-1", input="{}")["executionArn"]
    filled.ended(first)
    with pytest.raises(steps.exceptions.ExecutionAlreadyExists):
        steps.start_execution(stateMachineArn=machine, name="d-1", input="{}")


def test_asynchronous_failure_goes_to_its_destination(filled: Workbench) -> None:
    queue, function = filled.collector(), filled.function("def handler(event, context): raise KeyError('x')")
    filled.client("lambda").put_function_event_invoke_config(
        FunctionName=function,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": filled.queue_arn(queue)}},
    )
    filled.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b'{"a": 1}')
    (report,) = until(lambda: filled.collected(queue))
    assert report["requestPayload"] == {"a": 1}
    assert report["responsePayload"]["errorType"] == "KeyError"


def test_events_of_a_custom_bus(filled: Workbench) -> None:
    bus, events = filled.name("bus"), filled.client("events")
    events.create_event_bus(Name=bus)
    queue, rule = filled.collector(), filled.name("rule")
    events.put_rule(Name=rule, EventBusName=bus, EventPattern='{"detail-type": ["Deployment Requested"]}')
    events.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "q", "Arn": filled.queue_arn(queue)}])
    entry = {"Source": "my.pipeline", "DetailType": "Deployment Requested", "Detail": '{"applicationName": "shop"}'}
    assert events.put_events(Entries=[entry | {"EventBusName": bus}])["FailedEntryCount"] == 0
    (event,) = until(lambda: filled.collected(queue))
    assert event["detail"] == {"applicationName": "shop"}


def test_unknown_alarm_is_simply_not_described(filled: Workbench) -> None:
    answer = filled.client("cloudwatch").describe_alarms(AlarmNames=["no-such-alarm"])
    assert (answer["MetricAlarms"], answer.get("CompositeAlarms", [])) == ([], [])


def test_reserved_source_is_refused_from_outside(filled: Workbench) -> None:
    answer = filled.client("events").put_events(Entries=[{"Source": "aws.states", "DetailType": "x", "Detail": "{}"}])
    assert answer["FailedEntryCount"] == 1
