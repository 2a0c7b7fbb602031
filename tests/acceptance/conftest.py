"""A local cloud as an account, and the stack with the settings of cdk.json, of which the table of rights is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.preflight import Stack
from local.cloud import CREDENTIALS, LocalCloud
from tests.conftest import synthesized

SCALE = 0.01


@pytest.fixture(scope="session")
def plain_stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    return Stack(synthesized(tmp_path_factory, "plain"))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCloud]:
    """A local cloud, and an environment that leads to it."""
    with LocalCloud(directory=tmp_path, time_scale=SCALE) as cloud:
        for name, value in CREDENTIALS.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.endpoint)
        monkeypatch.setenv("AWS_REGION", cloud.region)
        yield cloud
