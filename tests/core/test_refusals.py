"""What is kept and reported of what was refused."""

from datetime import timedelta
from typing import Any

import pytest

from tests.aws.invocation import event_file
from tests.core.samples import at
from weighbridge.core import refusals
from weighbridge.core.notifications import refused
from weighbridge.core.refusals import Refused, refused_drop, refused_event, unknown

HOSTILE = "x\x1b[31m\u202e\n" * 200
WHY = Refused("DeploymentDoesNotExistException", "There is no such deployment")


def test_of_an_event_it_is_kept_who_sent_what_and_never_what_is_in_it() -> None:
    report = event_file("interrupt.hook_reported")
    record = refused_event(report, "call", WHY).record(at(0))
    assert record["listingKey"].startswith("2026-11-23T06:00:00.000Z#")
    assert record == {
        "eventId": report["id"],
        "eventSource": report["source"],
        "detailType": "Lifecycle Event Hook Reported",
        "deploymentId": "d-LAFB8W95J",
        "time": "2026-11-23T06:00:00.000Z",
        "code": "DeploymentDoesNotExistException",
        "message": "There is no such deployment",
        "expires": int((at(0) + timedelta(days=30)).timestamp()),
        "listing": "REFUSALS",
        "listingKey": record["listingKey"],
    }
    assert report["detail"]["lifecycleEventHookExecutionId"] not in str(record)


@pytest.mark.parametrize("value", [None, 7, {}, ["x"], "\ud800", HOSTILE, "x" * 301])
def test_whatever_an_event_is_its_refusal_is_bounded_and_can_be_printed(value: Any) -> None:
    event = {"id": value, "source": value, "detail-type": value, "detail": value}
    record = refused_event(event, "call", unknown(value)).record(at(0))
    assert record["eventId"]
    assert len(str(record)) < 2_500
    assert all(text.isprintable() for text in record.values() if isinstance(text, str))


def test_a_hostile_key_is_bounded_and_can_be_printed() -> None:
    record = refused_drop({"bucket": "drops", "key": HOSTILE[:1024]}, "s3://…", "INVALID_REVISION", HOSTILE).record(at(0))
    assert all(text.isprintable() and len(text) <= 2_000 for text in record.values() if isinstance(text, str))


def test_the_same_is_one_refusal_and_another_is_another() -> None:
    digests = [refused_event({"id": name}, "call", WHY).digest for name in ("a", "a", "b")]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("Deployment Stop Request", "did you mean 'Deployment Stop Requested'?"),
        ("deployment requested", "did you mean 'Deployment Requested'?"),
        ("LifecycleEventHookReported", "did you mean 'Lifecycle Event Hook Reported'?"),
        ("Order Placed", "these are: Deployment Requested, Deployment Stop Requested, Lifecycle Event Hook Reported."),
        (None, "Weighbridge handles no detail-type ''; these are: "),
    ],
)
def test_a_type_that_is_none_is_answered_with_the_one_that_was_meant(said: Any, hint: str) -> None:
    assert hint in str(unknown(said))


def test_an_object_and_an_event_are_told_of_each_by_its_name() -> None:
    drop = refused_drop({"bucket": "drops", "key": "a.txt"}, "s3://drops/a.txt", "INVALID_REVISION", "No.").record(at(0))
    refusal = refused(drop, "eu-west-1")
    assert refusal.detail_type == "Drop Refused"
    assert refusal.detail == {
        "region": "eu-west-1",
        "bucket": "drops",
        "key": "a.txt",
        "time": "2026-11-23T06:00:00.000Z",
        "code": "INVALID_REVISION",
        "message": "No.",
    }
    assert refused(refused_event({}, "call", WHY).record(at(0)), "eu-west-1").detail_type == "Event Refused"


def test_the_hour_is_that_of_the_clock() -> None:
    assert refusals.hour(at(0)) == "2026-11-23T06"
