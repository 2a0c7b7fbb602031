"""What became of dropped files that are no deployments, and how far the bucket has been looked through."""

from datetime import datetime

from weighbridge.aws import dynamodb
from weighbridge.aws.dynamodb import Expression
from weighbridge.core.deployment import stamp
from weighbridge.environment import environment
from weighbridge.store import keys


def note_taken_over(identity: str, now: datetime) -> None:
    """Keeps that the file of a group or configuration, of that identity, was received and is in force or was overtaken."""
    dynamodb.create(keys.settings_file(identity), {"identity": identity, "time": stamp(now)})


def is_taken_over(identity: str) -> bool:
    return dynamodb.get(keys.settings_file(identity)) is not None


def listed_up_to() -> str:
    """The key after which the bucket has still to be looked through; empty where that begins anew."""
    return str((dynamodb.get(keys.bucket(environment.bucket_name)) or {}).get("after", ""))


def keep_listed_up_to(key: str) -> None:
    expression = Expression()
    expression.set("after", key)
    dynamodb.update(expression.update(keys.bucket(environment.bucket_name)))
