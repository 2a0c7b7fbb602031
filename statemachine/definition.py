"""The definition of the state machine, as it is deployed: read from YAML, in which retry and catch policies have names."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

SOURCE = Path(__file__).with_name("deployment.asl.yaml")
_POLICIES = "Policies"
"""The section of the file that holds what states name; no part of the language."""


@cache
def text() -> str:
    """The definition in Amazon States Language, as JSON; with `${…}` where the stack puts in names and ARNs."""
    return json.dumps(_loaded(), indent=2, ensure_ascii=False)


def definition() -> dict[str, Any]:
    """The definition, which is the caller's own to change."""
    loaded: dict[str, Any] = json.loads(text())
    return loaded


def _loaded() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    del loaded[_POLICIES]
    return loaded
