"""The operations that are served: each module of this package lists its own, under the names of CodeDeploy's API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Request:
    """A call, who made it (an ARN, empty where unknown), and when."""

    operation: str
    arguments: Mapping[str, Any]
    caller: str
    now: datetime


Operation = Callable[[Request], Mapping[str, Any]]
"""Takes a request whose members are as the model says; returns the output's members (times as ISO 8601 text), or
raises protocol.ApiError."""
