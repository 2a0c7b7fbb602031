"""Deployments on the screen as the command `weighbridge` shows them: a live tree in a terminal, lines anywhere else."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Protocol, Self

from rich.console import Console

from local.demo.traffic import Requests
from weighbridge_cli.news import News
from weighbridge_cli.tree import LiveTree

Progress = Mapping[str, Any]
"""DeploymentProgress of the API."""


class Display(AbstractContextManager["Display"], Protocol):
    """Where the story is told, while the context lasts."""

    def say(self, text: str) -> None: ...

    def show(self, progress: Progress, requests: Requests) -> None: ...


def display(console: Console) -> Display:
    return Tree(console) if console.is_terminal else PlainLines(console)


def now() -> datetime:
    return datetime.now(UTC)


class Tree:
    def __init__(self, console: Console) -> None:
        self._tree = LiveTree(console, now)

    def __enter__(self) -> Self:
        self._tree.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._tree.__exit__(kind, error, traceback)

    def say(self, text: str) -> None:
        self._tree.say(text)

    def show(self, progress: Progress, requests: Requests) -> None:
        self._tree.show(progress, extra=str(requests))


class PlainLines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._news = News()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def say(self, text: str) -> None:
        self._console.print(text, markup=False)

    def show(self, progress: Progress, requests: Requests) -> None:
        for text in self._news.lines(progress, now()):
            self.say(f"{text}  [{requests}]")
