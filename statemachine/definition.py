"""The definitions of the state machines, as they are deployed: read from YAML, in which policies have names."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DEPLOYMENT, DEPLOY = "deployment", "deploy"
"""The machine that runs deployments, and the one by which others deploy and wait."""
MACHINES = (DEPLOYMENT, DEPLOY)
_POLICIES = "Policies"
"""The section of the file that holds what states name; no part of the language."""


@cache
def text(machine: str = DEPLOYMENT) -> str:
    """The definition in Amazon States Language, as JSON; with `${…}` where the stack puts in names and ARNs."""
    return json.dumps(_loaded(machine), indent=2, ensure_ascii=False)


def definition(machine: str = DEPLOYMENT) -> dict[str, Any]:
    """The definition, which is the caller's own to change."""
    loaded: dict[str, Any] = json.loads(text(machine))
    return loaded


def _loaded(machine: str) -> dict[str, Any]:
    source = Path(__file__).with_name(f"{machine}.asl.yaml")
    loaded: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    del loaded[_POLICIES]
    return loaded
