"""What a request names: checked, and found. Reference: 1.1 and 1.5."""

from typing import Any

from weighbridge.api import wire
from weighbridge.api.operations import Request
from weighbridge.aws import settings
from weighbridge.core.groups import valid_name

MOST_NAMES = 100
"""How many things a batch may name."""


def name(request: Request, member: str) -> str:
    """The name that a member gives to an application, a group or a configuration."""
    given = request.arguments.get(member)
    if not given:
        raise wire.missing(request.operation, member)
    return _checked(request, member, given)


def names(request: Request, member: str) -> list[str]:
    """The names of a batch, each once, in the order given."""
    given = list(dict.fromkeys(request.arguments[member]))
    if len(given) > MOST_NAMES:
        raise wire.ApiError("BatchLimitExceededException", f"{member} may have at most {MOST_NAMES} names.")
    return [_checked(request, member, one) for one in given]


def _checked(request: Request, member: str, given: str) -> str:
    if not valid_name(given):
        raise wire.invalid(
            request.operation, member, f"'{given[:100]}' is no name: use 1 to 100 letters, digits and . _ + = , @ -"
        )
    return given


def application(request: Request) -> dict[str, Any]:
    """The application that a request names, as it is kept."""
    wanted = name(request, "applicationName")
    found = settings.application(wanted)
    if found is None:
        raise no_application(wanted)
    return found


def no_application(wanted: str) -> wire.ApiError:
    return wire.ApiError("ApplicationDoesNotExistException", f"No application found for name: {wanted}")


def group(request: Request, member: str = "deploymentGroupName") -> dict[str, Any]:
    """The group that a request names, as it is kept."""
    wanted = name(request, member)
    in_application = application(request)["applicationName"]
    found = settings.group_item(in_application, wanted)
    if found is None:
        raise wire.ApiError("DeploymentGroupDoesNotExistException", f"No Deployment Group found for name: {wanted}")
    return found
