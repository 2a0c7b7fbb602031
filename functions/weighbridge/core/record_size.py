"""What a record does without when it is nearly full. Standard library only.

DynamoDB keeps at most 400 KB in an item. Everything that is kept of a deployment is bounded, but the sum of it may come
near that: so long before, what explains least is left out, and an interruption and an ending always fit.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from weighbridge.core.deployment import Change
from weighbridge.core.errors import clip
from weighbridge.core.record import Record
from weighbridge.core.revisions import shown

NEARLY_FULL = 250_000
"""Bytes of JSON. What is left of 409,600 holds several of the longest writes, the state machine's among them."""
_FIRST, _LAST = 20, 60
"""How many entries of a long timeline are kept, of its beginning and of its end."""
_TEXT = 200
"""Characters that are kept of a text in an entry."""
_MINOR = {"AlarmsRead", "HookReturned", "HookRunning"}
_SHORTENED = "TimelineShortened"


def is_nearly_full(record: Record) -> bool:
    """Whether a record is to be shortened; its size is overestimated, never underestimated."""
    return len(json.dumps(record)) > NEARLY_FULL


def shortened(record: Record) -> Change | None:
    """What to leave out of a record; None where nothing more can be left out.

    The timeline is written anew, so the change may only be applied to the timeline that it was made from.
    """
    sets: dict[str, Any] = {"timeline": _timeline(record["timeline"])}
    removes = [name for name in ("previousRevision",) if name in record]
    if "plan" in record:  # it has been read by then; the registered revision keeps its content
        removes += [name for name in ("overrideAlarmConfiguration",) if name in record]
        if "revision" in record:
            sets["revision"] = shown(record["revision"])
    changed = {name: value for name, value in sets.items() if cast("Mapping[str, Any]", record)[name] != value}
    return Change(sets=changed, removes=removes) if changed or removes else None


def _timeline(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    *before, last = entries
    important = [entry for entry in before if entry["event"] not in _MINOR and entry["event"] != _SHORTENED] + [last]
    remaining = important if len(important) <= _FIRST + _LAST else important[:_FIRST] + important[-_LAST:]
    earlier = sum(entry["leftOut"] - 1 for entry in before if entry["event"] == _SHORTENED)
    left_out = len(entries) - len(remaining) + earlier
    short = [_short(entry) for entry in remaining]
    if left_out:
        reason = f"The record was nearly full, so {left_out} entries were left out here and long texts were cut."
        place = min(_FIRST, len(short) - 1)
        mark = {"time": short[place]["time"], "event": _SHORTENED, "leftOut": left_out, "reason": reason}
        short.insert(place, mark)
    return short


def _short(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: clip(value, _TEXT) if isinstance(value, str) else value for name, value in entry.items()}
