"""The design to compare with is what it says: it waits, reads, and puts traffic back where the alarm fires."""

from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.polling import WATCH

EVENT = {"alarm": "errors", "function": "shop", "alias": "live", "seconds": 10}


def watched(state: str, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What its function answers where the alarm is in that state, and what it writes."""
    written: list[dict[str, Any]] = []
    answers = {"MetricAlarms": [{"StateValue": state}]}
    client = SimpleNamespace(
        describe_alarms=lambda AlarmNames: answers if AlarmNames == ["errors"] else {},  # noqa: N803 - of botocore
        update_alias=lambda **asked: written.append(asked),
    )
    monkeypatch.setattr("boto3.client", lambda _service: client)
    namespace: dict[str, Any] = {}
    exec(WATCH, namespace)  # noqa: S102 - the source of its function, as Lambda runs it
    return namespace["handler"](EVENT, None), written


def test_it_goes_on_while_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert watched("OK", monkeypatch) == (EVENT | {"back": 0}, [])


def test_it_puts_all_traffic_back_when_the_alarm_fires(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, written = watched("ALARM", monkeypatch)
    assert answer["back"] > 0
    nothing: dict[str, float] = {}
    back = {"FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": nothing}}
    assert written == [{"FunctionName": "shop", "Name": "live", **back}]
