"""Tells the world what has become of a deployment: one event for every news in the stream of its record's changes.

Apart from the deployment's own path, so that a notification that fails delays nothing: it is tried again from the stream,
and ends in the dead-letter queue.
"""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import events
from weighbridge.aws.table import plain
from weighbridge.core.notifications import notifications

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    """A batch of the table's stream in, with the records before and after each change."""
    for change in event["Records"]:
        images = change["dynamodb"]
        if "NewImage" not in images:
            continue
        old = plain(images["OldImage"]) if "OldImage" in images else None
        new = plain(images["NewImage"])
        logger.append_keys(deploymentId=new["deploymentId"])
        news = notifications(old, new, change["awsRegion"])
        if news:
            events.publish(news)
            logger.info("Notified", extra={"notifications": [notification.detail_type for notification in news]})
