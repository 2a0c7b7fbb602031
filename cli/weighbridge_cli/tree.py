"""A deployment as a live tree on a terminal: steps, weight, hooks, alarms, and what turns it back."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text
from rich.tree import Tree

from weighbridge_cli.explain import headline
from weighbridge_cli.progress import Progress, has_ended, outcome, reason, seconds_left, shifted, waiting, weight
from weighbridge_cli.text import clean, duration, local_time, percent

BAR_WIDTH = 24
_MARKS = {
    "Succeeded": ("✓", "green"),
    "InProgress": ("●", "yellow"),
    "Pending": ("○", "dim"),
    "Failed": ("✗", "red"),
    "Stopped": ("✗", "red"),
    "Skipped": ("-", "dim"),
}
_WRAPPED: Any = {"no_wrap": False, "overflow": "fold"}
"""Of sentences: they are read to their end, on a console that cuts lines, too."""
_ALARMS = {"OK": "green", "ALARM": "bold red"}


class LiveTree:
    """Shows the last progress until the context ends, and leaves it on the screen; what is said scrolls by above it."""

    def __init__(self, console: Console, now: Callable[[], datetime]) -> None:
        self._console = console
        self._now = now
        self._shown: Progress | None = None
        self._extra = ""
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=4, transient=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()

    def say(self, text: str) -> None:
        self._console.print(Text(clean(text)), soft_wrap=True)

    def show(self, progress: Progress, extra: str = "") -> None:
        """`extra` is a line of the caller's own. The tree of another deployment stays on the screen above."""
        if self._shown and self._shown["deploymentId"] != progress["deploymentId"]:
            self._console.print(self._render())
        self._shown, self._extra = progress, extra
        self._live.start()  # once, at the first look: before that there is nothing to keep a place for
        self._live.refresh()

    def _render(self) -> RenderableType:
        return tree(self._shown, self._now(), self._extra) if self._shown else Text("")


def tree(progress: Progress, now: datetime, extra: str = "") -> RenderableType:
    """The deployment at that moment."""
    mark, style = _MARKS["InProgress" if progress["status"] == "Created" else progress["status"]]
    title = Text.assemble((f"{mark} ", style), (headline(progress), "bold"))
    root = Tree(title, guide_style="dim", hide_root=False)
    root.add(_bar(progress))
    for name in ("BeforeAllowTraffic", None, "AfterAllowTraffic"):
        if name is None:
            _add_steps(root, progress, now)
        for hook in progress.get("hooks", []):
            if hook["lifecycleEventName"] == name:
                root.add(_hook(hook, progress, now))
    if alarms := progress.get("alarms"):
        branch = root.add(Text("alarms", "dim"))
        for alarm in alarms:
            state = alarm.get("state", "not asked yet")
            branch.add(Text.assemble(clean(alarm["name"]), "  ", (clean(state), _ALARMS.get(state, "yellow"))))
    _add_turn(root, progress)
    if extra:
        root.add(Text(clean(extra), "dim"))
    return Group(root, _state(progress, now))


def _bar(progress: Progress) -> Text:
    share = weight(progress) or 0.0
    full = round(BAR_WIDTH * share / 100)
    version = f" on version {clean(progress['targetVersion'])}" if progress.get("targetVersion") else ""
    return Text.assemble(
        ("█" * full, "green" if not progress.get("interruption") else "red"),
        ("░" * (BAR_WIDTH - full), "dim"),
        f" {percent(share)}{version}",
    )


def _add_steps(root: Tree, progress: Progress, now: datetime) -> None:
    steps = progress.get("steps", [])
    running = progress.get("waitingFor") == "Bake" and not has_ended(progress)
    for step in steps:
        mark, style = _MARKS[step["status"]]
        text = Text.assemble(
            (f"{mark} ", style), (f"{percent(step['weight']):>7}", "" if step in shifted(progress) else "dim")
        )
        if step["status"] == "InProgress" and running:
            left = seconds_left(progress, now)
            text.append(f"  baking{f', {duration(left)} left' if left is not None else ''}", "yellow")
        elif step["status"] in {"Pending", "Skipped"}:
            time_kept = f" for {duration(step['bakeSeconds'])}" if step["bakeSeconds"] else ""
            text.append("  not taken" if step["status"] == "Skipped" else f"  to come{time_kept}", "dim")
        elif step.get("startTime"):
            text.append(f"  since {local_time(step['startTime'], now)}", "dim")
        root.add(text)


def _hook(hook: Mapping[str, Any], progress: Progress, now: datetime) -> Text:
    mark, style = _MARKS[hook["status"]]
    text = Text.assemble((f"{mark} ", style), f"{clean(hook['lifecycleEventName'])}  {clean(hook['functionName'])}")
    if hook["status"] == "InProgress":
        left = seconds_left(progress, now)
        text.append(f"  running{f', {duration(left)} left' if left is not None else ''}", "yellow")
    elif hook["status"] != "Pending":
        text.append(f"  {clean(hook['status'])}", style)
    if hook.get("message"):
        text.append(f": {clean(hook['message'], 200)}", style)
    return text


def _add_turn(root: Tree, progress: Progress) -> None:
    """What ends it early, and how traffic goes back."""
    interruption, back = progress.get("interruption"), progress.get("rollbackDeploymentId")
    if interruption and not has_ended(progress):
        branch = root.add(
            Text.assemble(("! ", "red"), (clean(interruption["code"]), "red"), f"  {clean(interruption['message'], 300)}")
        )
        branch.add(Text("all traffic goes back" if interruption.get("rollback") else "traffic stays where it is"))
    if back:
        root.add(Text(f"rollback  {clean(back)}"))
    if held := progress.get("rollbackHeldUp"):
        root.add(Text.assemble(("! ", "red"), ("rollback held up  ", "red"), clean(held["message"], 300)))


def _state(progress: Progress, now: datetime) -> Text:
    if not has_ended(progress):
        return Text(clean(waiting(progress, now)), "yellow", **_WRAPPED)
    why = f": {clean(reason(progress))}" if reason(progress) else ""
    return Text(f"{clean(outcome(progress))}{why}", "green" if progress["status"] == "Succeeded" else "red", **_WRAPPED)
