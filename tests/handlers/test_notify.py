"""What the world is told of changes in the table's stream, and what has to come again."""

import json
from typing import Any

import pytest

from tests.aws.account import client_error, refuse
from tests.aws.invocation import ID, event_file, invoke
from tests.core.samples import at
from weighbridge.aws.clients import client
from weighbridge.core import groups
from weighbridge.core.deployment import stamp
from weighbridge.store import settings

BATCH = event_file("notify.table_changed")
BEGUN = BATCH["Records"][1]
TOPIC = "arn:aws:sns:eu-west-1:123456789012:deployments"
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
    told = event_file("outgoing/drop_refused")
    assert _told(calls) == [(told["detail-type"], told["detail"])]
    assert [entry["Source"] for call in calls for entry in call["Entries"]] == [told["source"]]


def test_a_record_that_was_deleted_by_hand_is_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = refuse(monkeypatch, "events", "put_events")
    removed = json.loads(json.dumps(BATCH["Records"][2])) | {"eventName": "REMOVE"}
    del removed["dynamodb"]["NewImage"]
    assert invoke("notify", {"Records": [removed]}) == {"batchItemFailures": []}
    assert calls == []


# ----------------------------------------------------------------------------------------------------- triggers


def _begun(group: str, *topics: str, **changes: Any) -> dict[str, Any]:
    """A change of the stream that says that a deployment of `group` has begun; the group tells those topics."""
    triggers = [
        {"triggerName": topic[-90:], "triggerTargetArn": topic, "triggerEvents": ["DeploymentStart"]} for topic in topics
    ]
    parsed = groups.parse("shop-app", group, {"triggerConfigurations": triggers, **changes})
    settings.put_group("shop-app", group, parsed, stamp(at(0)))
    change: dict[str, Any] = json.loads(json.dumps(BEGUN))
    change["dynamodb"]["NewImage"]["deploymentGroupName"] = {"S": group}
    change["dynamodb"]["SequenceNumber"] += f"-{group}"
    return change


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The topics that messages were sent to: those that exist."""
    monkeypatch.setenv("ACCOUNT_ID", "123456789012")
    client("sns").create_topic(Name="deployments")
    told, publish = list[str](), client("sns").publish

    def note(**message: str) -> Any:
        answer = publish(**message)
        told.append(message["TopicArn"])
        return answer

    monkeypatch.setattr(client("sns"), "publish", note)
    return told


def test_a_topic_that_is_gone_holds_up_nobody(published: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    gone = f"{TOPIC}-long-gone"
    records = [_begun("theirs", gone, TOPIC), _begun("ours", TOPIC)]
    assert invoke("send_triggers", {"Records": records}) == {"batchItemFailures": []}
    assert published == [TOPIC, TOPIC]
    assert capsys.readouterr().out.count('"TriggersRefused":[1.0]') == 1


@pytest.mark.parametrize("code", ["NotFound", "AuthorizationError", "AccessDenied", "InvalidParameter", "KMSAccessDenied"])
def test_what_a_topic_refuses_for_good_does_not_come_again(
    published: list[str], monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    refuse(monkeypatch, "sns", "publish", client_error(code, "Publish", 403))
    assert invoke("send_triggers", {"Records": [_begun("ours", TOPIC)]}) == {"batchItemFailures": []}
    assert published == []


@pytest.mark.parametrize("code", ["AccessDenied", "RegionDisabledException"])
def test_a_role_that_cannot_be_assumed_does_not_come_again(
    published: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    refuse(monkeypatch, "sts", "assume_role", client_error(code, "AssumeRole", 403))
    begun = _begun("theirs", TOPIC, serviceRoleArn="arn:aws:iam::123456789012:role/theirs")
    assert invoke("send_triggers", {"Records": [begun, _begun("ours", TOPIC)]}) == {"batchItemFailures": []}
    assert published == [TOPIC]
    assert capsys.readouterr().out.count('"TriggersRefused":[1.0]') == 1


@pytest.mark.parametrize(
    ("code", "status"), [("Throttled", 429), ("Throttling", 400), ("KMSThrottling", 400), ("InternalError", 500)]
)
def test_what_may_be_sent_later_comes_again(
    published: list[str], monkeypatch: pytest.MonkeyPatch, code: str, status: int
) -> None:
    refuse(monkeypatch, "sns", "publish", client_error(code, "Publish", status))
    first, second = _begun("theirs", TOPIC), _begun("ours", TOPIC)
    answer = invoke("send_triggers", {"Records": [first, second]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": first["dynamodb"]["SequenceNumber"]}]}
    assert published == [TOPIC]


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
