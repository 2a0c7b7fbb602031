"""Imports run one way: handlers, api, lifecycle, store and aws, core; and the core is pure. Design: rule 5 and section 4."""

import ast
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.architecture.source import ROOT, Source, sources

LAYERS = ("core", "aws", "store", "lifecycle", "api", "handlers")
"""The packages of weighbridge, each of which may import itself and those before it."""
CORE, AWS, STORE, LIFECYCLE, API, HANDLERS = (sources(f"functions/weighbridge/{layer}") for layer in LAYERS)
BESIDE = {"environment", "telemetry"}
"""Modules beside the packages."""
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


def _packages(source: Source) -> set[str]:
    """The packages of weighbridge that a file imports from, and the modules beside them."""
    return {name.split(".")[1] for name in source.imports if name.startswith("weighbridge.")}


def test_the_packages_are_there() -> None:
    assert [len(each) > 5 for each in (CORE, AWS, STORE, LIFECYCLE, API, HANDLERS)] == [True] * 6
    assert len(OUTSIDE) > 20


def _offenders(sources: Iterable[Source], offence: Callable[[Source], set[str]]) -> dict[str, set[str]]:
    """The files that offend against a rule, each with what offends."""
    return {str(source): wrong for source in sources if (wrong := offence(source))}


def test_who_offends_is_named_with_what_offends() -> None:
    offenders = _offenders([Source(Path(__file__)), *CORE], lambda source: source.packages & {"ast"})
    assert offenders == {"tests/architecture/test_imports.py": {"ast"}}


def test_imports_run_one_way() -> None:
    for place, layer in enumerate(LAYERS):
        below = set(LAYERS[: place + 1]) | (BESIDE if layer != "core" else set())
        offenders = _offenders(sources(f"functions/weighbridge/{layer}"), lambda source: _packages(source) - below)  # noqa: B023
        assert offenders == {}, layer


def test_the_core_knows_nothing_but_values() -> None:
    assert _offenders(CORE, lambda source: source.packages - PURE) == {}


def test_the_core_is_told_the_time() -> None:
    def asked(source: Source) -> set[str]:
        return CLOCKS & {node.attr for node in ast.walk(source.tree) if isinstance(node, ast.Attribute)}

    assert _offenders(CORE, asked) == {}


def test_adapters_and_the_store_log_by_the_standard_library() -> None:
    assert _offenders([*AWS, *STORE], lambda source: source.packages & {"aws_lambda_powertools"}) == {}


def test_a_handler_knows_no_other_handler() -> None:
    assert _offenders(HANDLERS, lambda source: _packages(source) & {"handlers"}) == {}


def test_nothing_imports_a_handler() -> None:
    assert _offenders([*ALL, *OUTSIDE], lambda source: _packages(source) & {"handlers"}) == {}


def test_nothing_leans_on_its_own_proof() -> None:
    assert (
        _offenders([*ALL, *OUTSIDE], lambda source: source.packages & {"benchmarks", "scenarios", "tests", "verify"}) == {}
    )


def test_infrastructure_and_local_cloud_treat_functions_as_files() -> None:
    assert _offenders(OUTSIDE, lambda source: source.packages & {"weighbridge"}) == {}


COMMAND = sources("cli/weighbridge_cli")


def test_the_command_shares_the_core_and_nothing_else() -> None:
    assert len(COMMAND) > 20
    assert _offenders(COMMAND, lambda source: _packages(source) - {"core"}) == {}
    ours = {"client", "infra", "local", "scenarios", "statemachine", "tests"}
    assert _offenders(COMMAND, lambda source: source.packages & ours) == {}


def test_few_modules_of_the_command_know_what_takes_long_to_load() -> None:
    def heavy(source: Source) -> set[str]:
        return source.packages & {"boto3", "botocore", "rich", "cfnlint", "samtranslator"}

    assert {source.path.stem: heavy(source) for source in COMMAND if heavy(source)} == {
        "aws": {"botocore"},
        "output": {"rich"},
        "proxy": {"botocore"},
        "transform": {"cfnlint", "samtranslator"},
        "tree": {"rich"},
    }


def test_the_sdk_is_known_to_the_adapters_only() -> None:
    rest = [source for source in ALL if source not in AWS]

    def from_sdk(source: Source) -> set[str]:
        parts = {name for name in source.imports if name.split(".")[0] in AWS_SDK}
        # CodeDeploy's protocol is spoken by the SDK's own model of it.
        model = ("botocore.loaders.", "botocore.model.") if source.path.stem == "protocol" else ()
        return {name for name in parts if not name.startswith(model)}

    assert _offenders(rest, from_sdk) == {}
