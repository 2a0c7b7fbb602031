"""Sends the messages of deployment groups' triggers: a second reader of the stream that `notify` reads.

Apart from it, so that a message that is tried again does not repeat what the bus was told. What may be sent later is tried
again, and ends in the dead-letter queue. What cannot be sent is logged and counted: tried again, it would only hold up what
comes after it, which may be another team's.
"""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import dynamodb, sns
from weighbridge.core.service_role import service_role
from weighbridge.core.triggers import messages
from weighbridge.environment import environment
from weighbridge.store import keys
from weighbridge.telemetry import count

logger = Logger()
processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """A batch of the table's stream in, with the records before and after each change; out, what has to come again."""
    return process_partial_response(event=event, record_handler=_send, processor=processor, context=context)


def _send(record: DynamoDBRecord) -> None:
    if not (sides := dynamodb.images(record.raw_event)):
        return
    old, new = sides
    if old and old["status"] == new["status"]:
        return  # nothing that a trigger tells: the group need not be read
    logger.append_keys(deploymentId=new["deploymentId"])
    group = dynamodb.get(keys.group_of(new)) or {}
    settings = group.get("settings", {})
    to_send = messages(
        old,
        new,
        settings.get("triggerConfigurations", []),
        region=record.raw_event["awsRegion"],
        account=environment.account_id,
    )
    if not to_send:
        return
    try:
        role = service_role(settings.get("serviceRoleArn"), new["applicationName"], new["deploymentGroupName"])
        refusals = sns.publish(to_send, new["deploymentId"], role)
    except Exception:
        logger.exception("Triggers not sent yet")  # the batch processor itself keeps it to the answer
        raise
    for refusal in refusals:
        logger.error("A trigger cannot be sent", extra={"reason": str(refusal)})
        count("TriggersRefused")
    logger.info("Triggers sent", extra={"messages": len(to_send) - len(refusals)})
