"""The account and the table of the adapters' tests, and Lambda as hooks are invoked by it."""

from collections.abc import Iterator

import pytest

from tests.aws.conftest import account, fresh, no_pauses, place, quick_items, stub, waits
from tests.handlers.hooks import Hooks
from weighbridge.aws import lambda_hooks

__all__ = ["account", "fresh", "no_pauses", "place", "quick_items", "stub", "waits"]


@pytest.fixture
def lambda_(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hooks]:
    answering = Hooks()
    monkeypatch.setattr(lambda_hooks, "client_as", lambda *_: answering)
    yield answering
    assert answering.answers == []
