"""What the states of functions mean for a deployment. On the reaction path: standard library only."""

from dataclasses import dataclass

from weighbridge.core.errors import VersionPending, VersionUnusable

_USABLE = {"Active", "Inactive"}
"""One that was idle for long is Inactive, and active again with its first invocation."""


@dataclass(frozen=True)
class FunctionState:
    """Lambda's `state` (Pending, Active, Inactive, Failed, …), and its reason, which may be empty."""

    state: str
    reason: str = ""


def check_usable(what: str, state: FunctionState, advice: str) -> None:
    """Raises VersionPending for a function that is to be waited for, VersionUnusable for one that answers nobody.

    `what` names it at the start of a sentence; `advice` says what to do where it is not usable.
    """
    if state.state in _USABLE:
        return
    said = f"{what} is {state.state}" + (f" ({state.reason.rstrip('.')})" if state.reason else "")
    if state.state == "Pending":
        raise VersionPending(f"{said}; traffic is not shifted before it is Active.")
    raise VersionUnusable(f"{said}, so no traffic was shifted; {advice}.")
