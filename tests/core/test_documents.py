"""Untrusted files: what is read, and what every kind of broken or hostile file gets."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from weighbridge.core.documents import SIZE_LIMIT, Document, load
from weighbridge.core.errors import InvalidDocument, NotWellFormed


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("version: 0.0", {"version": "0.0"}),
        ("version: 010", {"version": "010"}),
        ("at: 1:30", {"at": "1:30"}),
        ("hook:", {"hook": None}),
        ("hook: ~", {"hook": None}),
        ("on: yes", {"on": "yes"}),
        ('{"version": 0.0, "enabled": true, "count": 3}', {"version": "0.0", "enabled": True, "count": "3"}),
        ('{\n\t"version": "0.0"\n}', {"version": "0.0"}),
        ("{version: 0.0, list: [a, b]}", {"version": "0.0", "list": ["a", "b"]}),
        ("\ufeffversion: 0.0", {"version": "0.0"}),
        ("", None),
    ],
)
def test_scalars_stay_as_they_were_typed(text: str, value: object) -> None:
    assert load(text) == value


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a: b: c", "not well-formed YAML"),
        ("{", "not well-formed JSON"),
        ("a: 1\n---\nb: 2", "not well-formed YAML"),
        ("a: 1\na: 2", "'a' is given twice"),
        ('{"a": 1, "a": 2}', "'a' is given twice"),
        ("a: !!python/object/apply:os.system [true]", "tags such as"),
        ("a: !!binary aGk=", "tags such as"),
        ("a: &x 1", "anchors and aliases"),
        ("a: &x [1]\nb: *x", "anchors and aliases"),
        ("? [a, b]\n: c", "a key must be plain text"),
        (b"\xff\xfe\x00", "not text"),
        (b"\x00\x01\x02", "not well-formed YAML"),
        ("[" * 5000, "nested more than"),
        ('{"a":' * 5000, "well-formed JSON|nested more than"),
        ('{"a":' * 21 + "[]" + "}" * 21, "nested more than"),
        ("a: " + "x" * (SIZE_LIMIT + 1), "at most 1048576"),
    ],
)
def test_what_is_no_file_of_ours_is_refused_with_a_sentence(content: str | bytes, says: str) -> None:
    with pytest.raises(InvalidDocument, match=says):
        load(content)


def test_an_alias_bomb_is_refused_before_it_goes_off() -> None:
    bomb = 'a0: &a0 ["x"]\n' + "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30))
    with pytest.raises(InvalidDocument, match="anchors"):
        load(bomb)  # it would have 10 to the power of 29 members


def test_deep_json_is_refused() -> None:
    deep = '{"a":' * 100_000 + "1" + "}" * 100_000
    with pytest.raises(InvalidDocument):
        load(deep)


@given(st.binary(max_size=400) | st.text(max_size=400))
def test_any_bytes_are_read_or_refused(content: bytes | str) -> None:
    with suppress(InvalidDocument):
        load(content)


@given(
    st.recursive(
        st.none() | st.text(alphabet="abc0.: -", max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet="abc", min_size=1), inner, max_size=3),
        max_leaves=10,
    )
)
def test_json_reads_back_as_written(value: object) -> None:
    if isinstance(value, dict):
        assert load(json.dumps(value)) == value


class _Inner(Document):
    some_number: int = Field(alias="someNumber")


class _Outer(Document):
    inner: list[_Inner]
    flag: bool = False


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"inner": [], "flg": True}, "Unknown key 'flg'; did you mean 'flag'?"),
        ({"inner": [], "xyzzy": True}, "Unknown key 'xyzzy'; the keys are inner, flag"),
        ({"inner": [{"someNumbr": 1}]}, r"inner\[0\]: unknown key 'someNumbr'; did you mean 'someNumber'"),
        ({"inner": [{"someNumber": "ten"}]}, r"inner\[0\].someNumber: must be a whole number, not 'ten'"),
        ({"inner": [{}]}, r"inner\[0\].someNumber: is missing; add it"),
        ({"inner": {}}, "inner: must be a list, not a mapping"),
        ({"inner": [], "flag": "perhaps"}, "flag: must be true or false, not 'perhaps'"),
        ({"inner": [], "Inner": []}, "'inner' is given twice"),
        ([], "must be a mapping of keys to values, not a list"),
        (None, "must be a mapping of keys to values, not nothing"),
    ],
)
def test_a_fault_is_named_where_it_is(value: object, says: str) -> None:
    with pytest.raises(InvalidDocument, match=says):
        _Outer.read(value)


def test_keys_may_be_in_any_case() -> None:
    assert _Outer.read({"INNER": [{"somenumber": "3"}], "Flag": "true"}) == _Outer.read(
        {"inner": [{"someNumber": 3}], "flag": True}
    )


def test_broken_yaml_can_be_told_from_a_wrong_document() -> None:
    with pytest.raises(NotWellFormed):
        load("a: [")
