"""What is read of an event, which may be anything that JSON can say."""

import pytest

from weighbridge.core.event_text import text_at


def test_a_text_is_read_at_its_path() -> None:
    assert text_at({"a": {"b": "yes"}}, "a", "b", longest=3) == "yes"


@pytest.mark.parametrize(
    "event", [None, [], "a", 1, {}, {"a": None}, {"a": []}, {"a": {"b": 1}}, {"a": {"b": "long"}}, {"a": {"b": "\ud800"}}]
)
def test_what_is_no_text_to_keep_is_none(event: object) -> None:
    assert text_at(event, "a", "b", longest=3) is None
