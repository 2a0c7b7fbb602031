"""What others are notified of by changes in the table's stream, and what has to come again."""

import json
from typing import Any

import pytest

from tests.aws.account import client_error, refuse
from tests.aws.invocation import ID, event_file, invoke

BATCH = event_file("notify.table_changed")
CHANGED = "CodeDeploy Deployment State-change Notification"


def _told(calls: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    return [(entry["DetailType"], json.loads(entry["Detail"])) for call in calls for entry in call["Entries"]]


def test_every_news_in_a_batch_is_told_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = refuse(monkeypatch, "events", "put_events")
    assert invoke("notify", BATCH) == {"batchItemFailures": []}
    [(first, start), (second, shift)] = _told(calls)
    assert (first, start["state"]) == (CHANGED, "START")
    assert (second, shift["weight"]) == ("Deployment Traffic Shifted", 0.1)
    for detail in (start, shift):
        assert (detail["deploymentId"], detail["application"], detail["deploymentGroup"]) == (ID, "shop-app", "prod")
        assert detail["region"] == "eu-west-1"


def test_what_was_not_told_comes_again_and_the_rest_does_not_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = refuse(monkeypatch, "events", "put_events", client_error("ThrottlingException", "PutEvents"))
    answer = invoke("notify", BATCH)
    [begun] = [record for record in BATCH["Records"] if record["eventID"].endswith("1")]
    assert answer == {"batchItemFailures": [{"itemIdentifier": begun["dynamodb"]["SequenceNumber"]}]}
    assert [detail_type for detail_type, _ in _told(calls[1:])] == ["Deployment Traffic Shifted"]


def test_a_batch_of_which_nothing_was_told_comes_again_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "events", "put_events", *(client_error("InternalException", status=500) for _ in range(2)))
    failed = invoke("notify", BATCH)["batchItemFailures"]
    assert [each["itemIdentifier"] for each in failed] == [
        record["dynamodb"]["SequenceNumber"] for record in BATCH["Records"][1:]
    ]


def test_a_refusal_is_told_of_as_the_file_in_events_says(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = refuse(monkeypatch, "events", "put_events")
    assert invoke("notify", event_file("notify.refusal_kept")) == {"batchItemFailures": []}
    outgoing = event_file("outgoing/drop_refused")
    assert _told(calls) == [(outgoing["detail-type"], outgoing["detail"])]
    assert [entry["Source"] for call in calls for entry in call["Entries"]] == [outgoing["source"]]


def test_a_record_that_was_deleted_by_hand_is_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = refuse(monkeypatch, "events", "put_events")
    removed = json.loads(json.dumps(BATCH["Records"][2])) | {"eventName": "REMOVE"}
    del removed["dynamodb"]["NewImage"]
    assert invoke("notify", {"Records": [removed]}) == {"batchItemFailures": []}
    assert calls == []


def _ended(status: str) -> dict[str, Any]:
    """A batch of one change: the deployment has ended with that status."""
    batch: dict[str, Any] = json.loads(json.dumps(BATCH | {"Records": [BATCH["Records"][-1]]}))
    batch["Records"][0]["dynamodb"]["NewImage"]["status"] = {"S": status}
    return batch


def test_an_end_is_counted_once_it_has_been_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refuse(monkeypatch, "events", "put_events", client_error("ThrottlingException", "PutEvents"))
    invoke("notify", _ended("Failed"))
    assert "DeploymentsFailed" not in capsys.readouterr().out
    invoke("notify", _ended("Failed"))
    assert capsys.readouterr().out.count('"DeploymentsFailed":[1.0]') == 1
