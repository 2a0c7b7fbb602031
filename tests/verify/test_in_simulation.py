"""What runs in the simulation does so in a process of its own: it brings another time and another environment along."""

import subprocess
import sys
from pathlib import Path

import pytest

from local.cloud import ROOT

pytestmark = pytest.mark.local_cloud
SHARE = 0.0005
"""Of every class of faults: a case or two, and 130 hostile inputs."""


def passes(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:]


def simulated(assembly: Path, *tests: str) -> None:
    passes("pytest", *tests, "--simulated", f"--assembly={assembly}", "-q", "-p", "no:cacheprovider")


# Processes of their own, so that they run side by side. Each takes a while to begin with: more would cost more than they gain.


@pytest.mark.timeout(600)
def test_the_simulation_does_what_it_says_and_finds_broken_products_out(deployed: Path) -> None:
    simulated(deployed, "tests/verify/simulated")


@pytest.mark.timeout(600)
def test_scenarios_end_as_on_the_local_cloud(deployed: Path) -> None:
    simulated(deployed, "tests/workflow")


@pytest.mark.timeout(600)
def test_a_share_of_every_class_of_faults_holds(deployed: Path) -> None:
    passes("verify", "--share", str(SHARE), "--processes", "1", "--assembly", str(deployed))
