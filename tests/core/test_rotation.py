"""Everybody's turn comes, however little a scheduled run gets round to."""

import pytest

from tests.core.samples import at
from weighbridge.core.rotation import rotated


@pytest.mark.parametrize("since", [0, 7, 100_000])
@pytest.mark.parametrize("reach", [10, 37, 250, 999, 1000])
def test_everybodys_turn_comes_soon_however_short_a_run_is(since: int, reach: int) -> None:
    everybody = [f"d-{n:09}" for n in range(1000)]
    looked_at = set[str]()
    for number in range(3 * len(everybody) // reach):
        order = rotated(everybody, at(300 * (since + number)))
        assert sorted(order) == everybody
        looked_at |= set(order[:reach])
    assert looked_at == set(everybody)


def test_the_same_run_delivered_again_begins_at_the_same_place() -> None:
    everybody = [f"d-{n:09}" for n in range(10)]
    assert rotated(everybody, at(1)) == rotated(everybody[::-1], at(299))
    assert rotated(everybody, at(1)) != rotated(everybody, at(301))
    assert rotated([], at(0)) == []
