"""Which calls a fault befalls."""

import pytest

from verify.simulation.faults import Call, Fault, Faults, Kind, Span

FIRST_GET = Call("ShiftTraffic", "lambda", "GetAlias", 1)


def struck(fault: Fault, *calls: tuple[str, str, float]) -> list[bool]:
    """Whether it befalls each of the calls: (caller, operation, seconds)."""
    faults = Faults()
    faults.strike(fault)
    return [faults.of(caller, "lambda", operation, at)[1] is not None for caller, operation, at in calls]


def calls(*times: float) -> list[tuple[str, str, float]]:
    return [("ShiftTraffic", "GetAlias", at) for at in times]


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (Span.ONCE, [True, False, False, False, False]),
        (Span.THRICE, [True, True, True, False, False]),
        (Span.MINUTE, [True, True, True, True, False]),
        (Span.GOOD, [True, True, True, True, True]),
    ],
)
def test_a_fault_lasts(span: Span, expected: list[bool]) -> None:
    assert struck(Fault(Kind.THROTTLED, span, FIRST_GET), *calls(100, 101, 102, 160, 161)) == expected


def test_it_begins_with_the_call_that_it_is_meant_for() -> None:
    second = Fault(Kind.CUT, Span.ONCE, Call("ShiftTraffic", "lambda", "GetAlias", 2))
    assert struck(second, *calls(0, 1, 2)) == [False, True, False]


def test_it_befalls_its_caller_and_operation_alone() -> None:
    others = [("Reconcile", "GetAlias", 1.0), ("ShiftTraffic", "UpdateAlias", 1.0), ("ShiftTraffic", "GetAlias", 1.0)]
    assert struck(Fault(Kind.DENIED, Span.GOOD, FIRST_GET), *calls(0), *others) == [True, False, False, True]
    assert struck(Fault(Kind.DENIED, Span.GOOD, FIRST_GET, of_all=True), *calls(0), *others) == [True, True, False, True]
