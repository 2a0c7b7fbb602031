"""Who called a function URL.

AWS: the event of a URL with IAM authorization says who signed the request (`requestContext.authorizer.iam`).
Emulator: leaves it out.
Here: added, for callers that are known.
"""

from collections.abc import Callable
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.router import extract_access_key_id
from ministack.services import lambda_svc

from local.gaps.patching import wrap


def install() -> None:
    wrap(lambda_svc, "_build_function_url_event", _with_caller)


def _with_caller(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def build(*request: Any, anonymous: bool, **named: Any) -> dict[str, Any]:
        event = original(*request, anonymous=anonymous, **named)
        headers, query = request[5], request[7]
        caller = None if anonymous else iam_evaluator.resolve_caller_identity(extract_access_key_id(headers, query))
        if caller is not None:
            iam = {name: caller[name] for name in ("accessKey", "accountId", "userArn", "userId")}
            event["requestContext"]["authorizer"] = {"iam": iam | {"callerId": caller["userId"]}}
        return event

    return build
