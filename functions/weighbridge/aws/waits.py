"""Ends the waits of running deployments: recorded first, then handed to the wait with the token that the write returned.

What is recorded counts even when no wait is open at the moment: the next one, or the completion, finds it. Done again, it
does the same again. On the reaction path: no pydantic.
"""

from datetime import datetime

from weighbridge.aws import deployments, executions
from weighbridge.core.deployment import Record, hook_answered, hook_result
from weighbridge.core.hooks import Answer
from weighbridge.core.interruptions import Interruption, interrupted


def interrupt(deployment_id: str, interruption: Interruption, now: datetime) -> Record | None:
    """Ends a deployment early; its record then, None where it is not running. The first interruption wins."""
    record = deployments.update(deployment_id, interrupted(interruption, now), unless=["interruption"])
    if record is None:  # another one was first, or this is its repetition: make sure that its wait has ended
        record = deployments.get(deployment_id)
    if record is None or "interruption" not in record:
        return None
    if "gate" in record:
        details = record["interruption"]
        executions.interrupt_wait(record["gate"]["token"], details["error"], details)
    return record


def answer(record: Record, lifecycle_event: str, given: Answer, now: datetime) -> bool:
    """Hands a hook's answer to the wait for it; False where the event was answered before, whose first answer counts."""
    deployment_id, function = record["deploymentId"], record["hooks"][lifecycle_event]["function"]
    change = hook_answered(lifecycle_event, function, given, now)
    answered = deployments.update(deployment_id, change, unless=[f"hooks.{lifecycle_event}.answer"])
    # Refused, it was answered before, or this is the repetition of a write whose own answer was lost: read again, the first
    # answer is handed to the wait once more, which does no harm.
    current = answered or deployments.get(deployment_id) or record
    kept = current["hooks"][lifecycle_event].get("answer")
    if kept and current.get("gate", {}).get("waitingFor") == lifecycle_event:
        executions.end_wait(current["gate"]["token"], hook_result(lifecycle_event, current["plan"], kept))
    return answered is not None
