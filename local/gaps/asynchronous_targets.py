# ruff: noqa: SLF001 - the emulator is patched from inside
"""EventBridge invokes Lambda asynchronously.

AWS: a rule's Lambda target is an asynchronous invocation: a function that fails is invoked twice more, after one and
two minutes, and then the event goes to the function's on-failure destination or dead-letter queue.
Emulator: invokes it once and drops what fails.
Here: handed to the emulator's own asynchronous invocation, whose waits the server scales.
"""

import json
from collections.abc import Callable

from ministack.services import eventbridge, lambda_svc

from local.gaps.patching import wrap


def install() -> None:
    wrap(eventbridge, "_dispatch_to_lambda", _asynchronously)


def _asynchronously(original: Callable[[str, str], None]) -> Callable[[str, str], None]:
    def dispatch(arn: str, payload: str) -> None:
        record, config, _ = lambda_svc._get_func_record_for_ref(arn)
        if record is None or config is None:
            original(arn, payload)  # it logs that there is no such function
            return
        lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(record, config), json.loads(payload))

    return dispatch
