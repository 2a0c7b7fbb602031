"""SNS topics."""

from collections.abc import Sequence

from weighbridge.aws.clients import client_as
from weighbridge.aws.errors import translating
from weighbridge.core.errors import Retryable, WeighbridgeError
from weighbridge.core.service_role import ServiceRole
from weighbridge.core.triggers import Message


def publish(messages: Sequence[Message], session_name: str, role: ServiceRole | None) -> list[WeighbridgeError]:
    """Sends every message, by the group's service role where it has one.

    Returns why those that cannot be sent cannot: a topic is gone, the role may not, or is not to be assumed. What may work
    later is raised once all were tried.
    """
    try:
        with translating("AmazonSNS", role):
            sns = client_as(role, session_name, "sns")
    except Retryable:
        raise
    except WeighbridgeError as refusal:
        return [refusal]
    refusals, failures = list[WeighbridgeError](), list[Retryable]()
    for message in messages:
        try:
            with translating("AmazonSNS", role):
                sns.publish(TopicArn=message.topic_arn, Subject=message.subject, Message=message.body)
        except Retryable as failure:
            failures.append(failure)
        except WeighbridgeError as refusal:
            refusals.append(refusal)
    if failures:
        raise ExceptionGroup("Not every trigger could be sent.", failures)
    return refusals
