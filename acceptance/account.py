"""The account that is asked: the one of the credentials in the environment, as for the AWS CLI and the CDK."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from acceptance.lines import reason

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_WRONG = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "AuthFailure",
    "InvalidAccessKeyId",
}


class NoAccount(Exception):
    """There is no account to ask; the message says what to do about it."""


@dataclass(frozen=True)
class Account:
    """`id` is for requests only, and neither printed nor written."""

    session: boto3.Session
    region: str
    partition: str
    id: str
    profile: str | None = None

    def client(self, service: str) -> Any:
        return _client(self.session, service)


@cache
def _client(session: boto3.Session, service: str) -> Any:
    config = Config(retries={"mode": "standard", "max_attempts": 3}, max_pool_connections=50)
    if endpoint():
        # No name resolves below an emulator's address, so that its buckets are addressed by path.
        config = config.merge(Config(s3={"addressing_style": "path"}))
    return session.client(service, config=config)  # type: ignore[call-overload]


def endpoint() -> str:
    """The URL of an emulator that the environment leads to; empty where it leads to AWS."""
    return os.environ.get("AWS_ENDPOINT_URL", "")


def opened(profile: str | None = None) -> Account:
    """The account, which has been asked who calls. Raises NoAccount."""
    try:
        # boto3 does not know AWS_REGION, which the CDK CLI looks at first.
        session = boto3.Session(profile_name=profile, region_name=os.environ.get("AWS_REGION"))
        if not session.region_name:
            raise NoRegionError
        return of_session(session, profile)
    except (BotoCoreError, ClientError) as error:
        raise NoAccount(_sentence(error)) from error


def of_session(session: boto3.Session, profile: str | None = None) -> Account:
    """The account of a session that has a region. Raises ClientError and BotoCoreError."""
    caller = _client(session, "sts").get_caller_identity()
    return Account(session, str(session.region_name), caller["Arn"].split(":")[1], caller["Account"], profile)


def _sentence(error: BotoCoreError | ClientError) -> str:
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    match error:
        case NoRegionError():
            return "No region is set: name one, as in `AWS_REGION=eu-west-1 make preflight`."
        case NoCredentialsError() | PartialCredentialsError():
            return "There are no AWS credentials: sign in as for the AWS CLI, or name a profile by --profile."
        case ProfileNotFound():
            return f"{error}: `aws configure list-profiles` lists those that there are."
        case SSOError() | TokenRetrievalError():
            return "Your single sign-on session is over: sign in again by `aws sso login`."
        case EndpointConnectionError():
            return f"AWS could not be reached: {error}"
    if code in _EXPIRED:
        return "Your credentials have expired: sign in again."
    if code in _WRONG:
        return "AWS does not know your credentials: sign in again, or name another profile by --profile."
    return f"AWS was asked who you are, and answered {reason(error)}"
