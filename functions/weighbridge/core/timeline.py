"""A deployment's timeline as people read it: a line an entry, with its time, weights, hooks and deadlines."""

from collections.abc import Callable, Mapping
from typing import Any

Entry = Mapping[str, Any]
"""As core.record.TimelineEntry says, or as an older release has kept it."""


def line(entry: Entry) -> str:
    """`TIME Event: what happened, and why`, as far as the entry tells."""
    text = sentence(entry)
    return f"{entry['time']} {entry['event']}" + (f": {text}" if text else "")


def sentence(entry: Entry) -> str:
    """What happened, and why; empty where the event's name says it all."""
    facts = [_FACTS[entry["event"]](entry)] if entry["event"] in _FACTS else []
    return " ".join([*facts, *(entry[member] for member in ("reason", "rollback") if entry.get(member))])


def _shifted(entry: Entry) -> str:
    return f"{100 * entry['weight']:g} % of the traffic is on version {entry['targetVersion']}."


def _validated(entry: Entry) -> str:
    steps = f"{entry['steps']} step{'s' if entry['steps'] > 1 else ''}"
    return f"From version {entry['currentVersion']} to version {entry['targetVersion']} in {steps}."


def _called(entry: Entry) -> str:
    until = f" It has until {entry['deadline']} to answer." if "deadline" in entry else ""
    return f"{entry['function']} was called as the {entry['lifecycleEvent']} hook.{until}"


def _answered(entry: Entry) -> str:
    message = f": {entry['message']}" if "message" in entry else "."
    return f"The {entry['lifecycleEvent']} hook {entry['function']} says {entry['status']} ({entry['by']}){message}"


_FACTS: Mapping[str, Callable[[Entry], str]] = {
    "Created": lambda entry: f"Asked for by {entry['requestedBy']}.",
    "Validated": _validated,
    "TrafficShifted": _shifted,
    "TrafficKept": _shifted,
    "HookCalled": _called,
    "HookRunning": lambda entry: f"{entry['lifecycleEvent']} hook:",
    "HookReturned": lambda entry: f"{entry['lifecycleEvent']} hook:",
    "ReportRefused": lambda entry: f"{entry['lifecycleEvent']} hook:",
    "HookAnswered": _answered,
    "Ended": lambda entry: f"{entry['status']}.",
}
