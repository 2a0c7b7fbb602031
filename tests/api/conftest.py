"""The API in this process, upon the account and the table of the adapters' tests."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.api.caller import Caller
from tests.aws.conftest import account, place, quick_items, waits
from tests.core.samples import at
from weighbridge.aws import clients
from weighbridge.core.deployment import stamp
from weighbridge.core.groups import DeploymentGroup
from weighbridge.store import settings

__all__ = ["account", "place", "quick_items", "waits"]


@pytest.fixture
def api(place: SimpleNamespace) -> Caller:  # noqa: ARG001  # the table that the caller finds
    return Caller()


@pytest.fixture
def group_id(place: SimpleNamespace) -> str:  # noqa: ARG001  # the table
    """The id of the group prod of shop-app, which is there."""
    settings.put_group("shop-app", "prod", DeploymentGroup(), stamp(at(0)))
    item = settings.group_item("shop-app", "prod")
    assert item
    return str(item["deploymentGroupId"])


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every request to DynamoDB from now on: its operation, and how many items it read."""
    seen: list[dict[str, Any]] = []
    client = clients.client("dynamodb")
    call = client._make_api_call

    def note(operation: str, arguments: dict[str, Any]) -> Any:
        answer = call(operation, arguments)
        seen.append({"operation": operation, "read": answer.get("ScannedCount", 0), "index": arguments.get("IndexName")})
        return answer

    monkeypatch.setattr(client, "_make_api_call", note)
    return seen
