"""What others are notified of about a deployment."""

from typing import Any

import pytest

from tests.core.samples import apply, at, plan, record
from weighbridge.core.deployment import created, shifted
from weighbridge.core.endings import succeeded
from weighbridge.core.notifications import notifications
from weighbridge.core.plan import routing_after
from weighbridge.core.record import Record
from weighbridge.core.rollbacks import rollback_record


def _moving(**changes: Any) -> Record:
    sample = plan(**changes)
    return apply(record(**changes), shifted(sample, 0, routing_after(sample, 0), "r-1", at(2)))


def _told(old: Any, new: Any) -> list[tuple[str, Any]]:
    return [(news.detail_type, news.detail.get("state")) for news in notifications(old, new, "eu-west-1")]


def test_the_world_is_told_in_codedeploys_words_and_in_ours() -> None:
    made = created("d-A", "id", application="a", group="g", revision=None, now=at(0))
    change = "CodeDeploy Deployment State-change Notification"
    assert _told(None, made) == []
    begun = record()
    assert _told(made | {"timeline": begun["timeline"][:1]}, begun) == [(change, "START")]
    moving = _moving()
    assert _told(begun, moving) == [("Deployment Traffic Shifted", None)]
    ended = apply(moving, succeeded(moving, at(9)).change)
    assert _told(moving, ended) == [(change, "SUCCESS")]
    assert _told(made, made | {"status": "Failed"}) == [(change, "FAILURE")]
    assert _told(begun, begun | {"status": "Stopped"}) == [(change, "STOP")]
    back = rollback_record(plan(), at(0))
    assert _told(back, back | {"status": "Succeeded"}) == [(change, "SUCCESS"), ("Deployment Rolled Back", None)]
    assert dict(notifications(begun, moving, "eu-west-1")[0].detail) == {
        "region": "eu-west-1",
        "application": "shop-app",
        "deploymentGroup": "prod",
        "deploymentId": "d-AAAAAAAAA",
        "instanceGroupId": "g-1",
        "time": "2026-11-23T06:00:02.000Z",
        "targetVersion": "2",
        "weight": 0.1,
        "revisionId": "r-1",
        "reason": "Step 1 of 10.",
    }


@pytest.mark.parametrize(
    ("description", "number"),
    [
        ("github-deployment:42", "42"),
        ("Release 7 (github-deployment:1234567890).", "1234567890"),
        ("github-deployment:42 github-deployment:43", "42"),
    ],
)
def test_a_deployment_of_githubs_is_told_of_by_its_number(description: str, number: str) -> None:
    begun = record() | {"description": description}
    for status in ("InProgress", "Succeeded", "Failed", "Stopped"):
        before = begun | {"status": "Created" if status == "InProgress" else "InProgress"}
        [news] = notifications(before, begun | {"status": status}, "eu-west-1")
        assert news.detail["gitHubDeploymentId"] == number


@pytest.mark.parametrize(
    "description",
    [
        "",
        "Release 42",
        "github-deployment:",
        "github-deployment:../../orgs",
        "github-deployment:42abc",
        "my-github-deployment:42",
        "github-deployment:\u0664\u0662",
        f"github-deployment:{'4' * 21}",
    ],
)
def test_what_is_no_number_is_told_to_nobody_on_github(description: str) -> None:
    begun = record() | {"description": description}
    [news] = notifications(begun, begun | {"status": "Failed"}, "eu-west-1")
    assert "gitHubDeploymentId" not in news.detail
