"""What who waits for a deployment is told, by its record."""

from datetime import timedelta

import pytest

from tests.core.samples import apply, at, record
from weighbridge.core.awaited import TIME_TO_BEGIN, Awaited, Failed, Succeeded, answer, identity, is_awaited
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.record import Record, Status

WAITING: Awaited = {"taskToken": "token", "createTime": "2026-11-23T06:00:00.000Z"}


def ended(error: str | None = None) -> Record:
    begun = record()
    ending = failed(begun, {"error": error, "cause": "why"}, {}, at(9)) if error else succeeded(begun, at(9))
    return apply(begun, ending.change)


@pytest.mark.parametrize("status", ["Created", "InProgress"])
def test_of_one_that_runs_nothing_is_told(status: Status) -> None:
    assert answer(record() | {"status": status}, WAITING, at(10_000)) is None


def test_of_one_that_is_not_there_a_failure_is_told_once_it_can_begin_no_more() -> None:
    assert answer(None, WAITING, at(0) + TIME_TO_BEGIN - timedelta(seconds=1)) is None
    answered = answer(None, WAITING, at(0) + TIME_TO_BEGIN)
    assert isinstance(answered, Failed)
    assert answered.error == "NotStarted"


def test_a_success_is_told_with_what_was_deployed() -> None:
    answered = answer(ended(), WAITING, at(9))
    assert isinstance(answered, Succeeded)
    assert (answered.output["status"], answered.output["targetVersion"]) == ("Succeeded", "2")


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [("HookFailed", "HOOK_EXECUTION_FAILURE", "failed"), ("AlarmActive", "ALARM_ACTIVE", "stopped")],
)
def test_a_failure_is_told_by_its_code_and_what_it_came_to(error: str, code: str, status: str) -> None:
    assert answer(ended(error), WAITING, at(9)) == Failed(code, f"Deployment d-AAAAAAAAA {status}: why")


def test_only_what_an_execution_has_asked_for_is_waited_for() -> None:
    assert is_awaited(record() | {"identity": identity("arn 2026")})
    assert not any(is_awaited(record() | {"identity": other}) for other in ("s3://b/k?versionId=1", "event 1", "call 1"))
