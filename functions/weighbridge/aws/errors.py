"""The one place where botocore's errors become ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as NoConnection

from weighbridge.core.errors import (
    OwnRolePermissions,
    RecordFull,
    RoleMissing,
    RolePermissions,
    ServiceUnavailable,
    Throttled,
    WeighbridgeError,
)
from weighbridge.core.service_role import ServiceRole

_THROTTLES = {
    "TooManyRequestsException",
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "RequestLimitExceeded",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
    "SlowDown",
    "Throttled",
}
# Another operation on the same thing is in progress.
_BUSY = {
    "ConcurrentModificationException",
    "ResourceConflictException",
    "TransactionConflictException",
    "TransactionConflict",
}
_DENIALS = {"AccessDeniedException", "AccessDenied", "UnauthorizedOperation"}
_SERVER_ERRORS = 500


def code_of(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _reason_of(error: ClientError) -> str:
    """The code, or of a cancelled transaction: what cancelled it."""
    reasons = [reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])]
    return next((reason for reason in reasons if reason != "None"), code_of(error))


def _is_of_size(error: ClientError) -> bool:
    """Whether an item would become too large: DynamoDB has no code of its own for that, only this text."""
    reasons = [error.response.get("Error", {}), *error.response.get("CancellationReasons", [])]
    return any(str(each.get("Message") or "").startswith("Item size ") for each in reasons)


def translated(error: ClientError | BotoCoreError, service: str, role: ServiceRole | None = None) -> WeighbridgeError:
    """Our error for one of botocore's that no caller expected; `service` is spelled as in CodeDeploy's messages."""
    if isinstance(error, HTTPClientError | NoConnection | IncompleteReadError):
        return ServiceUnavailable(f"{service} could not be reached: {error}")
    if isinstance(error, BotoCoreError):  # it failed before any request was sent, and so it would again
        return WeighbridgeError(f"{service} could not be asked: {error}")
    code, message = _reason_of(error), error.response.get("Error", {}).get("Message", "")
    if _is_of_size(error):
        return RecordFull(f"{service} refused {error.operation_name}: {message}")
    name = role.arn if role else "of Weighbridge"
    if role and error.operation_name == "AssumeRole" and code in _DENIALS:
        return RoleMissing(
            f"The IAM role {name} could not be assumed: {message} "
            f"Let it trust Weighbridge's roles with the external id {role.external_id!r}, and see that its name matches "
            "the context value serviceRoles of this installation, and its account serviceRoleAccounts."
        )
    if code in _THROTTLES or code.endswith("LimitExceededException") or ("KMS" in code and "Throttling" in code):
        return Throttled(
            f"The deployment failed because the number of requests by the IAM role {name} exceeded the request limit "
            f"for {service}. Avoid retrying API requests at a high rate."
        )
    if code in _DENIALS:
        kind = RolePermissions if role else OwnRolePermissions
        return kind(
            f"The IAM role {name} does not give you permission to perform operations in the following AWS service: "
            f"{service}. Contact your AWS administrator if you need help. If you are an AWS administrator, you can grant "
            f"permissions to your users or groups by creating IAM policies. ({error.operation_name}: {message})"
        )
    if code in _BUSY or error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= _SERVER_ERRORS:
        return ServiceUnavailable(f"{service} answered {code} to {error.operation_name}: {message}")
    return WeighbridgeError(f"{service} refused {error.operation_name}: {code} {message}")


@contextmanager
def translating(service: str, role: ServiceRole | None = None) -> Iterator[None]:
    """Every botocore error that leaves the block is one of ours."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise translated(error, service, role) from error
