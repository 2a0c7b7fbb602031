"""A quick run of the benchmarks, as `make bench QUICK=1` makes it, in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.cloud import ROOT


@pytest.fixture(scope="session")
def quick(deployed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a quick run has left its figures and its page."""
    directory = tmp_path_factory.mktemp("benchmarks")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--assembly", str(deployed), "--directory", str(directory)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:]
    return directory


@pytest.fixture(scope="session")
def results(quick: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((quick / "results.json").read_text(encoding="utf-8"))
    return loaded
