"""What a record that is nearly full does without."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tests.core.samples import apply, at, members, record
from weighbridge.core.deployment import alarms_read, entry
from weighbridge.core.errors import MESSAGE_LIMIT
from weighbridge.core.record import Record, TimelineEntry
from weighbridge.core.record_size import NEARLY_FULL, is_nearly_full, shortened

WIDEST = "\N{HANGUL SYLLABLE GA}"


def _shortened(full: Record) -> Record:
    change = shortened(full)
    assert change is not None
    without = {name: value for name, value in full.items() if name not in change.removes}
    return members(**(without | dict(change.sets)))


def _with(full: Record, *entries: TimelineEntry) -> Record:
    return members(**(full | {"timeline": [*full["timeline"], *entries]}))


def _read(times: int) -> Record:
    """A deployment whose alarms could not be read so many times, each time for another reason."""
    full = record()
    for second in range(times):
        full = apply(full, alarms_read(f"{second} " + WIDEST * MESSAGE_LIMIT, at(second)))
    return full


def test_a_usual_record_is_far_from_full_and_nothing_is_left_out_of_it() -> None:
    assert not is_nearly_full(record())
    assert shortened(record()) is None


def test_readings_of_alarms_go_first_and_what_happened_stays() -> None:
    shift = entry(at(3), "TrafficShifted", weight=0.1, revisionId="r-1")
    full = _with(_read(100), shift)
    assert is_nearly_full(full)
    short = _shortened(full)
    assert not is_nearly_full(short)
    assert [entry["event"] for entry in short["timeline"]] == [
        "Created",
        "Started",
        "Validated",
        "TimelineShortened",
        "TrafficShifted",
    ]
    assert short["timeline"][-1] == shift
    assert short["timeline"][3]["reason"].startswith("The record was nearly full, so 100 entries were left out")


def test_of_very_many_entries_the_first_and_the_last_stay() -> None:
    full = _with(record(), *(entry(at(n), "TrafficShifted", weight=n / 1000, reason="x" * 2000) for n in range(500)))
    short = _shortened(full)["timeline"]
    assert [entry["event"] for entry in short[:3]] == ["Created", "Started", "Validated"]
    assert short[-1]["weight"] == 0.499
    assert {len(entry["reason"]) for entry in short[3:20]} == {200}


def test_shortened_again_it_tells_of_all_that_was_left_out() -> None:
    twice = _shortened(_with(_shortened(_read(10)), *_read(5)["timeline"][3:], entry(at(20), "Interrupted")))
    [mark] = [entry for entry in twice["timeline"] if entry["event"] == "TimelineShortened"]
    assert mark["leftOut"] == 15


def test_what_only_explains_goes_once_the_plan_holds_what_counts() -> None:
    full = record() | {
        "previousRevision": {"revisionType": "S3", "s3Location": {"key": "junk" * 50_000}},
        "overrideAlarmConfiguration": {"alarms": [{"name": "errors"}]},
        "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": "x" * 100_000}},
    }
    short = _shortened(full)
    assert not {"previousRevision", "overrideAlarmConfiguration"} & short.keys()
    assert short["revision"]["appSpecContent"].keys() == {"sha256"}
    before = members(**{name: value for name, value in full.items() if name != "plan"})
    shortened = _shortened(before)
    assert shortened["revision"] == full["revision"], "validation has not read it yet"
    assert shortened["overrideAlarmConfiguration"] == full["overrideAlarmConfiguration"]


texts = st.text(max_size=3000)
entries = st.builds(
    lambda event, reason: {"time": "2026-11-23T06:00:00.000Z", "event": event, "reason": reason},
    st.sampled_from(["AlarmsRead", "HookAnswered", "TrafficShifted", "Interrupted", "HookRunning"]),
    texts,
)


@given(st.lists(entries, max_size=150))
def test_whatever_the_timeline_holds_it_is_short_afterwards_and_stays_so(timeline: list[TimelineEntry]) -> None:
    full = _with(record(), *timeline)
    change = shortened(full)
    short = _shortened(full) if change else full
    assert len(json.dumps(short)) < NEARLY_FULL / 2
    assert short["timeline"][0]["event"] == "Created"
    assert short["timeline"][-1]["event"] == full["timeline"][-1]["event"]
    assert shortened(short) is None, "nothing is done twice"
