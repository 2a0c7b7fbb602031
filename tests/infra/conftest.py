"""The app, built and synthesized once for all tests of the template."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from aws_cdk import App

from infra.app import build
from tests.infra.template import Template

STACK = "Weighbridge"


@dataclass(frozen=True)
class Assembly:
    app: App
    directory: Path
    template: Template


Synthesize = Callable[[Mapping[str, object]], Assembly]


@pytest.fixture(scope="session")
def synthesize(tmp_path_factory: pytest.TempPathFactory) -> Synthesize:
    """Return a function that synthesizes with a context, over a layer of a few empty files."""
    layer = tmp_path_factory.mktemp("layer")
    for name in ("python/library.py", "python/library.pyc", "python/__pycache__/library.pyc", "python/bin/tool"):
        (layer / name).parent.mkdir(parents=True, exist_ok=True)
        (layer / name).touch()

    def with_context(context: Mapping[str, object]) -> Assembly:
        directory = tmp_path_factory.mktemp("assembly")
        app = build(directory, {"layer": str(layer), **context})
        app.synth()
        body = json.loads((directory / f"{STACK}.template.json").read_text(encoding="utf-8"))
        return Assembly(app, directory, Template(body))

    return with_context


@pytest.fixture(scope="session")
def assembly(synthesize: Synthesize) -> Assembly:
    with pytest.MonkeyPatch.context() as patch:
        # Takes as long as all the rest; test_app.py validates.
        patch.setenv("CDK_VALIDATION", "false")
        return synthesize({})


@pytest.fixture(scope="session")
def template(assembly: Assembly) -> Template:
    return assembly.template
