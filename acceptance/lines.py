"""What is printed of a check or a case: one line, which tells no account's id."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

_ACCOUNT_ID = re.compile(r"(?<!\d)\d{12}(?!\d)")
_SECRET = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b")


class Verdict(Enum):
    HELD = "ok"
    WARNED = "warning"
    FAILED = "FAIL"
    UNANSWERED = "not answered here"
    """Nobody has said yes or no: the emulator does not know the question, or the caller may not ask it."""


@dataclass(frozen=True)
class Answer:
    """Of its `message` nothing may be secret but an account's id or an access key's."""

    verdict: Verdict
    message: str = ""
    measured: Mapping[str, float] = field(default_factory=dict)
    """By what was measured; seconds, unless its name says otherwise."""


@dataclass(frozen=True)
class Line:
    what: str
    answer: Answer


def held(message: str = "", **measured: float) -> Answer:
    return Answer(Verdict.HELD, message, {name: round(value, 3) for name, value in measured.items()})


def warned(message: str) -> Answer:
    return Answer(Verdict.WARNED, message)


def failed(message: str, **measured: float) -> Answer:
    return Answer(Verdict.FAILED, message, {name: round(value, 3) for name, value in measured.items()})


def unanswered(message: str, **measured: float) -> Answer:
    return Answer(Verdict.UNANSWERED, message, {name: round(value, 3) for name, value in measured.items()})


def redacted(text: str) -> str:
    """The text without account ids and access keys."""
    return _SECRET.sub("<access key>", _ACCOUNT_ID.sub("<account>", text))


def reason(error: ClientError | BotoCoreError) -> str:
    """An error of botocore's in one line."""
    if isinstance(error, ClientError):
        details = error.response.get("Error", {})
        text = f"{error.operation_name}: {details.get('Code', '')} {details.get('Message', '')}"
    else:
        text = str(error)
    return " ".join(text.split())[:300]


def show(console: Console, line: Line) -> None:
    message = f"  {redacted(line.answer.message)}" if line.answer.message else ""
    console.print(f"{line.answer.verdict.value:<17}  {line.what}{message}", markup=False)


def summary(lines: Iterable[Line]) -> str:
    counts = Counter(line.answer.verdict for line in lines)
    summaries = {
        Verdict.HELD: "held",
        Verdict.FAILED: "failed",
        Verdict.WARNED: "with a warning",
        Verdict.UNANSWERED: "not answered here, so that nothing is known of them",
    }
    return "; ".join(f"{counts[verdict]} {words}" for verdict, words in summaries.items() if counts[verdict]) + "."


def any_failed(lines: Iterable[Line]) -> bool:
    return any(line.answer.verdict is Verdict.FAILED for line in lines)
