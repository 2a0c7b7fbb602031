"""Tags of applications, groups and configurations."""

import pytest

from weighbridge.core.errors import InvalidDocument
from weighbridge.core.tags import MOST_TAGS, with_tags, without_tags

A, B = {"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}


def test_a_key_that_is_there_takes_the_new_value() -> None:
    assert with_tags([A, B], [{"Key": "a", "Value": "2"}]) == [B, {"Key": "a", "Value": "2"}]
    assert with_tags([], [{"Key": "b"}]) == [B]


def test_tags_go_by_their_keys() -> None:
    assert without_tags([A, B], ["a", "c"]) == [B]


@pytest.mark.parametrize(
    ("added", "says"),
    [
        ([A, A], "given twice"),
        ([{"Key": "AWS:x", "Value": ""}], "reserved"),
        ([{"Key": str(n), "Value": ""} for n in range(MOST_TAGS)], "at most 50"),
        ([{"Key": "", "Value": ""}], "Key"),
        ([{"Key": "k" * 129, "Value": ""}], "Key"),
        ([{"Key": "k", "Value": "v" * 257}], "Value"),
    ],
)
def test_tags_that_cannot_be_kept(added: list[dict[str, str]], says: str) -> None:
    with pytest.raises(InvalidDocument, match=says):
        with_tags([A, B], added)
