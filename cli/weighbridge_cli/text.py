"""Text that others wrote, on its way to a terminal, a log, or GitHub: names, messages, descriptions.

What does not print never reaches a terminal (core.errors.clip spells it out); what rich or GitHub would take for an
instruction is written so that they do not.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from weighbridge.core.errors import clip

LINE = 2_000
CELL = 60


def clean(text: object, limit: int = LINE) -> str:
    """On one line, of printable characters only."""
    return clip(str(text), limit)


def workflow_message(text: str) -> str:
    """The message of a workflow command of GitHub's."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def workflow_property(text: str) -> str:
    """A property of a workflow command of GitHub's."""
    return workflow_message(text).replace(":", "%3A").replace(",", "%2C")


def plain_line(text: str) -> str:
    """A line of a log that GitHub does not take for a workflow command, whatever it begins with."""
    shown = clean(text)
    return f" {shown}" if shown.lstrip().startswith(("::", "##[")) else shown


def markdown(text: object) -> str:
    """A cell of a table in GitHub's Markdown, in which nothing is formatted, linked or HTML."""
    shown = clean(text, CELL * 5)
    return "".join(f"&#{ord(character)};" if character in "&<>|`*_[]()~\\@!#" else character for character in shown)


def percent(share: float) -> str:
    return f"{round(share, 1):g} %"


def duration(seconds: float) -> str:
    """In the two largest units: `3 min 12 s`, `2 d`."""
    rest = max(0, round(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count or (unit == "s" and not parts):
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


def local_time(moment: datetime, now: datetime | None = None) -> str:
    """By this machine's time zone, with the date where it is not the day of `now`."""
    here = moment.astimezone()
    same_day = now is not None and here.date() == now.astimezone().date()
    return here.strftime("%H:%M:%S" if same_day else "%Y-%m-%d %H:%M:%S")


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines with columns under each other; cells are cleaned, and cut where they are long, except the last."""
    cells = [list(heads), *([clean(cell, CELL) for cell in row[:-1]] + [clean(row[-1])] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(heads))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def sentence_list(names: Sequence[str], joint: str = "or") -> str:
    """`a, b or c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {joint} {names[-1]}"
