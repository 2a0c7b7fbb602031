"""Imports run one way, handlers to api to aws to core, and the core is pure. Design: rule 5 and section 4."""

import ast
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.architecture.source import ROOT, Source, sources

CORE, AWS, API, HANDLERS = (sources(f"functions/weighbridge/{room}") for room in ("core", "aws", "api", "handlers"))
ALL = sources("functions")
OUTSIDE = [*sources("infra"), *sources("local"), *sources("statemachine"), Source(ROOT / "app.py")]
AWS_SDK = {"boto3", "botocore"}
# What a decision must not depend on: files, the environment, time that passes, chance, the network, other processes.
IMPURE = {
    "asyncio",
    "http",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "secrets",
    "shutil",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib",
    "uuid",
}
PURE = (sys.stdlib_module_names - IMPURE) | {"pydantic", "pydantic_core", "yaml", "weighbridge"}
CLOCKS = {"now", "utcnow", "today", "fromtimestamp"}


def _rooms(source: Source) -> set[str]:
    """The rooms of weighbridge that a file reaches into."""
    return {name.split(".")[1] for name in source.imports if name.startswith("weighbridge.")}


def test_the_rooms_are_there() -> None:
    assert len(CORE) > 10
    assert len(AWS) > 10
    assert len(API) > 10
    assert len(HANDLERS) > 10
    assert len(OUTSIDE) > 20


def _offenders(found: Iterable[Source], offence: Callable[[Source], set[str]]) -> dict[str, set[str]]:
    """The files that offend against a rule, each with what offends."""
    return {str(source): wrong for source in found if (wrong := offence(source))}


def test_who_offends_is_named_with_what_offends() -> None:
    offenders = _offenders([Source(Path(__file__)), *CORE], lambda source: source.packages & {"ast"})
    assert offenders == {"tests/architecture/test_imports.py": {"ast"}}


def test_the_core_knows_nothing_but_values() -> None:
    assert _offenders(CORE, lambda source: source.packages - PURE) == {}
    assert _offenders(CORE, lambda source: _rooms(source) - {"core"}) == {}


def test_the_core_is_told_the_time() -> None:
    def asked(source: Source) -> set[str]:
        return CLOCKS & {node.attr for node in ast.walk(source.tree) if isinstance(node, ast.Attribute)}

    assert _offenders(CORE, asked) == {}


def test_the_aws_room_knows_the_core_only() -> None:
    assert _offenders(AWS, lambda source: _rooms(source) - {"aws", "core"}) == {}
    assert _offenders(AWS, lambda source: source.packages & {"aws_lambda_powertools"}) == {}


def test_the_api_knows_no_handler_and_of_the_sdk_only_its_model_of_the_service() -> None:
    def from_sdk(source: Source) -> set[str]:
        parts = {name.split(".")[1] for name in source.imports if name.split(".")[0] in AWS_SDK}
        return parts - ({"loaders", "model"} if source.path.stem == "wire" else set())

    assert _offenders(API, lambda source: _rooms(source) - {"api", "aws", "core", "telemetry"}) == {}
    assert _offenders(API, from_sdk) == {}


def test_a_handler_knows_no_other_handler_and_calls_aws_through_its_room() -> None:
    assert _offenders(HANDLERS, lambda source: _rooms(source) - {"api", "aws", "core", "telemetry"}) == {}
    assert _offenders(HANDLERS, lambda source: source.packages & AWS_SDK) == {}


def test_nothing_imports_a_handler() -> None:
    assert _offenders([*ALL, *OUTSIDE], lambda source: _rooms(source) & {"handlers"}) == {}


def test_nothing_leans_on_its_own_proof() -> None:
    assert _offenders([*ALL, *OUTSIDE], lambda source: source.packages & {"tests", "verify"}) == {}


def test_infrastructure_and_local_cloud_treat_functions_as_files() -> None:
    assert _offenders(OUTSIDE, lambda source: source.packages & {"weighbridge"}) == {}


def test_botocores_errors_are_known_in_the_aws_room_only() -> None:
    rest = [source for source in ALL if source not in [*AWS, *API]]
    assert _offenders(rest, lambda source: source.packages & AWS_SDK) == {}
