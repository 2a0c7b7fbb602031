"""What ends the one wait that a deployment has open."""

from tests.core.samples import apply, at, plan, record
from weighbridge.core import hooks
from weighbridge.core.deployment import hook_answered, hook_called
from weighbridge.core.errors import AlarmActive
from weighbridge.core.gate import Fail, GoOn, hook_result, owed
from weighbridge.core.interruptions import Interruption, interrupted
from weighbridge.core.record import Record

HOOKS = {hooks.BEFORE: "CodeDeployHook_check"}
YES: hooks.Answer = {"status": "Succeeded", "message": "", "by": "report"}
NO: hooks.Answer = {"status": "Failed", "message": "two rows differ", "by": "return value"}


def waiting() -> Record:
    return apply(record(hooks=HOOKS), hook_called(plan(hooks=HOOKS), hooks.BEFORE, "id", "token", at(2)))


def answered(answer: hooks.Answer) -> Record:
    return apply(waiting(), hook_answered(hooks.BEFORE, HOOKS[hooks.BEFORE], answer, at(3)))


def test_a_wait_that_nothing_has_come_for_goes_on() -> None:
    assert owed(record()) is None
    assert owed(waiting()) is None


def test_an_answer_ends_the_wait_for_its_hook() -> None:
    assert owed(answered(YES)) == GoOn("token", {"status": "Succeeded"})


def test_a_hook_that_says_no_goes_on_with_the_failure() -> None:
    result = hook_result(hooks.BEFORE, plan(hooks=HOOKS), NO)
    assert owed(answered(NO)) == GoOn("token", result)
    assert result["failure"]["error"] == "HookFailed"
    assert "two rows differ" in result["failure"]["cause"]


def test_an_interruption_ends_any_wait_and_goes_before_an_answer() -> None:
    change = interrupted(Interruption(AlarmActive(["errors"]), roll_back=True), at(4))
    for of in (waiting(), answered(YES)):
        ended = owed(apply(of, change))
        assert isinstance(ended, Fail)
        assert (ended.token, ended.error) == ("token", "AlarmActive")
        assert ended.details["rollBack"] is True
