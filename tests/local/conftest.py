"""Two local clouds for the whole run: one with its gaps filled, one as the emulator is."""

from collections.abc import Iterator

import pytest

from local.cloud import LocalCloud
from tests.local.workbench import SCALE, Workbench


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with LocalCloud(time_scale=SCALE, directory=tmp_path_factory.mktemp("filled")) as cloud:
        yield Workbench(cloud)


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with LocalCloud(time_scale=SCALE, directory=tmp_path_factory.mktemp("bare"), bare=True) as cloud:
        yield Workbench(cloud)
