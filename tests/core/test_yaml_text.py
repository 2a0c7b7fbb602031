"""YAML as it is read of untrusted files; as documents say what is wrong, in test_documents.py."""

import pytest

from weighbridge.core.errors import InvalidDocument, NotWellFormed
from weighbridge.core.yaml_text import load


def test_scalars_stay_as_they_were_typed_but_null() -> None:
    text = "{version: 0.0, octal: 010, time: 1:30, yes: yes, date: 2026-11-27, none: null, tilde: ~, empty: }"
    assert load(text, 5) == {
        "version": "0.0", "octal": "010", "time": "1:30", "yes": "yes", "date": "2026-11-27",
        "none": None, "tilde": None, "empty": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\na: 2", "line 2: the key 'a' is given twice"),
        ("? [a]\n: 1", "a key must be plain text"),
        ("a: &x 1\nb: *x", "line 1: anchors and aliases"),
        ("a: !!python/name:os.system ''", "tags such as"),
        ("[[[[[[1]]]]]]", "nested more than 5 levels"),
    ],
)
def test_what_could_do_harm_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(InvalidDocument, match=says):
        load(text, 5)


def test_what_is_no_yaml_says_where() -> None:
    with pytest.raises(NotWellFormed, match=r"not well-formed YAML: .*line 2"):
        load("a: [", 5)


def test_an_alias_bomb_is_refused_before_anything_is_built() -> None:
    bomb = "a: &a [x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(8)
    )
    with pytest.raises(InvalidDocument, match="line 1"):
        load(bomb, 5)
