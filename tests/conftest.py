"""What the whole run shares: the app synthesized once for this machine, and one local cloud that it is deployed to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cloud import ROOT, LocalCloud
from local.deployment import deploy, synthesize
from tests.workflow.world import SCALE, World


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--simulated", action="store_true", help="Play the scenarios of tests/workflow in the simulation.")


@pytest.fixture(scope="session")
def world(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    assembly: Path = tmp_path_factory.mktemp("deployed") / "assembly"
    synthesize(ROOT / "app.py", assembly, {"hookUrl": True})
    if request.config.getoption("--simulated"):
        from verify.simulation.cloud import simulated
        from verify.simulation.world import SimulatedWorld

        with simulated(assembly) as c:
            yield SimulatedWorld(c)
        return
    with LocalCloud(time_scale=SCALE, directory=tmp_path_factory.mktemp("cloud")) as cloud:
        yield World(cloud, deploy(cloud, assembly))
