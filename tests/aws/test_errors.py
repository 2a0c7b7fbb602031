"""Every error of botocore's becomes one of ours; which one decides whether it is tried again and what a user reads."""

import botocore.session
import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from tests.aws.account import client_error
from weighbridge.aws import clients
from weighbridge.aws.errors import translating
from weighbridge.core.errors import (
    OwnRolePermissions,
    Retryable,
    RoleMissing,
    ServiceUnavailable,
    Throttled,
    WeighbridgeError,
)
from weighbridge.core.service_role import ServiceRole

ARN = "arn:aws:iam::123456789012:role/Deployer"
ROLE = ServiceRole(ARN, "shop-app/prod")
CODES = [
    ("TooManyRequestsException", 429, Throttled),
    ("ThrottlingException", 400, Throttled),
    ("Throttling", 400, Throttled),
    ("ThrottledException", 429, Throttled),
    ("RequestLimitExceeded", 400, Throttled),
    ("ProvisionedThroughputExceededException", 400, Throttled),
    ("TransactionInProgressException", 400, Throttled),
    ("SlowDown", 503, Throttled),
    ("LimitExceededException", 400, Throttled),
    ("AccessDeniedException", 403, OwnRolePermissions),
    ("AccessDenied", 403, OwnRolePermissions),
    ("UnauthorizedOperation", 403, OwnRolePermissions),
    ("ServiceException", 500, ServiceUnavailable),
    ("InternalServerError", 500, ServiceUnavailable),
    ("EC2ThrottledException", 502, ServiceUnavailable),
    ("ServiceUnavailable", 503, ServiceUnavailable),
    ("ConcurrentModificationException", 400, ServiceUnavailable),  # of a rule that two switch on at once
    ("ResourceConflictException", 409, ServiceUnavailable),
    ("TransactionConflictException", 400, ServiceUnavailable),
    ("ValidationException", 400, WeighbridgeError),
    ("InvalidRequestContentException", 400, WeighbridgeError),
    ("", 400, WeighbridgeError),
]


MODELLED = ("cloudwatch", "dynamodb", "events", "lambda", "s3", "sns", "stepfunctions", "sts")
"""The services that are called, whose models by AWS, which botocore carries, name their errors."""
COMMON = {"Throttling", "UnauthorizedOperation", "SlowDown", "ServiceUnavailable", ""}
"""What no model of theirs has: errors that AWS documents as common to all services, EC2's, S3's, and an answer without a body."""


def _translated(error: ClientError | BotoCoreError, role: ServiceRole | None = None) -> WeighbridgeError:
    with pytest.raises(WeighbridgeError) as caught, translating("AWSLambda", role):
        raise error
    assert caught.value.__cause__ is error
    return caught.value


@pytest.mark.parametrize(("code", "status", "expected"), CODES)
def test_a_code_becomes_one_of_our_errors(code: str, status: int, expected: type[WeighbridgeError]) -> None:
    assert type(_translated(client_error(code, "UpdateAlias", status))) is expected


def test_the_codes_and_their_statuses_are_of_awss_models() -> None:
    modelled: dict[str, set[int | None]] = {}
    for service in MODELLED:
        for shape in botocore.session.get_session().get_service_model(service).error_shapes:
            modelled.setdefault(shape.name, set()).add(shape.metadata.get("error", {}).get("httpStatusCode"))
    assert {code for code, _, _ in CODES if code not in modelled} == COMMON
    # Where no service's model says which status, any will do: it is the code that decides.
    with_status = {code: statuses for code, statuses in modelled.items() if None not in statuses}
    assert [(code, status) for code, status, _ in CODES if code in with_status and status not in with_status[code]] == []


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="x"),
        ConnectTimeoutError(endpoint_url="x"),
        ReadTimeoutError(endpoint_url="x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_broken_connection_may_heal(error: BotoCoreError) -> None:
    assert type(_translated(error)) is ServiceUnavailable


@pytest.mark.parametrize(
    "error", [ParamValidationError(report="Invalid bucket name"), NoCredentialsError()], ids=lambda e: type(e).__name__
)
def test_what_fails_before_any_request_fails_again(error: BotoCoreError) -> None:
    assert not isinstance(_translated(error), Retryable)


def test_a_bucket_name_that_cannot_be_is_not_asked_for_again() -> None:
    with pytest.raises(WeighbridgeError, match="Invalid bucket name") as caught, translating("AmazonS3"):
        clients.client("s3").get_object(Bucket="no bucket", Key="a")
    assert not isinstance(caught.value, Retryable)


def test_the_message_names_the_role_the_service_and_the_operation() -> None:
    denied = str(_translated(client_error("AccessDeniedException", "UpdateAlias", 403, "Not authorized."), ROLE))
    assert f"The IAM role {ARN} does not give you permission" in denied
    assert "AWS service: AWSLambda" in denied
    assert denied.endswith("(UpdateAlias: Not authorized.)")
    assert "The IAM role of Weighbridge" in str(_translated(client_error("AccessDenied", "UpdateAlias", 403)))
    throttled = str(_translated(client_error("TooManyRequestsException", "UpdateAlias", 429), ROLE))
    assert f"requests by the IAM role {ARN} exceeded the request limit for AWSLambda" in throttled
    assert str(_translated(client_error("Odd", "UpdateAlias"))) == "AWSLambda refused UpdateAlias: Odd Because."


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
def test_a_role_that_may_not_be_assumed_is_missing(code: str) -> None:
    missing = _translated(client_error(code, "AssumeRole", 403, "Not authorized."), ROLE)
    assert type(missing) is RoleMissing
    assert str(missing) == (
        f"The IAM role {ARN} could not be assumed: Not authorized. "
        "Let it trust Weighbridge's roles with the external id 'shop-app/prod', and see that its name matches "
        "the context value serviceRoles of this installation, and its account serviceRoleAccounts."
    )


def test_our_own_errors_pass() -> None:
    with pytest.raises(RoleMissing, match="ours"), translating("AWSLambda"):
        raise RoleMissing("ours")
