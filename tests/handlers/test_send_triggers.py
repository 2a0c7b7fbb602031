"""The messages of triggers: what is sent, what is refused for good, and what comes again."""

import json
from typing import Any

import pytest

from tests.aws.account import client_error, refuse
from tests.aws.invocation import event_file, invoke
from tests.core.samples import at
from weighbridge.aws.clients import client
from weighbridge.core import groups
from weighbridge.core.deployment import stamp
from weighbridge.store import settings

BATCH = event_file("notify.table_changed")
BEGUN = BATCH["Records"][1]
TOPIC = "arn:aws:sns:eu-west-1:123456789012:deployments"


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
    messages, publish = list[str](), client("sns").publish

    def note(**message: str) -> Any:
        answer = publish(**message)
        messages.append(message["TopicArn"])
        return answer

    monkeypatch.setattr(client("sns"), "publish", note)
    return messages


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
