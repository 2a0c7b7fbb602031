"""What hook functions report. Reference: 1.2 and 5.4."""

from collections.abc import Mapping
from typing import Any

from weighbridge.api import checks
from weighbridge.api.operations import Operation, Request
from weighbridge.api.wire import ApiError
from weighbridge.aws import waits
from weighbridge.core.hooks import event_of, reported


def put_lifecycle_event_hook_execution_status(request: Request) -> Mapping[str, Any]:
    """Whoever has the execution id may report: only the hook was given it, and it counts once."""
    record = checks.deployment(request)
    status = request.arguments.get("status")
    if status != "Succeeded" and status != "Failed":  # noqa: PLR1714  # the type checker narrows these alone
        raise ApiError(
            "InvalidLifecycleEventHookExecutionStatusException", "The status of a hook is either Succeeded or Failed."
        )
    execution_id = request.arguments.get("lifecycleEventHookExecutionId", "")
    lifecycle_event = event_of(record["hooks"], execution_id)
    if lifecycle_event is None:
        raise ApiError(
            "InvalidLifecycleEventHookExecutionIdException",
            f"No hook of deployment {record['deploymentId']} was given this lifecycleEventHookExecutionId.",
        )
    if not waits.answer(record, lifecycle_event, reported(status), request.now):
        raise ApiError(
            "LifecycleEventAlreadyCompletedException",
            f"The {lifecycle_event} event of deployment {record['deploymentId']} has already completed.",
        )
    return {"lifecycleEventHookExecutionId": execution_id}


OPERATIONS: Mapping[str, Operation] = {
    "PutLifecycleEventHookExecutionStatus": put_lifecycle_event_hook_execution_status,
}
