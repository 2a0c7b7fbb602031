"""The state machine's definition as tests ask about it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Task:
    state: str
    integration: str
    """What follows `states:::` in the resource, without the pattern of waiting: `lambda:invoke`."""
    waits_for_end: bool
    placeholders: frozenset[str]


def placeholders(part: object) -> frozenset[str]:
    return frozenset(re.findall(r"\$\{(\w+)\}", json.dumps(part)))


def tasks(machine: dict[str, Any]) -> Iterator[Task]:
    for name, state in machine["States"].items():
        for inner in [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]:
            yield from tasks(inner)
        if state["Type"] == "Task":
            service, _, pattern = state["Resource"].partition(":::")[2].partition(".")
            yield Task(name, service, pattern.startswith("sync"), placeholders(state["Arguments"]))
