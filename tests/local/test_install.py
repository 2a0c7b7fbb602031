"""`make install` on machines that lack something, in a copy of the checkout; the installers are fakes that leave a trace."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from local.cloud import ROOT

BASE = getattr(sys, "_base_executable", sys.executable)
PIP = "import pathlib, sys; pathlib.Path('pip.log').write_text(' '.join(sys.argv[1:]))"
GOOD = f"""#!{BASE}
# Any Python that is new enough and complete, whose virtual environments have fakes of pip and uv.
import os, pathlib, subprocess, sys
if sys.argv[1:3] != ["-m", "venv"]:
    os.execv({BASE!r}, [{BASE!r}, *sys.argv[1:]])
subprocess.run([{BASE!r}, "-m", "venv", "--without-pip", sys.argv[3]], check=True)
made = pathlib.Path(sys.argv[3])
[packages] = made.glob("lib/python*/site-packages")
(packages / "pip").mkdir()
(packages / "pip" / "__init__.py").touch()
(packages / "pip" / "__main__.py").write_text({PIP!r})
(made / "bin" / "uv").write_text("#!/bin/sh\\nmkdir -p .build\\n")
(made / "bin" / "uv").chmod(0o755)
"""
OLD = f"""#!{BASE}
import sys
sys.version_info = (3, 9, 2)
assert sys.argv[1] == "-c", sys.argv
exec(sys.argv[2])
"""
REFUSED = """#!/bin/sh
case "$*" in *--silent*) ;; *) echo "npm error code SELF_SIGNED_CERT_IN_CHAIN" >&2;; esac
exit 1
"""
FINE = '#!/bin/sh\necho "npm $* with $NODE_EXTRA_CA_CERTS and $PIP_CERT"\n'


def tool(path: Path, source: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(source)
    path.chmod(0o755)
    return path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    copy = tmp_path / "checkout"
    shutil.copytree(ROOT / "requirements", copy / "requirements")
    for file in ("Makefile", "cdk.json", "package.json", "package-lock.json"):
        shutil.copy(ROOT / file, copy)
    tool(copy / "tools" / "npm", FINE)
    return copy


def install(checkout: Path, python: Path | str, **environment: str) -> tuple[int, str]:
    """The exit code of `make install`, and all that it said."""
    tools = {"PATH": f"{checkout / 'tools'}:{os.environ['PATH']}", "PYTHON": str(python), "HOME": str(checkout)}
    done = subprocess.run(
        ["make", "install"], cwd=checkout, env=tools | environment, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return tool(tmp_path / "good" / "python3", GOOD)


@pytest.fixture
def incomplete(tmp_path: Path) -> Path:
    """A Python as Debian's is without python3-venv: there is a module venv, and none that it gets pip from."""
    prefix, library = tmp_path / "incomplete", Path(sysconfig.get_path("stdlib", vars={"base": sys.base_prefix}))
    there = prefix / "lib" / library.name
    there.mkdir(parents=True)
    for entry in library.iterdir():
        if entry.name not in {"ensurepip", "site-packages"}:
            (there / entry.name).symlink_to(entry)
    for shared in Path(sys.base_prefix, "lib").glob("libpython*"):
        (prefix / "lib" / shared.name).symlink_to(shared)
    (prefix / "bin").mkdir()
    shutil.copy(BASE, prefix / "bin" / "python3")
    return prefix / "bin" / "python3"


def test_a_python_that_is_too_old_is_named_before_anything_is_made(checkout: Path, tmp_path: Path) -> None:
    code, said = install(checkout, tool(tmp_path / "old" / "python3", OLD))
    assert code
    assert "is Python 3.9. Weighbridge needs 3.11 or later" in said
    assert not (checkout / ".venv").exists()


def test_a_python_that_is_not_there_is_named(checkout: Path) -> None:
    code, said = install(checkout, "python3.99")
    assert code
    assert "There is no python3.99. Weighbridge needs Python 3.11 or later" in said


def test_where_debian_lacks_a_package_it_is_named_before_anything_is_made(checkout: Path, incomplete: Path) -> None:
    code, said = install(checkout, incomplete)
    assert code
    version = "{}.{}".format(*sys.version_info)
    assert f"cannot make virtual environments. On Debian and Ubuntu: apt install python{version}-venv" in said
    assert not (checkout / ".venv").exists()


def test_what_an_earlier_attempt_left_half_made_is_in_nobodys_way(checkout: Path, incomplete: Path, good: Path) -> None:
    left = subprocess.run([incomplete, "-m", "venv", ".venv"], cwd=checkout, capture_output=True, check=False)
    assert left.returncode
    assert (checkout / ".venv" / "bin" / "python").exists()
    # By its bare name, as the Makefile's default is; what is left has a python3, too.
    code, said = install(checkout, "python3", PATH=f"{good.parent}:{checkout / 'tools'}:{os.environ['PATH']}")
    assert code == 0, said
    assert "install --quiet" in (checkout / "pip.log").read_text()
    # What is complete stays: this one could not make another.
    (checkout / ".build" / "installed").unlink()
    assert install(checkout, incomplete)[0] == 0


def test_nothing_half_made_is_left(checkout: Path, tmp_path: Path) -> None:
    failing = GOOD.replace("[packages] =", "sys.exit('No space left on device')\n[packages] =")
    code, said = install(checkout, tool(tmp_path / "failing" / "python3", failing))
    assert code
    assert "No space left on device" in said
    assert not (checkout / ".venv").exists()


def test_why_npm_failed_is_shown_and_the_next_attempt_goes_on(checkout: Path, good: Path) -> None:
    tool(checkout / "tools" / "npm", REFUSED)
    code, said = install(checkout, good)
    assert code
    assert "npm error code SELF_SIGNED_CERT_IN_CHAIN" in said
    assert "SSL_CERT_FILE=/path/to/ca.pem make install" in said
    tool(checkout / "tools" / "npm", FINE)
    assert install(checkout, good)[0] == 0


def test_every_installer_trusts_the_certificates_that_are_named(checkout: Path, good: Path) -> None:
    code, said = install(checkout, good, SSL_CERT_FILE="/proxy.pem")
    assert code == 0
    assert "with /proxy.pem and /proxy.pem" in said
    (checkout / ".build" / "installed").unlink()
    # Who has named others keeps them.
    assert (
        "with /node.pem and /proxy.pem"
        in install(checkout, good, SSL_CERT_FILE="/proxy.pem", NODE_EXTRA_CA_CERTS="/node.pem")[1]
    )


def test_the_layer_is_for_the_runtime_that_the_settings_name(checkout: Path) -> None:
    settings = checkout / "cdk.json"
    settings.write_text(re.sub(r'"runtime": "python[0-9.]+"', '"runtime": "python3.99"', settings.read_text()))
    planned = subprocess.run(["make", "--dry-run", "install"], cwd=checkout, capture_output=True, text=True, check=True)
    assert re.findall(r"--python-version (\S+)", planned.stdout) == ["3.99"]
