"""Imports run one way, handlers to api to aws to core, and the core is pure. Design: rule 5 and section 4."""

import ast
import sys

import pytest

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


@pytest.mark.parametrize("source", CORE, ids=str)
def test_the_core_knows_nothing_but_values(source: Source) -> None:
    assert source.packages <= PURE
    assert _rooms(source) <= {"core"}


@pytest.mark.parametrize("source", CORE, ids=str)
def test_the_core_is_told_the_time(source: Source) -> None:
    asked = {node.attr for node in ast.walk(source.tree) if isinstance(node, ast.Attribute)}
    assert not asked & CLOCKS


@pytest.mark.parametrize("source", AWS, ids=str)
def test_the_aws_room_knows_the_core_only(source: Source) -> None:
    assert _rooms(source) <= {"aws", "core"}
    assert "aws_lambda_powertools" not in source.packages


@pytest.mark.parametrize("source", API, ids=str)
def test_the_api_knows_no_handler_and_of_the_sdk_only_its_model_of_the_service(source: Source) -> None:
    assert _rooms(source) <= {"api", "aws", "core", "telemetry"}
    from_sdk = {name for name in source.imports if name.split(".")[0] in AWS_SDK}
    assert {name.split(".")[1] for name in from_sdk} <= ({"loaders", "model"} if source.path.stem == "wire" else set())


@pytest.mark.parametrize("source", HANDLERS, ids=str)
def test_a_handler_knows_no_other_handler_and_calls_aws_through_its_room(source: Source) -> None:
    assert _rooms(source) <= {"api", "aws", "core", "telemetry"}
    assert not source.packages & AWS_SDK


@pytest.mark.parametrize("source", [*ALL, *OUTSIDE], ids=str)
def test_nothing_imports_a_handler(source: Source) -> None:
    assert "handlers" not in _rooms(source)


@pytest.mark.parametrize("source", [*ALL, *OUTSIDE], ids=str)
def test_nothing_leans_on_its_own_proof(source: Source) -> None:
    assert not source.packages & {"tests", "verify"}


@pytest.mark.parametrize("source", OUTSIDE, ids=str)
def test_infrastructure_and_local_cloud_treat_functions_as_files(source: Source) -> None:
    assert "weighbridge" not in source.packages


@pytest.mark.parametrize("source", [source for source in ALL if source not in [*AWS, *API]], ids=str)
def test_botocores_errors_are_known_in_the_aws_room_only(source: Source) -> None:
    assert not source.packages & AWS_SDK
