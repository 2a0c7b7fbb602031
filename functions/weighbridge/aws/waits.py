"""Ends the waits of running deployments: recorded first, then handed to the wait with the token that the write returned.

What is recorded counts even when no wait is open at the moment: the next one, or the completion, finds it. Done again, it
does the same again. On the reaction path: no pydantic.
"""

from datetime import datetime

from weighbridge.aws import deployments, executions
from weighbridge.core.deployment import Record, hook_answered, hook_result, is_running
from weighbridge.core.errors import WeighbridgeError
from weighbridge.core.hooks import Answer
from weighbridge.core.interruptions import Interruption, interrupted, released


def interrupt(deployment_id: str, interruption: Interruption, now: datetime) -> Record | None:
    """Ends a deployment early; its record then, None where it is not running. The first interruption wins.

    Where it cannot be recorded the wait that is open is ended all the same, since traffic comes first, and the error is
    raised, so that it is tried again.
    """
    try:
        record = deployments.update(deployment_id, interrupted(interruption, now), unless=["interruption"])
    except WeighbridgeError:
        _interrupt_unrecorded(deployment_id, interruption)
        raise
    if record is None:  # another one was first, or this is its repetition: make sure that its wait has ended
        record = deployments.get(deployment_id)
    if record is None or "interruption" not in record:
        return None
    hand_on(record)
    return record


def release(record: Record, now: datetime) -> bool:
    """Gives up a deployment's rollback that is held up, so that both may end; False where none is held up.

    The alias stays as it is. Whoever goes on with the rollback, its execution or the supervisor, finds it released.
    """
    if "interruption" not in record or "plan" not in record:
        return False
    rollback = deployments.get(record["plan"]["rollbackDeploymentId"])
    if rollback is None or "heldUp" not in rollback:
        return False
    deployments.update(record["deploymentId"], released(now), unless=["interruption.released"])
    return True


def _interrupt_unrecorded(deployment_id: str, interruption: Interruption) -> None:
    record = deployments.get(deployment_id)
    if record and is_running(record) and "interruption" not in record and "gate" in record:
        details = interruption.record()
        executions.interrupt_wait(record["gate"]["token"], details["error"], details)


def answer(record: Record, lifecycle_event: str, given: Answer, now: datetime) -> bool:
    """Hands a hook's answer to the wait for it; False where it comes too late.

    That is where the event was answered before (the first answer counts), where its time is over, and where the
    deployment has ended or is about to.
    """
    deployment_id, function = record["deploymentId"], record["hooks"][lifecycle_event]["function"]
    change = hook_answered(lifecycle_event, function, given, now)
    answered = deployments.update(deployment_id, change, unless=["interruption", f"hooks.{lifecycle_event}.answer"])
    # None may mean that this very answer was kept and only the reply got lost: the record says what holds.
    current = answered or deployments.get(deployment_id) or record
    kept = current["hooks"][lifecycle_event].get("answer")
    # Whichever answer counts is handed on once more: whoever kept it may not have been able to.
    heard = hand_on(current)
    return heard and kept == change.sets[f"hooks.{lifecycle_event}.answer"]


def hand_on(record: Record) -> bool:
    """Ends the wait that is open with what the record holds for it; False where it holds nothing, or the wait is over.

    An interruption ends any wait, a hook's answer the wait for that hook. Done again, it does no harm.
    """
    gate, interruption = record.get("gate"), record.get("interruption")
    if gate is None:
        return False
    if interruption is not None:
        return executions.interrupt_wait(gate["token"], interruption["error"], interruption)
    lifecycle_event = gate["waitingFor"]
    answer = record["hooks"].get(lifecycle_event, {}).get("answer")
    if answer is None:
        return False
    return executions.end_wait(gate["token"], hook_result(lifecycle_event, record["plan"], answer))
