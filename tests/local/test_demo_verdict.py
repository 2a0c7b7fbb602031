"""How the demo judges deployments that have ended, on records that real runs left behind."""

import copy
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from local.demo.traffic import Requests
from local.demo.verdict import Ended, differences, summary

RECORDS = Path(__file__).with_name("test_demo_records")


def recorded(name: str) -> Ended:
    """A deployment that a run of the demo has seen; of `not_rolled_back`, automatic rollback was switched off."""
    seen = json.loads((RECORDS / f"{name}.json").read_text())
    return Ended(
        before=seen["before"],
        version=seen["version"],
        record=seen["record"],
        alias=seen["alias"],
        requests=Requests(seen["answered"], seen["failed"]),
        rollback=seen["rollback"],
        alarm_at=datetime.fromisoformat(seen["alarm_at"]) if seen["alarm_at"] else None,
    )


GOOD, BAD = recorded("succeeded"), recorded("rolled_back")


def changed(record: Any, **values: Any) -> Any:
    """A record with other values; None takes one out."""
    return {key: value for key, value in (copy.deepcopy(record) | values).items() if value is not None}


def test_both_as_they_should_be() -> None:
    assert differences(GOOD, BAD) == []


FAILED = {"status": "Failed", "errorInformation": {"code": "HOOK_EXECUTION_FAILURE", "message": "It said no."}}
STOPPED = {"status": "Stopped", "errorInformation": {"code": "MANUAL_STOP", "message": "Somebody did."}}
WEIGHTED = {"RoutingConfig": {"AdditionalVersionWeights": {"3": 0.2}}}


@pytest.mark.parametrize(
    ("good", "difference"),
    [
        (
            replace(GOOD, record=changed(GOOD.record, **FAILED)),
            "it ended as Failed HOOK_EXECUTION_FAILURE, not as Succeeded (It said no.)",
        ),
        (replace(GOOD, record=changed(GOOD.record, rollbackInfo={"a": "b"})), "it was rolled back: {'a': 'b'}"),
        (
            replace(GOOD, record=changed(GOOD.record, timeline=GOOD.record["timeline"][:5])),
            "it moved traffic to the weights [0.1, 0.2], not to all that were planned",
        ),
        (
            replace(GOOD, alias=changed(GOOD.alias, FunctionVersion="1")),
            "the alias is on version 1 with weights {}, not on version 2 without weights",
        ),
        (
            replace(GOOD, alias=changed(GOOD.alias, **WEIGHTED)),
            "the alias is on version 2 with weights {'3': 0.2}, not on version 2 without weights",
        ),
        (replace(GOOD, requests=Requests({"1": 9})), "version 2 answered no request"),
        (replace(GOOD, requests=Requests({"1": 9, "2": 8}, {"2": 1})), "requests failed (v1: 9, v2: 8 (1 failed))"),
    ],
)
def test_no_success(good: Ended, difference: str) -> None:
    assert differences(good, BAD) == [f"{GOOD.deployment_id}: {difference}"]


@pytest.mark.parametrize(
    ("bad", "difference"),
    [
        (
            replace(BAD, record=changed(BAD.record, status="Succeeded", errorInformation=None)),
            "it ended as Succeeded, not as Stopped ALARM_ACTIVE",
        ),
        (
            replace(BAD, record=changed(BAD.record, **STOPPED)),
            "it ended as Stopped MANUAL_STOP, not as Stopped ALARM_ACTIVE (Somebody did.)",
        ),
        (
            replace(BAD, alias=changed(BAD.alias, **WEIGHTED)),
            "the alias is on version 2 with weights {'3': 0.2}, not on version 2 without weights",
        ),
        (
            replace(BAD, alias=changed(BAD.alias, FunctionVersion="3")),
            "the alias is on version 3 with weights {}, not on version 2 without weights",
        ),
        (
            replace(BAD, alias=changed(BAD.alias, RevisionId="somebody else's")),
            "what the alias holds was not written by the rollback",
        ),
        (
            replace(BAD, rollback=changed(BAD.rollback, status="InProgress")),
            "its rollback: it ended as InProgress, not as Succeeded",
        ),
        (replace(BAD, alarm_at=None), "no event of the alarm arrived"),
        (replace(BAD, requests=Requests({"2": 9, "3": 1})), "no request to version 3 failed"),
    ],
)
def test_no_rollback_as_it_should_be(bad: Ended, difference: str) -> None:
    assert differences(GOOD, bad) == [f"{BAD.deployment_id}: {difference}"]


def test_a_rollback_that_restored_nothing() -> None:
    rollback = changed(BAD.rollback, timeline=BAD.rollback["timeline"][:1] if BAD.rollback else [])
    bad = replace(BAD, rollback=rollback)
    assert differences(GOOD, bad) == [f"{BAD.deployment_id}: what the alias holds was not written by the rollback"]
    assert summary(bad).endswith("traffic not restored")


def test_a_deployment_that_nothing_rolled_back() -> None:
    bad = recorded("not_rolled_back")
    weights, no_rollback = differences(GOOD, bad)
    assert weights.endswith("with weights {'3': 0.3}, not on version 2 without weights")
    assert "there was no rollback (Not rolled back, because automatic rollback is off" in no_rollback
    assert summary(bad).endswith(" requests, 16 failed, traffic not restored")


def test_summaries_say_what_was_measured() -> None:
    assert summary(GOOD) == (
        "d-UJTP50XDX Succeeded after 24.2 s and 10 of 10 steps, version 2 answered 43 % of 438 requests, 0 failed"
    )
    assert summary(BAD) == (
        "d-OYROV16XC Stopped ALARM_ACTIVE after 4.4 s and 2 of 10 steps, version 3 answered 14 % of 84 requests, 12 failed, "
        "traffic restored in 1.1 s by d-7MSMV5RK9"
    )


def test_a_deployment_refused_before_it_was_planned() -> None:
    unplanned = changed(GOOD.record, **FAILED, plan=None, timeline=GOOD.record["timeline"][:1])
    refused = replace(GOOD, record=unplanned, requests=Requests())
    assert summary(refused).startswith(f"{GOOD.deployment_id} Failed HOOK_EXECUTION_FAILURE after ")
    assert f"{GOOD.deployment_id}: version 2 answered no request" in differences(refused, BAD)
