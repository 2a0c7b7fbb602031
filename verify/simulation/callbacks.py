"""Task tokens: given out for a wait, good until it is over."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from verify.simulation.clock import Clock, Signal
from verify.simulation.execution import Refused


@dataclass
class Wait:
    """A callback task that waits for its token."""

    ended: Signal
    output: Any = None
    failure: tuple[str, str] | None = None


class Callbacks:
    """Every wait for a token, and the calls that answer one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.waits: dict[str, Wait] = {}
        self._tokens = itertools.count(1)

    def forget(self) -> None:
        self.waits.clear()
        self._tokens = itertools.count(1)

    def begin(self, execution: str) -> tuple[str, Wait]:
        """A new token for the execution of that name, and the wait for it."""
        token, wait = f"token-{next(self._tokens)}-of-{execution}", Wait(Signal(self._clock))
        self.waits[token] = wait
        return token, wait

    def succeeded(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        wait = self._open(asked["taskToken"])
        wait.output = json.loads(asked["output"])
        wait.ended.set()
        return {}

    def failed(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        wait = self._open(asked["taskToken"])
        wait.failure = (asked.get("error", ""), asked.get("cause", ""))
        wait.ended.set()
        return {}

    def beat(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        self._open(asked["taskToken"])
        return {}

    def _open(self, token: str) -> Wait:
        wait = self.waits.get(token)
        if wait is None:
            raise Refused("InvalidToken", "Invalid Token: 'Invalid token'")
        if wait.ended.is_set:
            raise Refused("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
        return wait
