# ruff: noqa: SLF001 - the emulator is patched from inside
"""The service that a signature at a function URL is for.

AWS: a URL with IAM authorization accepts signatures for the service `lambda` only, whatever stands behind it.
Emulator: accepts them for any service.
Here: as on AWS, for users and roles. The emulator checks no signature at all of the account's root, and by that way
stock clients, which sign for the service they were made for, reach a URL of the local cloud.
"""

from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.router import extract_access_key_id

from local.gaps.patching import wrap

_REFUSAL = "Credential should be scoped to correct service: 'lambda'. "


def install() -> None:
    wrap(app, "_enforce_data_plane", _for_lambda)


def _for_lambda(original: Callable[..., Any]) -> Callable[..., Any]:
    def enforce(
        service: str, action: str, headers: dict[str, str], query: dict[str, Any], request: str, **named: Any
    ) -> Any:
        if app.AUTH and action == "lambda:InvokeFunctionUrl" and _signed_for_another(headers, query, **named):
            refusal = iam_evaluator.AuthError("SignatureDoesNotMatch", _REFUSAL)
            return app._credential_failure(service, action, request, refusal, headers)
        return original(service, action, headers, query, request, **named)

    return enforce


def _signed_for_another(
    headers: dict[str, str], query: dict[str, Any], *, service_context: dict[str, str], **_named: object
) -> bool:
    open_to_all = service_context.get("lambda:FunctionUrlAuthType") != "AWS_IAM"
    scope = headers.get("authorization", "").partition("Credential=")[2].partition(",")[0].split("/")
    if open_to_all or scope == [""] or iam_evaluator.is_root_access_key(extract_access_key_id(headers, query)):
        return False
    return scope[3:4] != ["lambda"]
