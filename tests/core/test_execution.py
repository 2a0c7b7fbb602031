"""How executions stand."""

from typing import get_args

from weighbridge.core.execution import Execution, ExecutionStatus


def test_what_runs_or_will_run_again_lives() -> None:
    lives = {status for status in get_args(ExecutionStatus) if Execution(status).lives}
    assert lives == {"RUNNING", "PENDING_REDRIVE"}
    assert not Execution(None).lives
