"""boto3 clients, made when first needed: a handler pays only for the services on its path."""

from functools import cache
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config

from weighbridge.core.service_role import ServiceRole

# A lost connection is noticed in seconds and tried again, well inside every function's own time-out; what stays
# throttled for longer is left to the state machine's retries, which cost nothing while they wait.
PATIENCE = Config(connect_timeout=3, read_timeout=8, retries={"mode": "standard", "total_max_attempts": 4})
# The table answers in milliseconds or not at all. Traffic goes back even if it does not, so that time must be left for it.
_IMPATIENCE = {"dynamodb": Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 4})}


_MAKING = Lock()
"""Clients may be shared by threads, but not made by several at once."""


@cache
def client(service: str) -> Any:
    """The process's client of a service, by the function's own role."""
    with _MAKING:
        return boto3.client(service, config=_IMPATIENCE.get(service, PATIENCE))  # type: ignore[call-overload]


def client_as(role: ServiceRole | None, session_name: str, service: str, config: Config = PATIENCE) -> Any:
    """A client for one deployment: by the group's service role where it has one, else by the function's own role.

    The session is named after the deployment, so that CloudTrail shows which deployment moved an alias, and its external id
    tells the role for which group. Assumed credentials expire, so they are fetched anew each time. Raises botocore's
    ClientError when the role cannot be assumed.
    """
    if role is None:
        return client(service) if config is PATIENCE else boto3.client(service, config=config)  # type: ignore[call-overload]
    assumed = client("sts").assume_role(RoleArn=role.arn, RoleSessionName=session_name, ExternalId=role.external_id)[
        "Credentials"
    ]
    return boto3.client(  # type: ignore[call-overload]
        service,
        config=config,
        aws_access_key_id=assumed["AccessKeyId"],
        aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"],
    )
