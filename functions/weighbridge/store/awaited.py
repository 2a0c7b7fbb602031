"""Who waits for the end of a deployment, in the table, until it has been told. No pydantic."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from weighbridge.aws import dynamodb
from weighbridge.aws.dynamodb import Expression
from weighbridge.core.awaited import Awaited
from weighbridge.core.deployment import stamp
from weighbridge.store import keys

OPEN = "awaited"
"""Under which they are listed in the index of what is open."""


def keep(identity: str, token: str, now: datetime) -> None:
    """Who waits by `token` for the deployment that `identity` asks for, in place of who has waited for it before.

    A write that takes effect late, of a try that was given up, does not come before the one that waits by now.
    """
    expression, time = Expression(), stamp(now)
    for name, value in {"taskToken": token, "createTime": time, "open": OPEN}.items():
        expression.set(name, value)
    is_newest = f"{expression.absent('createTime')} OR {expression.at_most('createTime', time)}"
    dynamodb.update(expression.update(keys.awaited(identity), is_newest))


def get(identity: str) -> Awaited | None:
    return cast("Awaited | None", dynamodb.get(keys.awaited(identity)))


def delete(identity: str, token: str) -> None:
    """Forgets who waited by `token`; not who waits by another one by now."""
    expression = Expression()
    condition = expression.condition(expression.equals("taskToken", token))
    dynamodb.transact([{"Delete": {"TableName": dynamodb.name(), "Key": keys.awaited(identity), **condition}}])


def identities() -> Sequence[str]:
    """The identities of the deployments of whose end somebody is still to be told, those first that have waited longest."""
    return [keys.awaited_in(key) for key in dynamodb.open_keys(OPEN)]
