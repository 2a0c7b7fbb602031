"""What the whole run shares: the app synthesized once for this machine, and one local cloud that it is deployed to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cloud import ROOT, LocalCloud
from local.deployment import deploy, synthesize
from tests.workflow.world import DEPLOYABLE, SCALE, World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    assembly: Path = tmp_path_factory.mktemp("deployed") / "assembly"
    synthesize(ROOT / "app.py", assembly, {"hookUrl": True, "deployableFunctions": DEPLOYABLE})
    with LocalCloud(time_scale=SCALE, directory=tmp_path_factory.mktemp("cloud"), enforce_iam=True) as cloud:
        yield World(cloud, deploy(cloud, assembly))
