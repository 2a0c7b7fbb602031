"""What is printed as JSON."""

from datetime import datetime
from typing import Any

import pytest

from tests.cli.samples import HOSTILE, at, progress, stopped, succeeded
from weighbridge_cli import records


@pytest.mark.parametrize(
    ("seen", "live"),
    [
        (succeeded(), "7"),
        (stopped(), "6"),
        (progress(), None),
        (stopped(rolledBack=None, weight=10.0, rollbackMessage="Not rolled back, because …"), None),
    ],
)
def test_the_live_version_as_far_as_the_deployment_says(seen: Any, live: str | None) -> None:
    assert records.live_version(seen) == live


def test_times_and_nothing_of_the_sdk_in_json() -> None:
    assert records.plain({"a": [datetime.fromtimestamp(0, tz=at(0).tzinfo)], "ResponseMetadata": {}}) == {
        "a": ["1970-01-01T00:00:00.000Z"]
    }
    assert records.text({"name": HOSTILE}).isascii()
