"""The gate: the one wait that a deployment has open, a hook's or a bake's, with the task token that ends it.

The record holds it as `gate`: {token, waitingFor}. A wait that begins puts its own in place of the one before, and nothing
takes it out when the wait is over, so a gate on record may be open or not: who ends it learns which from Step Functions.
The token is a secret. On the reaction path.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from weighbridge.core import hooks
from weighbridge.core.errors import HookFailed, described
from weighbridge.core.plan import Plan
from weighbridge.core.record import Record


@dataclass(frozen=True)
class GoOn:
    """The wait ends, and the state machine goes on with `output`."""

    token: str
    output: Mapping[str, Any]


@dataclass(frozen=True)
class Fail:
    """The wait ends with an error of the name `error`, whose cause is `details`."""

    token: str
    error: str
    details: Mapping[str, object]


def owed(record: Record) -> GoOn | Fail | None:
    """How the gate on record is to end, by what the record holds; None where it holds nothing for it.

    An interruption ends any wait, a hook's answer the wait for that hook.
    """
    if "gate" not in record:
        return None
    token, waiting_for = record["gate"]["token"], record["gate"]["waitingFor"]
    if "interruption" in record:
        return Fail(token, record["interruption"]["error"], record["interruption"])
    call = record["hooks"].get(waiting_for)
    if call is None or "answer" not in call:
        return None
    return GoOn(token, hook_result(waiting_for, record["plan"], call["answer"]))


def hook_result(event: str, plan: Plan, answer: hooks.Answer) -> dict[str, Any]:
    """What the wait for a hook goes on with: {status}, and {failure: {error, cause}} where the hook said no."""
    if answer["status"] == "Succeeded":
        return {"status": "Succeeded"}
    failure = HookFailed(hooks.failure_detail(event, plan["hooks"][event], answer))
    return {"status": "Failed", "failure": described(failure)}
