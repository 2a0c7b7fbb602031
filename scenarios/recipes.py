"""What docs/operations.md has to copy, for the local cloud: the policies for a team, and what to paste when on call."""

import json
import re
from dataclasses import dataclass
from typing import Any

from local.cloud import ROOT

OPERATIONS = ROOT / "docs" / "operations.md"
Policy = dict[str, Any]


@dataclass(frozen=True)
class Recipes:
    """What a service role trusts and may do, what a pipeline may drop, what a reporting hook and an API caller may do."""

    trust: Policy
    rights: Policy
    uploads: Policy
    reports: Policy
    calls: Policy


def recipes(team: str, *, bucket: str, account: str, region: str) -> Recipes:
    text = _section("Several teams in one installation")
    for name, here in (("team-a", team), ("BUCKET", bucket), ("123456789012", account), ("eu-west-1", region)):
        text = text.replace(name, here)
    return Recipes(*(json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)))


def pasted(title: str) -> dict[str, str]:
    """The lines to paste of a section, by the last bold words above them; where there are none, by an empty text."""
    parts = re.split(r"```sh\n(.*?)```", _section(title), flags=re.DOTALL)
    words = [re.findall(r"\*\*(.+?)[.?]?\*\*", text) for text in parts[::2]]
    return {languages[-1] if languages else "": lines for languages, lines in zip(words, parts[1::2], strict=False)}


def _section(title: str) -> str:
    [section] = [part for part in OPERATIONS.read_text(encoding="utf-8").split("\n## ") if part.startswith(f"{title}\n")]
    return section
