# ruff: noqa: SLF001 - the emulator is patched from inside
"""What CreateAlias and UpdateAlias refuse.

AWS: a version that does not exist (ResourceNotFoundException), a weight outside 0..1 or a routed version that is no
number (ValidationException), more than one additional version, the alias's own version as the additional one, and
$LATEST together with weights (InvalidParameterValueException).
Emulator: accepts all of them. (A stale RevisionId it refuses, as AWS does.)
Here: refused as on AWS.
"""

from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import lambda_svc

from local.gaps.patching import wrap

LATEST = "$LATEST"


def install() -> None:
    wrap(lambda_svc, "_create_alias", _ruled_creation)
    wrap(lambda_svc, "_update_alias", _ruled_update)


def _ruled_creation(original: Callable[..., Any]) -> Callable[..., Any]:
    def create(function_name: str, request: dict[str, Any]) -> Any:
        return _refusal(function_name, request) or original(function_name, request)

    return create


def _ruled_update(original: Callable[..., Any]) -> Callable[..., Any]:
    def update(function_name: str, alias_name: str, request: dict[str, Any]) -> Any:
        function = lambda_svc._functions.get(function_name) or {}
        alias = function.get("aliases", {}).get(alias_name)
        if alias is None or request.get("RevisionId", alias["RevisionId"]) != alias["RevisionId"]:
            return original(function_name, alias_name, request)
        return _refusal(function_name, {**alias, **request}) or original(function_name, alias_name, request)

    return update


def _refusal(function_name: str, alias: dict[str, Any]) -> Any:
    function = lambda_svc._functions.get(function_name)
    version = alias.get("FunctionVersion")
    if function is None or version is None:
        return None
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    for routed, weight in weights.items():
        if not routed.isdigit() or not 0 <= weight <= 1:
            return error_response_json(
                "ValidationException",
                f"1 validation error detected: Value '{{{routed}={weight}}}' at "
                "'routingConfig.additionalVersionWeights' failed to satisfy constraint",
                400,
            )
    problem = _problem(version, list(weights))
    if problem:
        return error_response_json("InvalidParameterValueException", problem, 400)
    for named in (version, *weights):
        if named != LATEST and named not in function["versions"]:
            arn = lambda_svc._func_arn(function_name)
            return error_response_json("ResourceNotFoundException", f"Function not found: {arn}:{named}", 404)
    return None


def _problem(version: str, routed: list[str]) -> str | None:
    if len(routed) > 1:
        return "Number of items in AdditionalVersionWeights cannot be greater than 1"
    if routed and version == LATEST:
        return "$LATEST is not supported for an alias pointing to more than 1 version"
    if version in routed:
        return (
            f"Invalid function version {version}. Function version {version} is already included in routing configuration."
        )
    return None
