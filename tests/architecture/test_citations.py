"""What docstrings cite of docs/codedeploy.md ("reference 6.2") and docs/design.md ("design, rule 3") is there."""

import re

import pytest

from tests.architecture.source import ROOT

FOLDERS = ["benchmarks", "client", "functions", "infra", "local", "statemachine", "tests", "verify"]
_NUMBER = r"\d+(?:\.\d+)?"
_NUMBERS = rf"{_NUMBER}(?:(?:, | and |,? )(?:sections? )?{_NUMBER})*"
REFERENCE = re.compile(rf"\breference:? (?:sections? )?({_NUMBERS})", re.IGNORECASE)
RULE = re.compile(r"\bdesign(?:,|:) rule (\d)", re.IGNORECASE)
SECTION = re.compile(rf"\bdesign: (?:rule \d and )?section ({_NUMBER})", re.IGNORECASE)


def _headings(page: str) -> set[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return set(re.findall(rf"^##+ ({_NUMBER})\b", text, re.MULTILINE))


def _rules() -> set[str]:
    return set(re.findall(r"^\*\*Rule (\d):", (ROOT / "docs" / "design.md").read_text(encoding="utf-8"), re.MULTILINE))


def _cited(pattern: re.Pattern[str]) -> dict[str, str]:
    """What is cited, and a place that does."""
    sections: dict[str, str] = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for match in pattern.finditer(re.sub(r"\s+", " ", path.read_text(encoding="utf-8"))):
                sections |= dict.fromkeys(re.findall(_NUMBER, match[1]), str(path.relative_to(ROOT)))
    return sections


@pytest.mark.parametrize(
    ("pattern", "there"),
    [(REFERENCE, _headings("codedeploy.md")), (SECTION, _headings("design.md")), (RULE, _rules())],
    ids=["codedeploy.md", "design.md", "rules"],
)
def test_what_is_cited_is_there(pattern: re.Pattern[str], there: set[str]) -> None:
    cited = _cited(pattern)
    assert len(cited) >= 2  # or the pattern finds nothing
    assert {number: place for number, place in cited.items() if number not in there} == {}
