"""The layer for hooks: what is in it, and that an upgrade leaves alone what functions use."""

from infra.settings import ROOT
from tests.infra.assembly import Assembly
from tests.infra.template import Template


def test_it_holds_what_the_checkout_has(assembly: Assembly) -> None:
    [preload] = assembly.directory.glob("asset.*/weighbridge/preload.cjs")
    [signing] = assembly.directory.glob("asset.*/weighbridge/codedeploy/2014-10-06/service-2.sdk-extras.json")
    files = {path for path in preload.parents[1].rglob("*") if path.is_file()}
    assert files == {preload, signing}
    for path in files:
        assert path.read_bytes() == (ROOT / "client" / "layer" / path.relative_to(preload.parents[1])).read_bytes()


def test_it_is_for_node_and_python_on_any_architecture(template: Template) -> None:
    layer = template["HookLayer"]
    assert "CompatibleArchitectures" not in layer
    assert {"nodejs16.x", "nodejs24.x", "python3.9", "python3.14"} <= set(layer["CompatibleRuntimes"])
    assert {runtime.rstrip("0123456789.x") for runtime in layer["CompatibleRuntimes"]} == {"nodejs", "python"}


def test_a_version_that_functions_use_outlives_an_upgrade(template: Template) -> None:
    attributes = template.resources["HookLayer"].attributes
    assert (attributes["UpdateReplacePolicy"], attributes["DeletionPolicy"]) == ("Retain", "Delete")
