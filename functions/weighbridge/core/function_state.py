"""What the state of a function's version means for a deployment. On the reaction path: standard library only."""

from dataclasses import dataclass

from weighbridge.core.errors import VersionPending, VersionUnusable

_USABLE = {"Active", "Inactive"}
"""One that was idle for long is Inactive, and active again with its first invocation."""


@dataclass(frozen=True)
class FunctionState:
    """Lambda's `state` (Pending, Active, Inactive, Failed, …), and its reason, which may be empty."""

    state: str
    reason: str = ""


def check_usable(function: str, version: str, found: FunctionState) -> None:
    """Raises VersionPending for a version that is to be waited for, VersionUnusable for one that can take no traffic."""
    if found.state in _USABLE:
        return
    said = f"Version {version} of {function} is {found.state}" + (f" ({found.reason.rstrip('.')})" if found.reason else "")
    if found.state == "Pending":
        raise VersionPending(f"{said}; traffic is not shifted before it is Active.")
    raise VersionUnusable(f"{said}, so no traffic was shifted to it; publish another version.")
