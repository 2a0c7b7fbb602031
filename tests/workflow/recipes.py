"""The policies of docs/operations.md for a team, with the names that accounts and buckets have on the local cloud."""

import json
import re
from dataclasses import dataclass
from typing import Any

from local.cloud import ROOT

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
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for name, here in (("team-a", team), ("BUCKET", bucket), ("123456789012", account), ("eu-west-1", region)):
        text = text.replace(name, here)
    return Recipes(*(json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)))
