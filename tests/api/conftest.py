"""The API in this process, upon the account and the table of the adapters' tests."""

from types import SimpleNamespace

import pytest

from tests.api.caller import Caller
from tests.aws.conftest import account, place, quick_items, waits

__all__ = ["account", "place", "quick_items", "waits"]


@pytest.fixture
def api(place: SimpleNamespace) -> Caller:  # noqa: ARG001  # the table that the caller finds
    return Caller()
