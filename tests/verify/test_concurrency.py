"""How the simulation limits how many invocations run at a time."""

import json
from pathlib import Path

from verify.simulation.concurrency import OLDEST, Concurrency, reserved_in


def test_who_reserves_has_so_many_and_no_more_and_all_others_share_the_rest() -> None:
    concurrency = Concurrency(5, {"Interrupt": 2, "Receive": 1})
    assert [concurrency.take("Interrupt") for _ in range(3)] == [True, True, False]
    assert [concurrency.take("Receive") for _ in range(2)] == [True, False]
    assert [concurrency.take(name) for name in ("Validate", "RunHook", "Validate")] == [True, True, False]
    assert concurrency.refused == 3
    concurrency.give_back("RunHook")
    concurrency.give_back("Interrupt")
    assert [concurrency.take(name) for name in ("Validate", "Validate", "Interrupt")] == [True, False, True]


def test_an_event_is_tried_again_ever_more_rarely_for_an_hour() -> None:
    pauses = list(Concurrency(0, {}).pauses())
    assert 0.5 <= pauses[0] <= 1.5
    assert max(pauses) > 150
    assert sum(pauses[:-1]) < OLDEST <= sum(pauses)


def test_a_template_says_what_is_reserved(tmp_path: Path) -> None:
    functions = {
        "ReceiveFunction17887CA0": {"ReservedConcurrentExecutions": 10},
        "ShiftTrafficFunctionABCDEF01": {"ReservedConcurrentExecutions": 40},
        "ValidateFunction00000000": {},
    }
    resources = {
        name: {"Type": "AWS::Lambda::Function", "Properties": properties} for name, properties in functions.items()
    }
    (tmp_path / "Weighbridge.template.json").write_text(json.dumps({"Resources": resources | {"Queue": {}}}))
    assert reserved_in(tmp_path) == {"Receive": 10, "ShiftTraffic": 40}
