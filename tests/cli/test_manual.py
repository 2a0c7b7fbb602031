"""docs/cli.md and its picture are those of the command as it is."""

import os
import shlex
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import manual
from tests.architecture.blocks import blocks
from weighbridge_cli.main import VERBS, weighbridge


@pytest.fixture(autouse=True)
def _in_utc() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.parametrize("path", manual.files(), ids=lambda path: path.name)
def test_it_is_written_from_the_command(path: Path) -> None:
    assert manual.files()[path] == path.read_text(encoding="utf-8"), "run `make manual`"


def test_every_verb_is_there_with_its_own_options() -> None:
    text = manual.page()
    assert all(f"\n### {verb}" in text for verb in VERBS)
    assert text.count("`--profile NAME`") == 1
    assert "`--target VERSION\\|latest`" in text


def test_the_picture_needs_nothing_from_elsewhere() -> None:
    drawn = manual.picture()
    assert ET.fromstring(drawn).tag.endswith("svg")  # noqa: S314 - our own
    assert "url(http" not in drawn
    assert "CodeDeployHook_schema" in drawn
    assert "baking" in drawn


def test_what_the_readme_has_to_type_is_read_by_the_command() -> None:
    typed = [
        shlex.split(line, comments=True)[1:]
        for block in blocks("README.md")
        if block.heading == "Use it"
        for line in block.text.splitlines()
        if line.strip()
    ]
    assert len(typed) == 10
    for words in typed:
        command: click.Command = weighbridge
        context, rest = click.Context(weighbridge), words
        while isinstance(command, click.Group):
            name, found, rest = command.resolve_command(context, rest)
            assert found, words
            command = found
        # A file that is there, so that only what is typed counts.
        rest = [__file__ if word.endswith(".yaml") else word for word in rest]
        assert command.make_context(name, rest).params, words
