"""Deployments on the screen: a live bar each in a terminal, a line for each change anywhere else."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.table import Column
from rich.text import Text

from local.demo.progress import Progress
from local.demo.traffic import Requests


class Display(Protocol):
    """Where the story is told, while the context lasts."""

    def context(self) -> AbstractContextManager[object]: ...

    def say(self, text: str) -> None: ...

    def show(self, progress: Progress, requests: Requests) -> None: ...


def display(console: Console) -> Display:
    return LiveBars(console) if console.is_terminal else PlainLines(console)


class _Rest(ProgressColumn):
    """What is waited for and who answered: the one column that is cut where the terminal is narrow."""

    def __init__(self) -> None:
        super().__init__(Column(no_wrap=False))

    def render(self, task: Task) -> Text:
        text = Text(f"{task.fields['progress'].wait}  ", no_wrap=True, overflow="ellipsis")
        return text.append(str(task.fields["requests"]), "dim")


class LiveBars:
    def __init__(self, console: Console) -> None:
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=10, table_column=Column(no_wrap=True)),
            TextColumn("{task.percentage:>3.0f} % v{task.fields[progress].version}"),
            TextColumn("{task.fields[progress].place:>5}"),
            _Rest(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def context(self) -> AbstractContextManager[object]:
        return self._bars

    def say(self, text: str) -> None:
        self._bars.console.print(text)

    def show(self, progress: Progress, requests: Requests) -> None:
        task = self._tasks.get(progress.deployment_id)
        if task is None:
            task = self._bars.add_task(progress.deployment_id, total=100, progress=progress, requests=requests)
            self._tasks[progress.deployment_id] = task
        self._bars.update(task, completed=progress.percent, progress=progress, requests=requests)


class PlainLines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: Progress | None = None

    def context(self) -> AbstractContextManager[object]:
        return nullcontext()

    def say(self, text: str) -> None:
        self._console.print(text)

    def show(self, progress: Progress, requests: Requests) -> None:
        if progress.tells_more_than(self._last):
            self._console.print(f"{progress.line}  [{requests}]", markup=False)
        self._last = progress
