"""Applications. Reference: 1.2 and 1.5."""

from collections.abc import Mapping
from typing import Any

from weighbridge.api import arguments, pagination, protocol, tags
from weighbridge.api.operations import Operation, Request
from weighbridge.core.deployment import stamp
from weighbridge.store import renames, settings


def create_application(request: Request) -> Mapping[str, Any]:
    name = arguments.name(request, "applicationName")
    arguments.compute_platform(request)
    created = settings.create_application(name, tags.given(request, "tags"), stamp(request.now))
    if created is None:
        raise _taken(name)
    return {"applicationId": created}


def get_application(request: Request) -> Mapping[str, Any]:
    return {"application": _info(arguments.application(request))}


def batch_get_applications(request: Request) -> Mapping[str, Any]:
    names = arguments.names(request, "applicationNames")
    items = {item["applicationName"]: item for item in settings.applications(names)}
    for name in names:
        if name not in items:
            raise arguments.no_application(name)
    return {"applicationsInfo": [_info(items[name]) for name in names]}


def list_applications(request: Request) -> Mapping[str, Any]:
    names, token = pagination.names(request, settings.APPLICATIONS)
    return {"applications": names, "nextToken": token}


def update_application(request: Request) -> Mapping[str, Any]:
    """Renames an application; its platform cannot change, so there is nothing else to update."""
    application = arguments.application(request)
    name = application["applicationName"]
    new_name = arguments.name(request, "newApplicationName") if "newApplicationName" in request.arguments else name
    if new_name == name:
        return {}
    match renames.rename_application(name, new_name, application):
        case "taken":
            raise _taken(new_name)
        case "busy":
            raise protocol.invalid(
                request.operation,
                "applicationName",
                f"The application {name} cannot be renamed while one of its groups is being deployed or changed: "
                "try again afterwards.",
            )
    return {}


def delete_application(request: Request) -> Mapping[str, Any]:
    settings.delete_application(arguments.name(request, "applicationName"))
    return {}


def _taken(name: str) -> protocol.ApiError:
    return protocol.ApiError("ApplicationAlreadyExistsException", f"There is an application named {name} already.")


def _info(application: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**application, "linkedToGitHub": False}


OPERATIONS: Mapping[str, Operation] = {
    "CreateApplication": create_application,
    "GetApplication": get_application,
    "BatchGetApplications": batch_get_applications,
    "ListApplications": list_applications,
    "UpdateApplication": update_application,
    "DeleteApplication": delete_application,
}
