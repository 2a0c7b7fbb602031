"""Clients of AWS, made when first needed: a handler pays only for the services on its path.

By botocore's own session: boto3 makes the same clients, but loads its resources and transfers, too, which nothing here uses
and every cold start would wait for.
"""

from functools import cache
from threading import Lock
from typing import Any

from botocore.config import Config
from botocore.session import Session

from weighbridge.core.service_role import ServiceRole

# A lost connection is noticed in seconds and tried again, well inside every function's own time-out; what stays
# throttled for longer is left to the state machine's retries, which cost nothing while they wait.
PATIENCE = Config(connect_timeout=3, read_timeout=8, retries={"mode": "standard", "total_max_attempts": 4})
# The table answers in milliseconds or not at all. Traffic goes back even if it does not, so that time must be left for it.
_IMPATIENCE = {"dynamodb": Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 4})}
_MAKING = Lock()
"""Clients may be shared by threads, but not made by several at once."""


@cache
def session() -> Session:
    """What all clients of the process are made by: it reads the models and the function's own credentials once."""
    return Session()


def _made(service: str, config: Config, **credentials: Any) -> Any:
    with _MAKING:
        return session().create_client(service, config=config, **credentials)


@cache
def client(service: str) -> Any:
    """The process's client of a service, by the function's own role."""
    return _made(service, _IMPATIENCE.get(service, PATIENCE))


def client_as(role: ServiceRole | None, session_name: str, service: str, config: Config = PATIENCE) -> Any:
    """A client for one deployment: by the group's service role where it has one, else by the function's own role.

    The session is named after the deployment, so that CloudTrail shows which deployment moved an alias, and its external id
    tells the role for which group. Assumed credentials expire, so they are fetched anew each time. Raises botocore's
    ClientError when the role cannot be assumed.
    """
    if role is None:
        return client(service) if config is PATIENCE else _made(service, config)
    assumed = client("sts").assume_role(RoleArn=role.arn, RoleSessionName=session_name, ExternalId=role.external_id)[
        "Credentials"
    ]
    return _made(
        service,
        config,
        aws_access_key_id=assumed["AccessKeyId"],
        aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"],
    )
