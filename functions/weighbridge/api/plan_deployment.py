"""What a deployment would do: Weighbridge's own addition to the API."""

from collections.abc import Mapping
from typing import Any

from weighbridge.api import arguments
from weighbridge.api.create_deployment import overrides_of, refuse_what_servers_have, revision_of
from weighbridge.api.operations import Operation, Request
from weighbridge.core.deployment import BY_API, created
from weighbridge.core.ids import deployment_id
from weighbridge.lifecycle import preview


def plan_deployment(request: Request) -> Mapping[str, Any]:
    """Takes what CreateDeployment takes, and writes nothing: what would keep the deployment from success is a finding."""
    application, group = (arguments.name(request, member) for member in ("applicationName", "deploymentGroupName"))
    refuse_what_servers_have(request)
    overrides = overrides_of(request)
    if "deploymentConfigName" in request.arguments:
        overrides["deploymentConfigName"] = arguments.name(request, "deploymentConfigName")
    identity = f"{BY_API} of nothing"
    record = created(
        deployment_id(identity),
        identity,
        application=application,
        group=group,
        revision=revision_of(request, application),
        overrides=overrides,
        now=request.now,
        caller=request.caller,
    )
    return {"plan": preview.preview(record)}


OPERATIONS: Mapping[str, Operation] = {"PlanDeployment": plan_deployment}
