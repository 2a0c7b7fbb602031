"""What UpdateAlias and CreateAlias refuse."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.workbench import Workbench, closed

BAD: list[tuple[str, dict[str, Any], str]] = [
    ("missing version", {"FunctionVersion": "9"}, "ResourceNotFoundException"),
    (
        "missing additional version",
        {"RoutingConfig": {"AdditionalVersionWeights": {"9": 0.1}}},
        "ResourceNotFoundException",
    ),
    ("weight above 1", {"RoutingConfig": {"AdditionalVersionWeights": {"2": 1.7}}}, "ValidationException"),
    (
        "two additional versions",
        {"RoutingConfig": {"AdditionalVersionWeights": {"2": 0.1, "3": 0.1}}},
        "InvalidParameterValueException",
    ),
    ("version twice", {"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.1}}}, "InvalidParameterValueException"),
    (
        "latest weighted",
        {"FunctionVersion": "$LATEST", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.1}}},
        "InvalidParameterValueException",
    ),
    ("latest as additional", {"RoutingConfig": {"AdditionalVersionWeights": {"$LATEST": 0.1}}}, "ValidationException"),
]
IDS = [case[0] for case in BAD]


def aliased(bench: Workbench) -> str:
    function = bench.function("def handler(event, context): pass", versions=3)
    bench.client("lambda").create_alias(FunctionName=function, Name="live", FunctionVersion="1")
    return function


def code(bench: Workbench, function: str, change: dict[str, Any]) -> str | None:
    try:
        bench.client("lambda").update_alias(FunctionName=function, Name="live", **change)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


@pytest.mark.parametrize(("_name", "change", "expected"), BAD, ids=IDS)
def test_bare_emulator_accepts(bare: Workbench, _name: str, change: dict[str, Any], expected: str) -> None:
    assert code(bare, aliased(bare), change) != expected, closed("alias_rules")


@pytest.mark.parametrize(("_name", "change", "expected"), BAD, ids=IDS)
def test_refused_and_unchanged(filled: Workbench, _name: str, change: dict[str, Any], expected: str) -> None:
    function = aliased(filled)
    before = filled.client("lambda").get_alias(FunctionName=function, Name="live")
    assert code(filled, function, change) == expected
    after = filled.client("lambda").get_alias(FunctionName=function, Name="live")
    assert (after["FunctionVersion"], after["RevisionId"]) == (before["FunctionVersion"], before["RevisionId"])


def test_stale_revision_is_refused_by_both(bare: Workbench, filled: Workbench) -> None:
    for bench in (bare, filled):
        function = aliased(bench)
        functions = bench.client("lambda")
        revision = functions.get_alias(FunctionName=function, Name="live")["RevisionId"]
        fresh = functions.update_alias(FunctionName=function, Name="live", FunctionVersion="2", RevisionId=revision)
        assert fresh["RevisionId"] != revision
        with pytest.raises(functions.exceptions.PreconditionFailedException):
            functions.update_alias(FunctionName=function, Name="live", FunctionVersion="3", RevisionId=revision)


def test_shift_and_finish_are_accepted(filled: Workbench) -> None:
    function = aliased(filled)
    functions = filled.client("lambda")
    for weights in ({"2": 0.1}, {"2": 0.0}, {"2": 1.0}, {"3": 0.5}):
        routing = {"AdditionalVersionWeights": weights}
        answer = functions.update_alias(FunctionName=function, Name="live", RoutingConfig=routing)
        assert answer["RoutingConfig"] == routing
    answer = functions.update_alias(
        FunctionName=function, Name="live", FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {}}
    )
    assert (answer["FunctionVersion"], answer.get("RoutingConfig")) == ("2", None)
