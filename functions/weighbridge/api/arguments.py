"""What a request names or sends: read and checked, with CodeDeploy's own exceptions. Reference: 1.1, 1.5 and 1.6."""

from typing import Any

from weighbridge.api import protocol
from weighbridge.api.operations import Request
from weighbridge.api.protocol import ApiError
from weighbridge.core.errors import DeploymentMissing
from weighbridge.core.ids import DEPLOYMENT_ID
from weighbridge.core.names import LONGEST_DESCRIPTION, valid_name
from weighbridge.core.record import Record
from weighbridge.store import deployments, settings

MOST_NAMES = 100
"""How many things a batch may name."""
MOST_AT_ONCE = 25
"""Deployments, revisions or instances that a batch may ask for."""


def name(request: Request, member: str) -> str:
    """The name that a member gives to an application, a group or a configuration."""
    value = request.arguments.get(member)
    if not value:
        raise protocol.missing(request.operation, member)
    return _valid_name(request, member, value)


def names(request: Request, member: str) -> list[str]:
    """The names of a batch, each once, in the order given."""
    values = list(dict.fromkeys(request.arguments[member]))
    if len(values) > MOST_NAMES:
        raise ApiError("BatchLimitExceededException", f"{member} may have at most {MOST_NAMES} names.")
    return [_valid_name(request, member, value) for value in values]


def _valid_name(request: Request, member: str, value: str) -> str:
    if not valid_name(value):
        raise protocol.invalid(
            request.operation,
            member,
            f"'{value[:100]}' is not a valid name: use 1 to 100 letters, digits and . _ + = , @ -",
        )
    return value


def application(request: Request) -> dict[str, Any]:
    """The application that a request names, as it is kept."""
    application_name = name(request, "applicationName")
    item = settings.application(application_name)
    if item is None:
        raise no_application(application_name)
    return item


def no_application(application_name: str) -> ApiError:
    return ApiError("ApplicationDoesNotExistException", f"No application found for name: {application_name}")


def group(request: Request, member: str = "deploymentGroupName") -> dict[str, Any]:
    """The group that a request names, as it is kept."""
    group_name = name(request, member)
    in_application = application(request)["applicationName"]
    item = settings.group_item(in_application, group_name)
    if item is None:
        raise ApiError("DeploymentGroupDoesNotExistException", f"No Deployment Group found for name: {group_name}")
    return item


def compute_platform(request: Request) -> None:
    """Refuses every platform but Lambda, which is meant where it is left out. Decision 8."""
    platform = request.arguments.get("computePlatform", "Lambda")
    if platform != "Lambda":
        message = f"ComputePlatform '{platform}' is not valid. Valid values are [Lambda]: pass computePlatform Lambda."
        raise protocol.invalid(request.operation, "computePlatform", message)


def batch(request: Request, member: str) -> list[Any]:
    """What a batch asks for; that there is something has been checked, since the model requires it."""
    values: list[Any] = request.arguments[member]
    if len(values) > MOST_AT_ONCE:
        raise ApiError("BatchLimitExceededException", f"{member} may have at most {MOST_AT_ONCE}, not {len(values)}.")
    return values


def deployment_id(value: str) -> str:
    if not value:
        raise ApiError("DeploymentIdRequiredException", "The deployment ID is empty; give one.")
    if not DEPLOYMENT_ID.fullmatch(value):
        raise ApiError(
            "InvalidDeploymentIdException",
            f"'{value[:100]}' is not a valid deployment ID: give d- and nine upper-case letters or digits.",
        )
    return value


def deployment(request: Request) -> Record:
    """The record of the deployment that `deploymentId` names."""
    try:
        return deployments.existing(deployment_id(str(request.arguments.get("deploymentId", ""))))
    except DeploymentMissing as error:
        raise ApiError("DeploymentDoesNotExistException", str(error)) from error


def description(request: Request) -> str | None:
    value: str | None = request.arguments.get("description")
    if value is not None and len(value) > LONGEST_DESCRIPTION:
        raise ApiError(
            "DescriptionTooLongException",
            f"The description has {len(value)} characters; at most {LONGEST_DESCRIPTION} are allowed.",
        )
    return value
