"""The code blocks of the pages that users read: README.md, events/README.md and docs."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.architecture.source import ROOT

PAGES = sorted(["README.md", "events/README.md", *(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))])
FENCE, INDENT = "```", "    "


@dataclass(frozen=True)
class Block:
    """`language` is empty for a block that is indented instead of fenced."""

    page: str
    heading: str
    language: str
    text: str


def blocks(page: str) -> list[Block]:
    return list(_found(page, (ROOT / page).read_text(encoding="utf-8").splitlines()))


def _found(page: str, lines: list[str]) -> Iterator[Block]:
    heading, before, rest = "", "", iter(lines)
    for line in rest:
        if line.strip().startswith(FENCE):
            text = _until(rest, line.partition(FENCE)[0] + FENCE)
            yield Block(page, heading, line.strip().removeprefix(FENCE) or "text", text)
        elif line.startswith("#"):
            heading = line.lstrip("# ")
        elif line.startswith(INDENT) and not before:
            yield Block(page, heading, "", f"{line}\n{_until(rest, '')}")
            line = ""  # noqa: PLW2901 - the empty one that ended the block
        before = line


def _until(lines: Iterator[str], end: str) -> str:
    """The lines before the one that is `end`."""
    return "".join(f"{line}\n" for line in iter(lambda: next(lines, end), end))
