"""What hook functions report. Reference: 1.2 and 5.4."""

from collections.abc import Mapping
from typing import Any

from weighbridge.api import arguments
from weighbridge.api.operations import Operation, Request
from weighbridge.api.protocol import ApiError
from weighbridge.lifecycle import interrupt


def put_lifecycle_event_hook_execution_status(request: Request) -> Mapping[str, Any]:
    """Whoever has the execution id may report: only the hook was given it, and it counts once."""
    record = arguments.deployment(request)
    execution_id = request.arguments.get("lifecycleEventHookExecutionId", "")
    status = request.arguments.get("status")
    if status != "Succeeded" and status != "Failed":  # noqa: PLR1714  # the type checker narrows these alone
        raise ApiError(
            "InvalidLifecycleEventHookExecutionStatusException", "The status of a hook is either Succeeded or Failed."
        )
    interrupt.report(record, execution_id, status, request.now)
    return {"lifecycleEventHookExecutionId": execution_id}


OPERATIONS: Mapping[str, Operation] = {
    "PutLifecycleEventHookExecutionStatus": put_lifecycle_event_hook_execution_status,
}
