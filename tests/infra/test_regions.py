"""Where the stack can be created: its template against AWS's own schemas of every region, which cfn-lint carries."""

import json
from pathlib import Path

import pytest
from cfnlint import ManualArgs, lint
from cfnlint.helpers import REGIONS

from infra.app import build
from infra.regions import WITHOUT_FUNCTION_URLS
from infra.settings import SettingsError
from tests.infra.assembly import Assembly

ELSEWHERE = "eu-west-1"
REDUNDANT = "W3005"
"""What the CDK always writes: dependencies that references make already."""


def test_what_some_regions_lack_are_function_urls_and_nothing_else(assembly: Assembly) -> None:
    assert len(REGIONS) > 40
    matches = lint(assembly.text, config=ManualArgs(regions=list(REGIONS), ignore_checks=[REDUNDANT]))
    # Without the API there is no such URL: test_api_url.py.
    assert {f"{match.rule.id} {match.message}" for match in matches} == {
        f"E3006 Resource type 'AWS::Lambda::Url' does not exist in '{region}'" for region in WITHOUT_FUNCTION_URLS
    }


def test_nothing_names_a_partition(assembly: Assembly) -> None:
    assert "arn:aws" not in json.dumps(json.loads(assembly.text)["Resources"])


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({}, "-c apiUrl=false"),
        ({"hookUrl": True}, "-c apiUrl=false -c hookUrl=false"),
        ({"apiUrl": False, "hookUrl": True}, "-c hookUrl=false"),
    ],
)
def test_a_region_that_lacks_something_is_refused_before_anything_is_deployed(
    tmp_path: Path, layer: Path, monkeypatch: pytest.MonkeyPatch, context: dict[str, object], said: str
) -> None:
    monkeypatch.setenv("CDK_DEFAULT_REGION", "eu-central-2")
    with pytest.raises(SettingsError) as refused:
        build(tmp_path, {"layer": str(layer), **context})
    assert str(refused.value).startswith("Lambda has no function URLs in eu-central-2, ")
    assert f"`{said}`" in str(refused.value)


@pytest.mark.parametrize(("region", "context"), [("eu-central-2", {"apiUrl": False}), (ELSEWHERE, {})])
def test_a_region_that_has_everything_is_not(
    tmp_path: Path, layer: Path, monkeypatch: pytest.MonkeyPatch, region: str, context: dict[str, object]
) -> None:
    monkeypatch.setenv("CDK_DEFAULT_REGION", region)
    assert build(tmp_path, {"layer": str(layer), **context}).node.try_find_child("Weighbridge")
