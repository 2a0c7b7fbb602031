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
    text = OPERATIONS.read_text(encoding="utf-8")
    for name, here in (("team-a", team), ("BUCKET", bucket), ("123456789012", account), ("eu-west-1", region)):
        text = text.replace(name, here)
    return Recipes(*(json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)))


def on_call() -> dict[str, str]:
    """The lines to paste by the bold words above them; those that say what it is about have none."""
    section = OPERATIONS.read_text(encoding="utf-8").split("\n## ")[1]
    parts = re.split(r"```sh\n(.*?)```", section, flags=re.DOTALL)
    titles = [re.findall(r"\*\*(.+?)[.?]?\*\*", text) for text in parts[::2]]
    return {title[-1] if title else "": lines for title, lines in zip(titles, parts[1::2], strict=False)}
