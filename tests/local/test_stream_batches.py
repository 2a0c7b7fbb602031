"""A DynamoDB stream whose function fails on one record."""

from typing import Any

from tests.local.test_callbacks import table
from tests.local.workbench import Workbench, closed, until

RAISES = """
    import boto3, json
    def handler(event, context):
        keys = [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]
        boto3.client("sqs").send_message(QueueUrl=QUEUE, MessageBody=json.dumps(keys))
        if "poison" in keys:
            raise ValueError(keys)
"""
REPORTS = RAISES.replace(
    "raise ValueError(keys)",
    """number = event["Records"][keys.index("poison")]["dynamodb"]["SequenceNumber"]
            return {"batchItemFailures": [{"itemIdentifier": number}]}""",
)


def streamed(bench: Workbench, source: str, **mapping: Any) -> tuple[str, str, str]:
    """A table with poison among five records, and a function on its stream: the queues of its batches and failures."""
    name, seen, failed = table(bench), bench.collector(), bench.collector()
    dynamodb = bench.client("dynamodb")
    dynamodb.update_table(
        TableName=name, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    )
    for key in ("a", "b", "poison", "c", "d"):
        dynamodb.put_item(TableName=name, Item={"pk": {"S": key}})
    bench.client("lambda").create_event_source_mapping(
        FunctionName=bench.function(source.replace("QUEUE", repr(seen))),
        EventSourceArn=dynamodb.describe_table(TableName=name)["Table"]["LatestStreamArn"],
        StartingPosition="TRIM_HORIZON",
        BatchSize=10,
        DestinationConfig={"OnFailure": {"Destination": bench.queue_arn(failed)}},
        **({"MaximumRetryAttempts": 1} | mapping),
    )
    return name, seen, failed


def batches(bench: Workbench, queue: str, last: str) -> list[list[str]]:
    """The batches that the function was given, up to the one that ends with that key."""
    read: list[Any] = []

    def complete() -> bool:
        read.extend(bench.collected(queue))
        return any(batch[-1] == last and "poison" not in batch for batch in read)

    until(complete)
    return read


def test_bare_emulator_takes_reported_failures_for_success(bare: Workbench) -> None:
    name, seen, _ = streamed(bare, REPORTS, FunctionResponseTypes=["ReportBatchItemFailures"])
    assert until(lambda: bare.collected(seen)) == [["a", "b", "poison", "c", "d"]]
    bare.client("dynamodb").put_item(TableName=name, Item={"pk": {"S": "e"}})
    assert until(lambda: bare.collected(seen)) == [["e"]], closed("stream_batches")


def test_reported_record_is_retried_alone_and_set_aside(filled: Workbench) -> None:
    _, seen, failed = streamed(
        filled, REPORTS, FunctionResponseTypes=["ReportBatchItemFailures"], BisectBatchOnFunctionError=True
    )
    read = batches(filled, seen, "d")
    assert read[0] == ["a", "b", "poison", "c", "d"]
    assert read.count(["poison"]) == 2
    assert [key for batch in read[1:] for key in batch if key in "ab"] == []
    (report,) = until(lambda: filled.collected(failed))
    assert report["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert report["DDBStreamBatchInfo"]["batchSize"] == 1


def test_failed_batch_is_split_until_the_record_is_found(filled: Workbench) -> None:
    _, seen, failed = streamed(filled, RAISES, BisectBatchOnFunctionError=True)
    read = batches(filled, seen, "d")
    assert ["a", "b"] in read
    assert read.count(["poison"]) == 2
    (report,) = until(lambda: filled.collected(failed))
    assert report["DDBStreamBatchInfo"]["batchSize"] == 1


def test_failed_batch_is_set_aside_whole_without_splitting(filled: Workbench) -> None:
    _, seen, failed = streamed(filled, RAISES)
    (report,) = until(lambda: filled.collected(failed))
    assert report["DDBStreamBatchInfo"]["batchSize"] == 5
    assert filled.collected(seen) == [["a", "b", "poison", "c", "d"]] * 2


def test_failed_batch_is_tried_until_it_is_too_old(filled: Workbench) -> None:
    _, seen, failed = streamed(filled, RAISES, MaximumRetryAttempts=-1, MaximumRecordAgeInSeconds=500)
    (report,) = until(lambda: filled.collected(failed), seconds=60)
    assert report["requestContext"]["condition"] == "MaxRecordAgeExceeded"
    assert len(filled.collected(seen)) > 2
