"""The app, built and synthesized once for all tests of the template."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from infra import bytecode
from infra.app import build
from tests.infra.assembly import Assembly, Synthesize
from tests.infra.template import Template


@pytest.fixture(scope="session")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of a layer of four empty files, of which one belongs on AWS."""
    directory = tmp_path_factory.mktemp("layer")
    for name in ("python/library.py", "python/library.pyc", "python/__pycache__/library.pyc", "python/bin/tool"):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).touch()
    return directory


@pytest.fixture(scope="session")
def synthesize(layer: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synthesize]:
    """Return a function that synthesizes with a context and without validation, which takes as long as all the rest.

    Without bytecode, so that the assets are the same wherever the tests run; test_bytecode.py has what it changes.
    """

    def with_context(context: Mapping[str, object]) -> Assembly:
        directory = tmp_path_factory.mktemp("assembly")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bytecode, "interpreter", lambda _: None)
            app = build(directory, {"layer": str(layer), **context})
        app.synth()
        return Assembly(app, directory)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CDK_VALIDATION", "false")
        yield with_context


@pytest.fixture(scope="session")
def assembly(synthesize: Synthesize) -> Assembly:
    return synthesize({})


@pytest.fixture(scope="session")
def template(assembly: Assembly) -> Template:
    return assembly.template()
