"""The account and the table of the adapters' tests, and Lambda as hooks are invoked by it."""

from collections.abc import Iterator

import pytest

from tests.aws.conftest import account, fresh, no_pauses, place, quick_items, stub, waits
from tests.handlers.hooks import Hooks
from tests.handlers.stacks import Stacks
from weighbridge.aws import cloudformation, lambda_hooks

__all__ = ["account", "fresh", "no_pauses", "place", "quick_items", "stub", "waits"]


@pytest.fixture
def lambda_(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hooks]:
    answering = Hooks()
    monkeypatch.setattr(lambda_hooks, "client_as", lambda *_: answering)
    yield answering
    assert answering.answers == []


@pytest.fixture
def stacks(monkeypatch: pytest.MonkeyPatch) -> Stacks:
    answering = Stacks()
    for name in ("stack", "resource", "holders", "send"):
        monkeypatch.setattr(cloudformation, name, getattr(answering, name))
    return answering
