"""The rights that a call of a function URL takes.

AWS: a URL with IAM authorization wants `lambda:InvokeFunctionUrl` and, since October 2025, `lambda:InvokeFunction` on the
function behind it, which a policy may restrict to calls by the URL (`lambda:InvokedViaFunctionUrl`).
Emulator: wants the first of them only.
Here: as on AWS. Calls that are not signed, and URLs without authorization, are left to the emulator.
"""

from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.core.router import extract_access_key_id

from local.gaps.patching import wrap


def install() -> None:
    wrap(app, "_enforce_data_plane", _both)


def _both(original: Callable[..., Any]) -> Callable[..., Any]:
    def enforce(
        service: str, action: str, headers: dict[str, str], query: dict[str, Any], request: str, **named: Any
    ) -> Any:
        refusal = original(service, action, headers, query, request, **named)
        if refusal or action != "lambda:InvokeFunctionUrl" or not extract_access_key_id(headers, query):
            return refusal
        if named["service_context"].get("lambda:FunctionUrlAuthType") != "AWS_IAM":
            return None
        by_url = named | {"service_context": {"lambda:InvokedViaFunctionUrl": "true"}}
        return original(service, "lambda:InvokeFunction", headers, query, request, **by_url)

    return enforce
