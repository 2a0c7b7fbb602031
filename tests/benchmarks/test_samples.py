"""What is said of several samples."""

from benchmarks.samples import spread_of


def test_half_are_below_the_median_and_five_in_a_hundred_above_the_last_but_one() -> None:
    assert spread_of([float(number) for number in range(101)]) == {"p50": 50, "p95": 95, "max": 100, "of": 101}


def test_one_sample_is_all_of_it() -> None:
    assert spread_of([0.25]) == {"p50": 0.25, "p95": 0.25, "max": 0.25, "of": 1}


def test_of_no_sample_nothing_is_said_but_that() -> None:
    assert spread_of([]) == {"of": 0}
