"""From one look at a deployment to the next: what is new, an event each. Pure.

The deployment's own timeline tells what happened, exactly and in order, however seldom one looks; alarms' states are told
beside it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from weighbridge_cli.explain import headline
from weighbridge_cli.progress import Progress
from weighbridge_cli.text import clean, iso, local_time

Event = Mapping[str, Any]
"""`event` (as in docs/operations.md, or AlarmState), `time`, `text`, and the deployment's id."""


class News:
    """Remembers what was shown. Entries that a shortened timeline leaves out are not shown again."""

    def __init__(self) -> None:
        self._seen: set[tuple[datetime, str, str]] = set()
        self._states: dict[str, str] = {}
        self._headline = ""

    def lines(self, progress: Progress, now: datetime) -> Iterator[str]:
        """The same, a line an event, after a line that says which deployment it is."""
        if (title := headline(progress)) != self._headline:
            self._headline = title
            yield title
        yield from (line(event, now) for event in self.of(progress, now))

    def of(self, progress: Progress, now: datetime) -> list[Event]:
        """What this look has that no earlier one had."""
        return [*self._entries(progress), *self._alarms(progress, now)]

    def _entries(self, progress: Progress) -> Iterator[Event]:
        for entry in progress.get("timeline", []):
            key = (entry["time"], entry["event"], entry.get("text", ""))
            if key not in self._seen:
                self._seen.add(key)
                yield event(progress, entry["event"], entry["time"], entry.get("text", ""))

    def _alarms(self, progress: Progress, now: datetime) -> Iterator[Event]:
        for alarm in progress.get("alarms", []):
            name, state = alarm["name"], alarm.get("state")
            if state and self._states.get(name) != state:
                self._states[name] = state
                yield event(progress, "AlarmState", now, f"{name} is {state}.") | {"alarm": name, "state": state}


def event(progress: Progress, kind: str, time: datetime, text: str) -> dict[str, Any]:
    return {"event": kind, "time": iso(time), "deploymentId": progress["deploymentId"], "text": clean(text)}


def line(news: Event, now: datetime) -> str:
    """The event with its time of day: `12:00:01 TrafficShifted: 10 % of the traffic is on version 7.`."""
    at = local_time(datetime.fromisoformat(news["time"]), now)
    return f"{at}  {news['event']}" + (f": {news['text']}" if news["text"] else "")
