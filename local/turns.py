"""How many invocations of a function run at a time.

AWS: as many as the account's concurrency, 1,000 by default, each with a processor of its own.
Emulator: as many as there is memory for, all on the processors of this machine: more of them than those can carry run into
their time-outs.
Here: further invocations of a function wait for their turn.
"""

from collections import defaultdict
from collections.abc import Callable
from threading import Semaphore
from typing import Any

from ministack.services import lambda_svc

from local.gaps.patching import wrap


def take(workers: int) -> None:
    """Let at most `workers` invocations of each function run at a time."""
    turns: defaultdict[str, Semaphore] = defaultdict(lambda: Semaphore(workers))

    def in_turn(original: Callable[..., Any]) -> Callable[..., Any]:
        def execute(function: dict[str, Any], *arguments: Any) -> Any:
            with turns[function["config"]["FunctionName"]]:
                return original(function, *arguments)

        return execute

    wrap(lambda_svc, "_execute_function", in_turn)
