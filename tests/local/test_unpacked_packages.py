"""Two functions with one layer, as their processes see its files."""

import io
import json
import zipfile

from tests.local.workbench import Workbench, closed

SOURCE = "import os, large\n\ndef handler(event, context):\n    return os.stat(large.__file__).st_ino\n"


def _files(bench: Workbench) -> list[int]:
    """Which file the module of the layer is to each of the functions."""
    packed, functions = io.BytesIO(), bench.client("lambda")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as layer:
        layer.writestr("python/large.py", f"'''{'x' * 200_000}'''\n")
    layer_arn = functions.publish_layer_version(LayerName=bench.name("layer"), Content={"ZipFile": packed.getvalue()})[
        "LayerVersionArn"
    ]
    names = [bench.function(SOURCE, Layers=[layer_arn]) for _ in range(2)]
    return [json.load(functions.invoke(FunctionName=name, Payload=b"{}")["Payload"]) for name in names]


def test_bare_emulator_unpacks_a_layer_for_every_process(bare: Workbench) -> None:
    assert len(set(_files(bare))) == 2, closed("unpacked_packages")


def test_processes_share_the_files_of_a_layer(filled: Workbench) -> None:
    assert len(set(_files(filled))) == 1
