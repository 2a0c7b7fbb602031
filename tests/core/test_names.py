"""What applications, groups and configurations may be called."""

import pytest

from weighbridge.core.names import valid_name


@pytest.mark.parametrize("name", ["a", "A-1._+=,@", "x" * 100])
def test_names_that_can_be(name: str) -> None:
    assert valid_name(name)


@pytest.mark.parametrize("name", ["", "x" * 101, "a b", "a/b", "a:b", "a\n", "ä", "a\0"])
def test_names_that_cannot_be(name: str) -> None:
    assert not valid_name(name)
