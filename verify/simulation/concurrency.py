"""How many invocations run at a time: of the account's functions together, and of those with concurrency of their own."""

import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

OLDEST = 3600.0
"""Seconds after which Lambda gives up an asynchronous event that found no function free."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 300.0


class Concurrency:
    """An account's concurrency; `reserved` is what some constructs' functions have to themselves, and no more than that.

    `refused` counts the invocations for which there was no room.
    """

    def __init__(self, account: int, reserved: Mapping[str, int]) -> None:
        self.refused = 0
        self._reserved = reserved
        self._shared = account - sum(reserved.values())
        self._running: Counter[str] = Counter()
        self._dice = random.Random(0)

    def take(self, construct: str) -> bool:
        """Whether one more invocation of the construct's function may run now; if so, it does until `give_back`."""
        pool, size = self._pool(construct)
        if self._running[pool] >= size:
            self.refused += 1
            return False
        self._running[pool] += 1
        return True

    def give_back(self, construct: str) -> None:
        self._running[self._pool(construct)[0]] -= 1

    def _pool(self, construct: str) -> tuple[str, int]:
        own = self._reserved.get(construct)
        return ("", self._shared) if own is None else (construct, own)

    def pauses(self) -> Iterator[float]:
        """Seconds until Lambda tries an asynchronous event again, each time for which there was no room."""
        pause, waited = _FIRST_PAUSE, 0.0
        while waited < OLDEST:
            # Events that came together do not come together again.
            drawn = pause * self._dice.uniform(0.5, 1.5)
            yield drawn
            waited += drawn
            pause = min(pause * 2, _LONGEST_PAUSE)


def reserved_in(assembly: Path) -> dict[str, int]:
    """What the template of a cloud assembly reserves, by construct."""
    [template] = assembly.glob("*.template.json")
    resources = json.loads(template.read_text(encoding="utf-8"))["Resources"]
    return {
        re.sub(r"Function[0-9A-F]{8}$", "", name): resource["Properties"]["ReservedConcurrentExecutions"]
        for name, resource in resources.items()
        if "ReservedConcurrentExecutions" in resource.get("Properties", {})
    }
