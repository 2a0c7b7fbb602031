"""Who waits for the end of a deployment, in the table."""

import pytest

from tests.core.samples import at
from weighbridge.core.awaited import Awaited
from weighbridge.core.deployment import stamp
from weighbridge.store import awaited

ASKED_BY = "execution arn:aws:states:eu-west-1:123456789012:execution:weighbridge-deploy:x 2026-11-23T06:00:00Z"
pytestmark = pytest.mark.usefixtures("place")


def waiting() -> str | None:
    kept = awaited.get(ASKED_BY)
    return kept["taskToken"] if kept else None


def test_the_newest_waits_whenever_its_write_arrives() -> None:
    awaited.keep(ASKED_BY, "first", at(0))
    awaited.keep(ASKED_BY, "second", at(5))
    awaited.keep(ASKED_BY, "first", at(0))  # late
    assert awaited.get(ASKED_BY) == Awaited(taskToken="second", createTime=stamp(at(5)), open="awaited")  # type: ignore[typeddict-unknown-key]
    awaited.keep(ASKED_BY, "second", at(5))  # twice
    assert waiting() == "second"


def test_only_who_was_told_is_forgotten() -> None:
    awaited.keep(ASKED_BY, "second", at(5))
    awaited.delete(ASKED_BY, "first")
    assert (waiting(), awaited.identities()) == ("second", [ASKED_BY])
    awaited.delete(ASKED_BY, "second")
    assert (waiting(), awaited.identities()) == (None, [])
    awaited.delete(ASKED_BY, "second")
