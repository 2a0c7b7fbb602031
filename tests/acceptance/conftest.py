"""A local cloud as an account, a scene for cases, and the stack with the settings of cdk.json, of which the table of rights is."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from acceptance import waiting
from acceptance.cases import limits
from acceptance.preflight import Stack
from local.cloud import CREDENTIALS, LocalCloud
from tests.acceptance.scene import Scene
from tests.acceptance.scripts import Scripted
from tests.conftest import synthesized

SCALE = 0.01


@pytest.fixture(scope="session")
def plain_stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    return Stack(synthesized(tmp_path_factory, "plain"))


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """Fast, as far as it is about waiting."""
    for name in ("REACTION", "SCHEDULE", "ALARM", "DEAD_LETTER", "NEWS", "RIGHTS"):
        monkeypatch.setattr(limits, f"{name}_SECONDS", 0.01)
    monkeypatch.setattr(limits, "RECEIVED_SECONDS", 0.2)
    monkeypatch.setattr(limits, "AGAIN_SECONDS", 0.1)
    monkeypatch.setattr(limits, "BUSY_SECONDS", 0)
    monkeypatch.setattr(limits, "DENIED_SECONDS", 0)
    monkeypatch.setattr(waiting, "PAUSE", 0)
    with closing(Scripted()) as account:
        yield Scene(account)


@pytest.fixture
def here(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCloud]:
    """A local cloud, and an environment that leads to it; one that looks at rights, where the test says so."""
    with LocalCloud(directory=tmp_path, time_scale=SCALE, enforce_iam=getattr(request, "param", False)) as cloud:
        for name, value in CREDENTIALS.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.endpoint)
        monkeypatch.setenv("AWS_REGION", cloud.region)
        yield cloud
