"""Variants of a scenario that go the same way: the local cloud plays the first, the simulation all of them."""

from typing import Any

import pytest


def variants(first: Any, *others: Any) -> list[Any]:
    """For `parametrize`: a value each, or a tuple of them."""
    simulated = (other if isinstance(other, tuple) else (other,) for other in others)
    return [first, *(pytest.param(*other, marks=pytest.mark.simulated) for other in simulated)]
