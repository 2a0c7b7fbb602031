"""What a group's SNS triggers send: CodeDeploy's real message form, reference section 7.2."""

import json
from typing import Any

from tests.core.samples import apply, at, plan, record
from weighbridge.core.deployment import created, shifted
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.plan import routing_after
from weighbridge.core.record import Record
from weighbridge.core.rollbacks import rollback_record
from weighbridge.core.triggers import Message, messages

TOPIC = "arn:aws:sns:eu-west-1:123456789012:topic"
ALL = [
    "DeploymentStart",
    "DeploymentSuccess",
    "DeploymentFailure",
    "DeploymentStop",
    "DeploymentRollback",
    "DeploymentReady",
]


def _sent(old: Any, new: Any, *events: str) -> list[Message]:
    trigger = {"triggerName": "team", "triggerTargetArn": TOPIC, "triggerEvents": list(events or ALL)}
    return messages(old, new, [trigger], region="eu-west-1", account="123456789012")


def _created() -> Record:
    return created("d-AAAAAAAAA", "id", application="shop-app", group="prod", revision=None, now=at(0))


def test_a_start() -> None:
    [message] = _sent(_created(), record())
    assert message.topic_arn == TOPIC
    assert message.subject == "CREATED: Weighbridge d-AAAAAAAAA in eu-west-1 to shop-app"
    assert json.loads(message.body) == {
        "region": "eu-west-1",
        "accountId": "123456789012",
        "eventTriggerName": "team",
        "applicationName": "shop-app",
        "deploymentId": "d-AAAAAAAAA",
        "deploymentGroupName": "prod",
        "createTime": "Mon Nov 23 06:00:00 UTC 2026",
        "completeTime": None,
        "status": "CREATED",
        "rollbackInformation": "{}",
    }


def test_an_end_carries_json_in_text() -> None:
    before = record()
    after = apply(
        before, failed(before, {"error": "StopRequested", "cause": "Stopped."}, {"status": "SUCCEEDED"}, at(9)).change
    )
    [message] = _sent(before, after)
    body = json.loads(message.body)
    assert message.subject.startswith("ABORTED: ")
    assert body["completeTime"] == "Mon Nov 23 06:00:09 UTC 2026"
    assert json.loads(body["deploymentOverview"])["Failed"] == 1
    assert json.loads(body["errorInformation"]) == {"ErrorCode": "MANUAL_STOP", "ErrorMessage": "Stopped."}
    assert "Automatic rollback is triggered" in json.loads(body["rollbackInformation"])["RollbackMessage"]


def test_each_event_is_sent_to_those_who_asked_for_it() -> None:
    before = record()
    ended = apply(before, succeeded(before, at(9)).change)
    assert len(_sent(before, ended, "DeploymentSuccess")) == 1
    assert _sent(before, ended, "DeploymentFailure", "DeploymentStop", "DeploymentStart") == []
    assert (
        len(
            _sent(
                _created(), _created() | {"status": "Failed", "completeTime": "2026-11-23T06:00:00Z"}, "DeploymentFailure"
            )
        )
        == 1
    )
    moved = apply(before, shifted(plan(), 0, routing_after(plan(), 0), "r-1", at(2)))
    assert _sent(before, moved) == []


def test_a_rollback_is_told_as_one() -> None:
    [rollback] = _sent(None, rollback_record(plan(), at(0)))  # once, though the trigger has both of its events
    information = json.loads(json.loads(rollback.body)["rollbackInformation"])
    assert information["RollbackTriggeringDeploymentId"] == "d-AAAAAAAAA"


def test_a_long_application_name_does_not_make_a_subject_that_sns_refuses() -> None:
    [message] = _sent(_created(), record() | {"applicationName": "x" * 100})
    assert len(message.subject) == 100
