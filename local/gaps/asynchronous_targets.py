# ruff: noqa: SLF001 - the emulator is patched from inside
"""EventBridge, and Lambda for a function's destination, invoke Lambda asynchronously.

AWS: a rule's Lambda target is an asynchronous invocation: a function that fails is invoked twice more, after one and
two minutes, and then the event goes to the function's on-failure destination or dead-letter queue. So is a function that
is such a destination itself.
Emulator: invokes either once and drops what fails.
Here: handed to the emulator's own asynchronous invocation, whose waits the server scales.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import eventbridge, lambda_svc

from local.gaps.patching import wrap

LATEST = "$LATEST"


def install() -> None:
    wrap(eventbridge, "_dispatch_to_lambda", _asynchronously)
    wrap(lambda_svc, "_route_async_failure", _to_functions)
    wrap(lambda_svc, "acquire_worker", _as_it_is)


def _asynchronously(original: Callable[[str, str], None]) -> Callable[[str, str], None]:
    def dispatch(arn: str, payload: str) -> None:
        record, config, _ = lambda_svc._get_func_record_for_ref(arn)
        if record is None or config is None:
            original(arn, payload)  # it logs that there is no such function
            return
        lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(record, config), json.loads(payload))

    return dispatch


def _to_functions(original: Callable[..., None]) -> Callable[..., None]:
    def route(arn: str, function: str, event: Any, result: dict[str, Any]) -> None:
        if ":lambda:" not in arn:
            original(arn, function, event, result)
            return
        failed = {
            "version": "1.0",
            "requestContext": {
                "functionArn": f"{lambda_svc._func_arn(function)}:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": 1,
            },
            "requestPayload": event,
            "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
            "responsePayload": result.get("body"),
        }
        eventbridge._dispatch_to_lambda(arn, json.dumps(failed))

    return route


def _as_it_is(original: Callable[..., Any]) -> Callable[..., Any]:
    def acquire(name: str, config: dict[str, Any], code: bytes, qualifier: str = LATEST, **limits: Any) -> Any:
        function = lambda_svc._functions.get(name)
        if function is not None and qualifier == LATEST:
            config, code = function["config"], function["code_zip"]
        return original(name, config, code, qualifier=qualifier, **limits)

    return acquire
