"""The threat model's lines are held by tests that are there."""

import ast
import re

import pytest

from tests.architecture.source import ROOT

TEXT = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
TABLES = re.findall(r"^\|.*\| held by \|\n\|[-|]+\|\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
LINES = [line for table in TABLES for line in table.splitlines()]
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def is_test(path: str, name: str) -> bool:
    """Whether there is such a test in that file or, where no name is given, any."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
    return (name in tests) if name else bool(tests)


def test_every_line_of_every_table_is_looked_at() -> None:
    separators = re.findall(r"^\|[-|]+\|$", TEXT, re.MULTILINE)
    assert len(separators) == len(TABLES) > 1
    assert len(LINES) == TEXT.count("\n|") - 2 * len(TABLES)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split("|")[1].strip())
def test_a_line_names_tests_that_exist(line: str) -> None:
    *_, held_by, _ = line.split("|")
    named = TEST.findall(held_by)
    assert named
    assert TEST.sub("", held_by).strip(" ,") == ""
    assert all(is_test(path, name) for path, name in named)
