# ruff: noqa: SLF001 - the emulator is patched from inside
"""An event that is tried again after its function was updated.

AWS: an asynchronous invocation is of the function, so that a retry runs what the function is by then, and so does whatever
is invoked after it.
Emulator: a retry starts an environment of what the function was when the event came, and leaves it in the pool, where later
invocations find it.
Here: an environment is of the function's current code and configuration, or it is not used.
"""

from collections.abc import Callable
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local.gaps.patching import wrap

_LATEST = "$LATEST"


def install() -> None:
    wrap(lambda_svc, "acquire_worker", _of_what_it_is_now)


def _of_what_it_is_now(original: Callable[..., Any]) -> Callable[..., Any]:
    def acquire(name: str, config: dict[str, Any], code: bytes, qualifier: str = _LATEST, **limits: Any) -> Any:
        while True:
            function = lambda_svc._functions.get(name) if qualifier == _LATEST else None
            if function is None:
                return original(name, config, code, qualifier=qualifier, **limits)
            revision = function["config"]["RevisionId"]
            worker, how = original(name, dict(function["config"]), function["code_zip"], qualifier=qualifier, **limits)
            # Updated between the two, it was not yet in the pool that the update has emptied.
            if worker is None or worker.config["RevisionId"] == revision == function["config"]["RevisionId"]:
                return worker, how
            _discard(worker)

    return acquire


def _discard(worker: Any) -> None:
    with lambda_runtime._lock:
        for entries in lambda_runtime._workers.values():
            if worker in entries:
                entries.remove(worker)
    worker.kill()
