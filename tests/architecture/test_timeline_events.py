"""Every event of a timeline is explained to users."""

import re
from typing import get_args

from tests.architecture.source import ROOT
from weighbridge.core.record import TimelineEvent


def test_the_documented_events_are_those_that_a_timeline_may_have() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    [table] = re.findall(r"^\| Event \|.*\n\|---.*\n((?:\|.*\n)+)", text, re.MULTILINE)
    documented = [name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(documented) == sorted(get_args(TimelineEvent))
