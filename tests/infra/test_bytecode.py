"""Bytecode in what is uploaded: that of the runtime's Python and of this source, the same wherever it is compiled."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra import bytecode
from infra.app import build
from infra.bytecode import Interpreter, compiled, interpreter

VERSION = "{}.{}".format(*sys.version_info)
THIS = Interpreter(sys.executable, importlib.util.MAGIC_NUMBER.hex())
SOURCE = "COLOURS = {'red', 'green', 'blue', 'yellow'}\ndef is_colour(name): return name in {'red', 'green', 'blue'}\n"
UNCHECKED = (1).to_bytes(4, "little")
"""The flags of bytecode that is loaded without a look at its source (PEP 552)."""
CACHE = f"__pycache__/paint.{sys.implementation.cache_tag}.pyc"


@pytest.fixture(autouse=True)
def unvalidated(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked at here is no part of the template, which takes long to validate."""
    monkeypatch.setenv("CDK_VALIDATION", "false")


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """Return a layer with bytecode that is of other source."""
    package = tmp_path / "layer" / "python"
    package.mkdir(parents=True)
    (package / "paint.py").write_text("STALE = True\n")
    subprocess.run([sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", package], check=True)
    (package / "paint.py").write_text(SOURCE)
    return tmp_path / "layer"


def files(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_a_module_has_its_bytecode_beside_it_and_stale_bytecode_is_left_behind(layer: Path, tmp_path: Path) -> None:
    compiled(layer, tmp_path / "made", THIS, "/opt")
    made = files(tmp_path / "made")
    assert sorted(made) == [f"python/{CACHE}", "python/paint.py"]
    assert made[f"python/{CACHE}"][4:8] == UNCHECKED
    assert b"STALE" in files(layer)[f"python/{CACHE}"]
    assert b"STALE" not in made[f"python/{CACHE}"]
    assert b"/opt/python/paint.py" in made[f"python/{CACHE}"]
    assert str(tmp_path).encode() not in made[f"python/{CACHE}"]


def test_what_is_compiled_is_the_same_everywhere(layer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        os.utime(layer / "python" / "paint.py", (int(seed), int(seed)))
        compiled(layer, tmp_path / f"machine {seed}" / "layer", THIS, "/opt")
        made.append(files(tmp_path / f"machine {seed}"))
    assert made[0] == made[1]


def test_what_does_not_compile_is_not_uploaded(layer: Path, tmp_path: Path) -> None:
    (layer / "python" / "paint.py").write_text("def\n")
    with pytest.raises(subprocess.CalledProcessError):
        compiled(layer, tmp_path / "made", THIS, "/opt")


def assets(assembly: Path) -> dict[str, dict[str, bytes]]:
    """What is uploaded of code and layer, by its hash; the hooks' layer, which is no Python's, has another test."""
    folders = {path.name: files(path) for path in assembly.glob("asset.*") if path.is_dir()}
    return {name: folder for name, folder in folders.items() if "weighbridge/preload.cjs" not in folder}


def test_code_and_layer_have_bytecode_and_a_hash_that_is_the_same_on_two_machines(layer: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    other = tmp_path / "elsewhere" / "checkout"
    compiled(layer, other, THIS, "/elsewhere")
    made = []
    for place, directory in (("here", layer), ("there", other)):
        build(tmp_path / place, {"layer": str(directory), "runtime": f"python{VERSION}"}).synth()
        made.append(assets(tmp_path / place))
    assert made[0] == made[1]
    [code] = [folder for folder in made[0].values() if "weighbridge/environment.py" in folder]
    modules = {name for name in code if name.endswith(".py")}
    assert {name for name in code if name.endswith(".pyc")} == {
        str(Path(name).parent / "__pycache__" / f"{Path(name).stem}.{sys.implementation.cache_tag}.pyc") for name in modules
    }
    [libraries] = [folder for folder in made[0].values() if "python/paint.py" in folder]
    assert sorted(libraries) == [f"python/{CACHE}", "python/paint.py"]


def test_other_bytecode_has_another_hash(layer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = set[str]()
    for number, by in enumerate((None, THIS, Interpreter(THIS.path, "another form"))):
        monkeypatch.setattr(bytecode, "interpreter", lambda _, by=by: by)
        build(tmp_path / str(number), {"layer": str(layer)}).synth()
        names |= set(assets(tmp_path / str(number)))
    assert len(names) == 2 * 3


def warnings(assembly: Path) -> list[str]:
    """What the CDK's CLI shows to whoever synthesizes or deploys."""
    metadata = json.loads((assembly / "Weighbridge.metadata.json").read_text())
    return [entry["data"] for entries in metadata.values() for entry in entries if entry["type"] == "aws:cdk:warning"]


def test_whoever_deploys_without_bytecode_reads_so_in_one_line(
    layer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(tmp_path / "with", {"layer": str(layer), "runtime": f"python{VERSION}"}).synth()
    assert warnings(tmp_path / "with") == []
    monkeypatch.setattr(bytecode, "interpreter", lambda _: None)
    build(tmp_path / "without", {"layer": str(layer), "runtime": "python3.9"}).synth()
    [line] = warnings(tmp_path / "without")
    assert line.startswith("There is no Python 3.9 on this machine, so the functions go without bytecode")
    assert "\n" not in line


def python(path: Path, source: str) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{source}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def uv(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Sequence[str]]]:
    """Return what uv is asked for; it finds nothing, and installs nothing."""
    asked: list[Sequence[str]] = []

    def answer(*arguments: str) -> subprocess.CompletedProcess[str]:
        asked.append(arguments)
        return subprocess.CompletedProcess([], 2, "", "No interpreter found")

    monkeypatch.setattr(bytecode, "_uv", answer)
    interpreter.cache_clear()
    yield asked
    interpreter.cache_clear()


def test_the_interpreter_at_work_is_taken_where_it_has_the_version(uv: list[Sequence[str]]) -> None:
    assert interpreter(VERSION) == THIS
    assert uv == []


def test_one_on_the_path_is_taken_and_by_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uv: list[Sequence[str]]
) -> None:
    python(tmp_path / "bin" / "python3.99", "echo 'cpython-399 final abcd /opt/my pythons/3.99/bin/python'")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert interpreter("3.99") == Interpreter("/opt/my pythons/3.99/bin/python", "abcd")
    assert uv == []


@pytest.mark.parametrize(
    "source", ["exit 127", "echo 'cpython-399 beta abcd /usr/bin/python3.99'", "echo 'pypy-399 final abcd /usr/bin/pypy'"]
)
def test_one_that_is_no_release_of_cpython_or_does_not_run_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uv: list[Sequence[str]], source: str
) -> None:
    python(tmp_path / "bin" / "python3.99", source)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert interpreter("3.99") is None
    assert uv == [("find", "--managed-python", "3.99")]


def test_one_that_uv_has_fetched_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uv: list[Sequence[str]]) -> None:  # noqa: ARG001
    fetched = python(tmp_path / "bin" / "fetched", "echo 'cpython-399 final abcd /fetched/python'")
    monkeypatch.setattr(bytecode, "_uv", lambda *_: subprocess.CompletedProcess([], 0, f"{fetched}\n", ""))
    assert interpreter("3.99") == Interpreter("/fetched/python", "abcd")


def test_without_uv_there_is_none_of_its() -> None:
    interpreter.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "executable", "/nowhere/bin/python")
        assert bytecode._uv("find", "3.99").returncode != 0


def test_before_a_deployment_uv_fetches_what_is_not_at_hand_and_the_deployment_goes_on(uv: list[Sequence[str]]) -> None:
    run = CliRunner()
    assert run.invoke(bytecode.main, ["-c", f"runtime=python{VERSION}", "--profile", "prod"]).exit_code == 0
    assert uv == []
    assert run.invoke(bytecode.main, ["-c", "runtime=python3.99"]).exit_code == 0
    assert uv == [("find", "--managed-python", "3.99"), ("install", "3.99")]
