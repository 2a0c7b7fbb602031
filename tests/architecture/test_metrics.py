"""The metrics that are documented are those that are counted."""

import ast
import re

from tests.architecture.source import ROOT, sources
from weighbridge.core.metrics import ENDS


def test_the_documented_metrics_are_those_that_are_counted() -> None:
    calls = (
        node
        for source in sources("functions")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "count"
    )
    named = {argument.value for call in calls for argument in call.args if isinstance(argument, ast.Constant)}
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    [table] = re.findall(r"^\| Metric \|.*\n\|---.*\n((?:\|.*\n)+)", text, re.MULTILINE)
    documented = {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert documented == named | ENDS
