"""Waiting for what a case says, and finding that it is not so."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE = 300.0
"""Seconds that a step of a case may take on AWS."""
PAUSE = 0.1


class NotSo(Exception):
    """Something is otherwise than a case says."""


def until(what: str, ask: Callable[[], T | None], seconds: float = PATIENCE) -> T:
    """The first answer. Raises NotSo where there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise NotSo(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(PAUSE)


def expect(actual: Any, expected: Any, what: str) -> None:
    """Raises NotSo where it is not as expected."""
    if actual != expected:
        raise NotSo(f"{what}: {actual!r} instead of {expected!r}")
