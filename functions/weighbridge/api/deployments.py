"""Deployments that were started: get, list, stop. Reference: 1.2, 1.5 and 6.4."""

import itertools
from collections.abc import Mapping
from typing import Any

from weighbridge.api import arguments, pagination, protocol
from weighbridge.api.operations import Operation, Request
from weighbridge.api.protocol import ApiError
from weighbridge.aws.dynamodb import MOST_LISTED
from weighbridge.core.deployment import group_names, stamp
from weighbridge.core.ids import DEPLOYMENT_ID
from weighbridge.core.overview import deployment_info
from weighbridge.core.record import Status
from weighbridge.lifecycle import interrupt
from weighbridge.store import deployment_index, deployments

_STATUSES: tuple[Status, ...] = ("Created", "InProgress", "Succeeded", "Failed", "Stopped")
_STOPPED: Mapping[interrupt.Stopped, tuple[str, str]] = {
    "Stopped": ("Succeeded", "No more commands will be scheduled for execution in the deployment instances"),
    "Stopping": ("Pending", "The deployment is being stopped: what is in progress ends first, and nothing follows it."),
    "Released": (
        "Pending",
        "The rollback is given up: the alias is left as it is, and the deployment ends within five minutes.",
    ),
}
"""Status and message of what became of a stop request."""


def get_deployment(request: Request) -> Mapping[str, Any]:
    return {"deploymentInfo": deployment_info(arguments.deployment(request))}


def batch_get_deployments(request: Request) -> Mapping[str, Any]:
    """Those of the deployments that are there, in the order in which they were asked for."""
    deployment_ids = arguments.batch(request, "deploymentIds")
    for deployment_id in deployment_ids:
        arguments.deployment_id(deployment_id)
    records = deployments.get_all(deployment_ids)
    answer = protocol.fitting(
        deployment_info(records[deployment_id])
        for deployment_id in dict.fromkeys(deployment_ids)
        if deployment_id in records
    )
    if len(answer) < len(records):
        # The output has no member that could say what is left out.
        raise ApiError("BatchLimitExceededException", "The deployments do not fit into one answer; ask for fewer at once.")
    return {"deploymentsInfo": answer}


def list_deployments(request: Request) -> Mapping[str, Any]:
    """The ids of deployments, newest first."""
    groups = _group_filter(request)
    since, until = _time_range(request)
    listing = f"DEPLOYMENTS#{groups[0] if groups else ''}"
    after = pagination.position(request, listing, f"{pagination.TIME}#{DEPLOYMENT_ID.pattern}")
    if "externalId" in request.arguments:
        if not request.arguments["externalId"]:
            raise ApiError("InvalidExternalIdException", "externalId is empty; give one, or leave it out.")
        return {"deployments": []}  # nothing outside is linked to deployments here
    asked_for = request.arguments.get("includeOnlyStatuses") or _STATUSES
    # A deployment to Lambda never is Queued, Baking or Ready.
    statuses = [status for status in _STATUSES if status in asked_for]
    entries = deployment_index.deployments(groups, statuses, since=since, until=until, after=after)
    page = list(itertools.islice(entries, MOST_LISTED))
    more = next(entries, None)
    return {
        "deployments": [deployment_id for _, deployment_id in page],
        "nextToken": pagination.token(listing, "#".join(page[-1])) if more else None,
    }


def _group_filter(request: Request) -> list[str] | None:
    """The group whose deployments are asked for, by its id and by its names, which come together or not at all.

    By its names are those that failed for want of it, which are listed whether it is there by now or not.
    """
    if "applicationName" not in request.arguments:
        if "deploymentGroupName" in request.arguments:
            raise ApiError("ApplicationNameRequiredException", "Give applicationName with deploymentGroupName.")
        return None
    if "deploymentGroupName" not in request.arguments:
        raise ApiError("DeploymentGroupNameRequiredException", "Give deploymentGroupName with applicationName.")
    by_names = group_names(request.arguments["applicationName"], request.arguments["deploymentGroupName"])
    try:
        return [arguments.group(request)["deploymentGroupId"], by_names]
    except ApiError:
        if next(deployment_index.deployments([by_names], _STATUSES), None) is None:
            raise
        return [by_names]


def _time_range(request: Request) -> tuple[str | None, str | None]:
    time_range = request.arguments.get("createTimeRange", {})
    start, end = time_range.get("start"), time_range.get("end")
    if start and end and start > end:
        raise ApiError("InvalidTimeRangeException", "createTimeRange: start is later than end; exchange them.")
    return stamp(start) if start else None, stamp(end) if end else None


def stop_deployment(request: Request) -> Mapping[str, Any]:
    """Succeeded where nothing more is done after what the deployment waits for, Pending where a step is being taken."""
    record = arguments.deployment(request)
    stopped = interrupt.stop(record, request.now, auto_rollback=request.arguments.get("autoRollbackEnabled"))
    status, message = _STOPPED[stopped]
    return {"status": status, "statusMessage": message}


OPERATIONS: Mapping[str, Operation] = {
    "GetDeployment": get_deployment,
    "BatchGetDeployments": batch_get_deployments,
    "ListDeployments": list_deployments,
    "StopDeployment": stop_deployment,
}
