"""Where a deployment is told while it is followed: a terminal, lines, JSON, and beside them GitHub Actions."""

import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Protocol, Self

import click

from weighbridge_cli import records
from weighbridge_cli.exits import FAILED, REACHED
from weighbridge_cli.following import Watcher
from weighbridge_cli.news import News
from weighbridge_cli.options import Form
from weighbridge_cli.progress import Progress, reason
from weighbridge_cli.text import clean, markdown, plain_line, workflow_message, workflow_property


def now() -> datetime:
    return datetime.now(UTC)


class Display(Watcher, AbstractContextManager["Display"], Protocol):
    """Tells what a deployment does while the context lasts, and at last how it ended."""

    def conclude(self, record: Mapping[str, Any]) -> None: ...


def display(form: Form) -> Display:
    """What suits the form that was asked for, and where standard output leads."""
    if form.json:
        return AsJson()
    if form.lines:
        return AsJsonLines()
    if on_github():
        return OnGitHub()
    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        return OnTerminal()
    return Lines()


def note(text: str) -> None:
    """Something about the command itself, beside what it was asked for."""
    click.echo(plain_line(text), err=True)


class _Told:
    """A display without a beginning and an end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def say(self, text: str) -> None:
        note(text)

    def show(self, progress: Progress) -> None:
        """Nothing of what is on the way, unless a display says otherwise."""

    def conclude(self, record: Mapping[str, Any]) -> None:
        """Nothing, unless a display says otherwise."""


class AsJson(_Told):
    """The final record alone."""

    def conclude(self, record: Mapping[str, Any]) -> None:
        click.echo(records.text(record))
        tell_github(record, err=True)


class AsJsonLines(_Told):
    def __init__(self) -> None:
        self._news = News()

    def show(self, progress: Progress) -> None:
        for event in self._news.of(progress, now()):
            click.echo(records.text(event, indent=None))

    def conclude(self, record: Mapping[str, Any]) -> None:
        click.echo(records.text({"event": "Result", "time": now(), **record}, indent=None))
        tell_github(record, err=True)


class Lines(_Told):
    """A line a change."""

    def __init__(self) -> None:
        self._news = News()

    def show(self, progress: Progress) -> None:
        for text in self._news.lines(progress, now()):
            self._line(text)

    def conclude(self, record: Mapping[str, Any]) -> None:
        self._line(record["message"])

    def _line(self, text: str) -> None:
        click.echo(plain_line(text))


class OnGitHub(Lines):
    """Lines in a group that the first one names, an error where it failed, a summary of the step, and outputs."""

    def __init__(self) -> None:
        super().__init__()
        self._begun = self._open = False

    def _line(self, text: str) -> None:
        if self._begun:
            super()._line(text)
        else:
            click.echo(f"::group::{workflow_message(clean(text))}")
            self._begun = self._open = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._open:
            click.echo("::endgroup::")
        self._begun, self._open = True, False

    def conclude(self, record: Mapping[str, Any]) -> None:
        self._close()
        super().conclude(record)
        tell_github(record)


class OnTerminal(_Told):
    """A live tree."""

    def __init__(self) -> None:
        from rich.console import Console

        from weighbridge_cli.tree import LiveTree

        self._console = Console(highlight=False)
        self._tree = LiveTree(self._console, now)
        self._shown = False

    def __enter__(self) -> Self:
        self._tree.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._tree.__exit__(kind, error, traceback)

    def say(self, text: str) -> None:
        self._tree.say(text)

    def show(self, progress: Progress) -> None:
        self._shown = True
        self._tree.show(progress)

    def conclude(self, record: Mapping[str, Any]) -> None:
        self.__exit__(None, None, None)  # what follows stands below the tree
        deployment = record["deployment"]
        if not self._shown or record["exitCode"] != REACHED or (deployment and deployment["status"] != "Succeeded"):
            click.echo(clean(record["message"]))


def on_github() -> bool:
    """Whether a step of GitHub Actions runs the command."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def tell_github(record: Mapping[str, Any], *, err: bool = False) -> None:
    """What a step of GitHub Actions has beside its log; nothing elsewhere. Workflow commands go where `err` says."""
    if not on_github():
        return
    if record["exitCode"] != REACHED:
        level = "error" if record["exitCode"] == FAILED else "warning"
        title = workflow_property(f"Weighbridge: {clean(record['result'])}")
        click.echo(f"::{level} title={title}::{workflow_message(clean(record['message']))}", err=err)
    _append("GITHUB_OUTPUT", "".join(f"{name}={clean(value)}\n" for name, value in outputs(record).items()))
    _append("GITHUB_STEP_SUMMARY", summary(record))


def outputs(record: Mapping[str, Any]) -> dict[str, str]:
    """The outputs of a step."""
    deployment = record["deployment"] or {}
    return {
        "deployment-id": deployment.get("deploymentId", ""),
        "status": deployment.get("status", record["result"]),
        "live-version": record["liveVersion"] or "",
    }


def summary(record: Mapping[str, Any]) -> str:
    """A step's summary, in Markdown."""
    deployment = record["deployment"] or {}
    rows = [
        ("Alias", f"{record['functionName'] or '?'}:{record['alias'] or '?'}"),
        ("Deployment", deployment.get("deploymentId", "none")),
        ("Status", deployment.get("status", record["result"])),
        ("From version", deployment.get("currentVersion", "")),
        ("To version", record["targetVersion"] or ""),
        ("Live version", record["liveVersion"] or ""),
        ("Why", reason(deployment)),
        *(("Alarm", f"{alarm['name']} {alarm.get('state', '')}") for alarm in deployment.get("alarms", [])),
    ]
    lines = [f"| {name} | {markdown(value)} |" for name, value in rows if value]
    return "\n".join(["### Weighbridge", "", "| | |", "|---|---|", *lines, "", ""])


def _append(variable: str, text: str) -> None:
    path = os.environ.get(variable)
    if path:
        with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123 - the runner's own file
            file.write(text)
