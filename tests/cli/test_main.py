"""The command as a program: what it loads, what it says of itself, how it is packed."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from local.cloud import ROOT
from weighbridge_cli import __version__
from weighbridge_cli.exits import MEANINGS
from weighbridge_cli.main import VERBS, weighbridge

HEAVY = {"boto3", "botocore", "rich", "yaml", "pydantic", "cfnlint", "samtranslator"}
SETTINGS = tomllib.loads((ROOT / "cli" / "pyproject.toml").read_text(encoding="utf-8"))
LISTED = "import sys, runpy\ntry:\n  runpy.run_module('weighbridge_cli', run_name='__main__')\nfinally:\n  print(*sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr)"


def run(*arguments: str, path: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": path, "LC_ALL": "C.UTF-8", "HOME": "/nowhere"}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, cwd=cwd, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["deploy", "--help"], ["watch", "--help"], ["deploy"]])
def test_nothing_heavy_is_loaded_to_say_what_it_does(arguments: list[str]) -> None:
    done = run("-c", LISTED, *arguments, path=f"{ROOT}/cli:{ROOT}/functions")
    loaded = set(done.stderr.splitlines()[-1].split())
    assert "click" in loaded
    assert loaded & HEAVY == set()


def test_the_script_of_the_checkout_is_the_command() -> None:
    script = Path(sys.executable).parent / "weighbridge"
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == f"weighbridge, version {__version__}\n"


def test_every_exit_code_is_in_the_help() -> None:
    shown = run("-m", "weighbridge_cli", "--help", path=f"{ROOT}/cli:{ROOT}/functions").stdout
    assert all(f"  {code:<4} {meaning.split(';')[0]}" in shown for code, meaning in MEANINGS.items())
    assert all(f"  {verb} " in shown for verb in VERBS)


def test_a_locale_without_arrows_gets_something_else() -> None:
    told = "import click; from weighbridge_cli import main;"
    told += "main.weighbridge = click.Command('x', callback=lambda: click.echo('6 \\u2192 7')); main.run()"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}/cli:{ROOT}/functions", "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(
        [sys.executable, "-c", told], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "6 ? 7\n"), done.stderr


def test_a_mistake_ends_with_two_and_prints() -> None:
    done = run("-m", "weighbridge_cli", "watch", "\x1b[31m", path=f"{ROOT}/cli:{ROOT}/functions")
    assert done.returncode == 2
    assert all(line.isprintable() for line in done.stderr.splitlines())
    assert "is no FUNCTION[:ALIAS]" in done.stderr


def test_the_wheel_has_all_that_the_command_needs(tmp_path: Path) -> None:
    """Laid out as the build does it, in a folder of its own, where nothing else of the checkout is found."""
    target = SETTINGS["tool"]["hatch"]["build"]["targets"]["wheel"]
    for package in target["packages"]:
        shutil.copytree(ROOT / "cli" / package, tmp_path / package)
    for source, place in target["force-include"].items():
        here, there = ROOT / "cli" / source, tmp_path / place
        there.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if here.is_dir() else shutil.copy)(here, there)
    asked = (
        "from weighbridge_cli import aws, main, transform, proxy, tree; from weighbridge_cli.options import Place;"
        "cloud = aws.Cloud(Place(region='eu-west-1'));"
        "print(aws.__file__, cloud._client('weighbridge', writes=False).meta.service_model.operation_names)"
    )
    environment = {"AWS_ENDPOINT_URL_WEIGHBRIDGE": "http://127.0.0.1:1/", "PYTHONPATH": str(tmp_path), "HOME": "/nowhere"}
    done = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path))
    assert "GetDeploymentProgress" in done.stdout


def test_what_it_imports_is_what_its_distribution_requires() -> None:
    project = SETTINGS["project"]
    required = {name.split(">")[0] for name in project["dependencies"]}
    assert required == {"botocore", "click", "pyyaml", "rich"}
    extra = {name.split(">")[0] for name in project["optional-dependencies"]["transform"]}
    assert extra == {"aws-sam-translator", "cfn-lint", "pydantic"}
    assert importlib.util.find_spec("weighbridge_cli")
    assert weighbridge.name == "weighbridge"


def test_templates_of_cloudformation_take_an_extra_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner  # noqa: PLC0415

    for module in ("cfnlint", "cfnlint.decode"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "weighbridge_cli.transform", raising=False)
    import weighbridge_cli  # noqa: PLC0415

    monkeypatch.delattr(weighbridge_cli, "transform", raising=False)
    done = CliRunner().invoke(weighbridge, ["transform", str(ROOT / "examples" / "sam" / "template.yaml")])
    assert done.exit_code == 2
    assert "pip install 'weighbridge[transform]'" in done.stderr
