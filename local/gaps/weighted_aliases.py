# ruff: noqa: SLF001 - the emulator is patched from inside
"""Weighted aliases, and the metrics that tell their versions apart.

AWS: each invocation of an alias with an additional version goes to that version with the probability of its weight;
the answer names the version that ran. AWS/Lambda metrics come for {FunctionName}, for {FunctionName, Resource} (the
function, `function:version` or `function:alias`), and for {FunctionName, Resource, ExecutedVersion} of an alias.
A throttled invocation counts as a throttle only.
Emulator: an alias always runs its first version; metrics have FunctionName alone, and only invocations through the
Invoke API count.
Here: as on AWS, for every way in which a function is invoked.
"""

import random
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from ministack.services import cloudwatch, lambda_svc

from local.gaps.patching import wrap

LATEST = "$LATEST"


@dataclass(frozen=True)
class Draw:
    """The version that one request to the Invoke API drew, until the function runs."""

    function: str
    alias: str
    version: str


_drawn: ContextVar[Draw | None] = ContextVar("drawn_version", default=None)


def install() -> None:
    wrap(lambda_svc, "_invoke", _drawing)
    wrap(lambda_svc, "_effective_func_record_for_qualifier", _keeping_alias)
    wrap(lambda_svc, "_execute_function", _routed_and_measured)
    wrap(lambda_svc, "_emit_lambda_metrics", lambda _original: _nothing)


def _draw(alias: dict[str, Any]) -> str:
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    point = random.random()  # noqa: S311
    for version, weight in weights.items():
        if point < weight:
            return str(version)
        point -= weight
    return str(alias["FunctionVersion"])


def _drawing(original: Callable[..., Any]) -> Callable[..., Any]:
    async def invoke(
        name: str,
        event: Any,
        headers: dict[str, str],
        path_qualifier: str | None = None,
        query_params: dict[str, Any] | None = None,
    ) -> Any:
        qualifier = path_qualifier or lambda_svc._qp_first(query_params or {}, "Qualifier")
        alias = (lambda_svc._functions.get(name) or {}).get("aliases", {}).get(qualifier)
        draw = Draw(name, qualifier, _draw(alias)) if alias else None
        # Each request runs in a context of its own, which its asynchronous retries inherit.
        _drawn.set(draw)
        status, answer, body = await original(name, event, headers, path_qualifier, query_params)
        if draw is not None and "X-Amz-Executed-Version" in answer:
            answer = {**answer, "X-Amz-Executed-Version": draw.version}
        return status, answer, body

    return invoke


def _keeping_alias(original: Callable[..., Any]) -> Callable[..., Any]:
    # Other services resolve an alias to a version's record, which no longer tells that there was an alias.
    def resolve(function: dict[str, Any] | None, qualifier: str | None) -> Any:
        record, config = original(function, qualifier)
        alias = (function or {}).get("aliases", {}).get(qualifier)
        if record is None or alias is None:
            return record, config
        config = {**config, "FunctionArn": alias["AliasArn"]}
        return {**record, "config": config}, config

    return resolve


def _routed_and_measured(original: Callable[..., Any]) -> Callable[..., Any]:
    def execute(record: dict[str, Any], event: Any) -> Any:
        config = record.get("config") or record
        if lambda_svc._function_config_scope_mismatch(config):
            # The emulator comes back here within the function's account and region.
            return original(record, event)
        name = config["FunctionName"]
        qualifier = config["FunctionArn"].partition(f":function:{name}")[2].removeprefix(":")
        function = lambda_svc._functions.get(name) or {}
        alias = function.get("aliases", {}).get(qualifier)
        if alias is not None:
            drawn = _drawn.get()
            version = drawn.version if drawn and (drawn.function, drawn.alias) == (name, qualifier) else _draw(alias)
            target = function if version == LATEST else function["versions"][version]
            record = {**record, **target, "config": {**target["config"], "FunctionArn": config["FunctionArn"]}}
        started = time.time()
        result = original(record, event)
        resources = {"FunctionName": name, "Resource": f"{name}:{qualifier}" if qualifier else name}
        dimensions = [{"FunctionName": name}, resources]
        if alias is not None:
            dimensions.append({**resources, "ExecutedVersion": version})
        _measure(result, time.time() - started, dimensions)
        return result

    return execute


def _measure(result: dict[str, Any], seconds: float, dimensions: list[dict[str, str]]) -> None:
    if result.get("throttle"):
        values = [("Throttles", 1.0, "Count")]
    else:
        values = [
            ("Invocations", 1.0, "Count"),
            ("Errors", 1.0 if result.get("error") else 0.0, "Count"),
            ("Throttles", 0.0, "Count"),
            ("Duration", seconds * 1000, "Milliseconds"),
        ]
    for metric, value, unit in values:
        for dimension in dimensions:
            cloudwatch.record_metric("AWS/Lambda", metric, value, unit, dimension)


def _nothing(*_arguments: object, **_named: object) -> None:
    """The emulator's own metrics would count an invocation twice."""
