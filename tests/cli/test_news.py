"""A line, an event for each change, and for each change once."""

from tests.cli.samples import HOSTILE, at, entry, progress, stopped, turning_back
from tests.cli.schema import check
from weighbridge_cli.news import News, line


def test_each_change_is_told_once() -> None:
    news = News()
    first = news.of(progress(), at(5))
    assert [event["event"] for event in first] == ["Created", "Validated", "TrafficShifted", "AlarmState"]
    assert news.of(progress(), at(10)) == []
    later = news.of(turning_back(), at(61))
    assert [(event["event"], event["text"]) for event in later] == [
        ("Interrupted", "One or more alarms have been activated <checkout-errors>"),
        ("AlarmState", "checkout-errors is ALARM."),
    ]
    assert [event["event"] for event in news.of(stopped(), at(64))] == ["Ended"]
    for event in [*first, *later]:
        check(event, "event")


def test_a_timeline_that_was_shortened_tells_nothing_again() -> None:
    news = News()
    news.of(progress(), at(5))
    kept = progress()["timeline"]
    shortened = progress(timeline=[kept[0], entry(4, "TimelineShortened", "1 entry was left out."), kept[2]])
    assert [event["event"] for event in news.of(shortened, at(6))] == ["TimelineShortened"]


def test_a_line_has_its_time_of_day() -> None:
    [event] = News().of(progress(alarms=[], timeline=[entry(2, "TrafficShifted", "10 % …")]), at(3))
    assert line(event, at(3)) == f"{at(2).astimezone():%H:%M:%S}  TrafficShifted: 10 % …"
    assert line({**event, "text": ""}, at(3)).endswith("  TrafficShifted")
    assert event["time"] == "2026-01-05T12:00:02.000Z"


def test_texts_of_others_are_printable() -> None:
    [event] = News().of(progress(alarms=[], timeline=[entry(0, "Created", HOSTILE)]), at(0))
    assert event["text"].isprintable()
