"""The programs for Pulumi and SST: what they write is read, and what they make is left alone."""

from pathlib import Path
from typing import Any

import pytest

from tests.integrations.programs import PROGRAMS, made
from weighbridge.core import appspec
from weighbridge.core.object_keys import AppSpecDrop, classify_key


@pytest.fixture(scope="module", params=sorted(PROGRAMS))
def things(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("program")
    return made(request.param, folder, function="checkout", group="shop/prod", bucket="drops")


def test_there_is_a_program_for_each() -> None:
    assert set(PROGRAMS) == {"Pulumi", "SST"}


def test_the_file_is_an_appspec_file_under_a_key_of_the_group(things: dict[str, Any]) -> None:
    file = things["BucketObject"]["args"]
    asked = appspec.parse(file["content"])
    assert (asked.function_name, asked.alias, asked.target_version) == ("checkout", "live", "2")
    assert classify_key(file["key"]) == AppSpecDrop("shop", "prod", "JSON")
    assert file["bucket"] == "drops"


def test_the_alias_is_left_alone_once_it_is_made(things: dict[str, Any]) -> None:
    alias = things["Alias"]
    assert alias["args"] == {"name": "live", "functionName": "checkout", "functionVersion": "2"}
    assert alias["options"] == {"ignoreChanges": ["functionVersion", "routingConfig"]}


def test_each_change_is_a_version(things: dict[str, Any]) -> None:
    assert {things["Function"]["args"].get(name) for name in ("publish", "versioning")} == {True, None}
