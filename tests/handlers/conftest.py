"""The account and the table of the adapters' tests."""

from tests.aws.conftest import account, fresh, no_pauses, place, quick_items, stub, waits

__all__ = ["account", "fresh", "no_pauses", "place", "quick_items", "stub", "waits"]
