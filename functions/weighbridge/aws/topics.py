"""SNS topics."""

from collections.abc import Sequence

from weighbridge.aws.clients import client_as
from weighbridge.aws.failures import translating
from weighbridge.core.errors import WeighbridgeError
from weighbridge.core.service_role import ServiceRole
from weighbridge.core.triggers import Message


def publish(messages: Sequence[Message], session_name: str, role: ServiceRole | None) -> None:
    """Sends every message, by the group's service role where it has one; what failed is raised once all were tried."""
    failures: list[WeighbridgeError] = []
    with translating("AmazonSNS", role):
        sns = client_as(role, session_name, "sns")
    for message in messages:
        try:
            with translating("AmazonSNS", role):
                sns.publish(TopicArn=message.topic_arn, Subject=message.subject, Message=message.body)
        except WeighbridgeError as error:
            failures.append(error)
    if failures:
        raise ExceptionGroup("Not every trigger could be sent.", failures)
