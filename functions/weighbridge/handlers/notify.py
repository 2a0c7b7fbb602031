"""Notifies others of what has become of a deployment, and of what was refused, by the changes in the table's stream.

How deployments end is counted here, too, so that no end is missed, whoever closed the record.

Apart from the deployment's own path, so that a notification that fails delays nothing: it is tried again from the stream,
and ends in the dead-letter queue.
"""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import eventbridge
from weighbridge.aws.dynamodb import images
from weighbridge.core.errors import WeighbridgeError
from weighbridge.core.metrics import ends
from weighbridge.core.notifications import Notification, notifications, refused
from weighbridge.telemetry import count

logger = Logger()
processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """A batch of the table's stream in, with the records before and after each change; out, what has to come again."""
    return process_partial_response(event=event, record_handler=_tell, processor=processor, context=context)


def _tell(record: DynamoDBRecord) -> None:
    if not (sides := images(record.raw_event)):
        return
    old, new = sides
    if record.raw_event["dynamodb"]["Keys"]["sk"]["S"] == "REFUSAL":
        _publish([refused(new, record.raw_event["awsRegion"])])
        return
    logger.append_keys(deploymentId=new["deploymentId"])
    _publish(notifications(old, new, record.raw_event["awsRegion"]))
    for metric in ends(old, new):
        count(metric)


def _publish(news: list[Notification]) -> None:
    if not news:
        return
    try:
        eventbridge.publish(news)
    except WeighbridgeError:
        logger.exception("Not notified yet")  # the batch processor itself keeps it to the answer
        raise
    logger.info("Notified", extra={"notifications": [notification.detail_type for notification in news]})
