"""Live traffic to an alias, and who answered it."""

import json
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, Self

REQUESTS_PER_SECOND = 25
BASKET = {"items": [{"price": 12, "quantity": 2}, {"price": 30, "quantity": 1}]}
LAST_REQUEST_SECONDS = 10


@dataclass(frozen=True)
class Requests:
    """How many requests each version answered, and how many of those answers were errors."""

    answered: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)

    def since(self, earlier: "Requests") -> "Requests":
        return Requests(
            dict(Counter(self.answered) - Counter(earlier.answered)), dict(Counter(self.failed) - Counter(earlier.failed))
        )

    @property
    def total(self) -> int:
        return sum(self.answered.values())

    def __str__(self) -> str:
        return ", ".join(self._of(version) for version in sorted(self.answered)) or "no requests yet"

    def _of(self, version: str) -> str:
        failed = self.failed.get(version, 0)
        return f"v{version}: {self.answered[version]}" + (f" ({failed} failed)" if failed else "")


class Traffic:
    """Invokes an alias steadily from a thread of its own, as a context manager; stops by itself after `seconds`.

    functions: a boto3 client of Lambda. Requests go one after the other, so a slow answer makes them fewer, never a queue.
    """

    def __init__(self, functions: Any, *, function: str, alias: str, seconds: float) -> None:
        self._invoke = partial(
            functions.invoke, FunctionName=function, Qualifier=alias, Payload=json.dumps(BASKET).encode()
        )
        self._seconds = seconds
        self._answered: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._leaving = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="traffic", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._leaving.set()
        self._thread.join(LAST_REQUEST_SECONDS)

    def seen(self) -> Requests:
        """What was answered until now. Raises what made the traffic end, if something did."""
        if self._error is not None:
            raise self._error
        with self._counting:
            return Requests(dict(self._answered), dict(self._failed))

    def _run(self) -> None:
        try:
            self._send_until(time.monotonic() + self._seconds)
        except Exception as error:  # noqa: BLE001  # whatever it was, the thread that looks has to learn of it
            self._error = error

    def _send_until(self, end: float) -> None:
        due = time.monotonic()
        while due < end and not self._leaving.wait(max(0.0, due - time.monotonic())):
            answer = self._invoke()
            with self._counting:
                self._answered[answer["ExecutedVersion"]] += 1
                if "FunctionError" in answer:
                    self._failed[answer["ExecutedVersion"]] += 1
            due = max(due + 1 / REQUESTS_PER_SECOND, time.monotonic())
