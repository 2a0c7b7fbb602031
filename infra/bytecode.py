"""Bytecode for the runtime, so that a cold start has nothing to compile.

It lies beside its source, which tracebacks show. It is not compared with the source when it is loaded, so that it does not
depend on times of files, and so it is never taken from where it may be stale, but compiled anew from a copy.

`python -m infra.bytecode` is what `make deploy` does beforehand: it has uv fetch an interpreter where there is none.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click

from infra.account import OPTIONS, context

KEY = "runtime"
PATTERNS = ["**/__pycache__", "**/*.pyc"]
"""Of what may be there already: bytecode of this machine's Python, or of other source."""
_TELL = (
    "import importlib.util, sys;"
    "print(sys.implementation.cache_tag, sys.version_info.releaselevel, importlib.util.MAGIC_NUMBER.hex(), sys.executable)"
)


@dataclass(frozen=True)
class Interpreter:
    """`form` tells bytecode that one interpreter writes and another one reads from bytecode that it does not read."""

    path: str
    form: str


@cache
def interpreter(version: str) -> Interpreter | None:
    """An interpreter of a version such as `3.14` that is at hand: this one, one on the PATH, or one that uv has fetched."""
    for path in _candidates(version):
        run = subprocess.run([path, "-I", "-c", _TELL], capture_output=True, text=True, check=False)
        if run.returncode == 0 and run.stdout.startswith(f"cpython-{version.replace('.', '')} final "):
            _, _, form, executable = run.stdout.strip().split(" ", maxsplit=3)
            return Interpreter(executable, form)  # on the PATH there may be a script that chooses one by the environment
    return None


def _candidates(version: str) -> Iterator[str]:
    yield sys.executable
    if on_path := shutil.which(f"python{version}"):
        yield on_path
    interpreter = _uv("find", "--managed-python", version)
    if interpreter.returncode == 0:
        yield interpreter.stdout.strip()


def _uv(*arguments: str) -> subprocess.CompletedProcess[str]:
    uv = Path(sys.executable).with_name("uv")
    try:
        return subprocess.run([uv, "python", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:  # installed otherwise than by make install
        return subprocess.CompletedProcess([], 1, "", str(error))


def compiled(source: Path, target: Path, by: Interpreter, mounted: str) -> None:
    """Copies a folder to `target`, which is not there yet, with the bytecode of each module beside it.

    mounted: where the runtime has the folder, such as `/var/task`. Raises CalledProcessError where a module is none of that
    Python's; the compiler has then said which.
    """
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(*(Path(pattern).name for pattern in PATTERNS)))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    subprocess.run(
        [by.path, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", target, "-p", mounted, target],
        cwd=target.parent,
        env=environment | {"PYTHONHASHSEED": "0"},  # by which sets in constants have one order everywhere
        check=True,
    )


def missing(version: str) -> str:
    return (
        f"There is no Python {version} on this machine, so the functions go without bytecode and take longer to start; "
        f"install it, or have `uv python install {version}` fetch it."
    )


@click.command(context_settings=OPTIONS)
@click.option("-c", "--context", "chosen", multiple=True)
def main(*, chosen: tuple[str, ...]) -> None:
    """Have uv fetch an interpreter of the runtime's version unless one is at hand. A deployment goes on without."""
    version = str(context(chosen)[KEY]).removeprefix("python")
    if interpreter(version) is None:
        _uv("install", version)


if __name__ == "__main__":
    main()
