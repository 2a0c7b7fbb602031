"""What the whole run shares: the app synthesized once for this machine, and one account that it is deployed to."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from local.cloud import ROOT, LocalCloud
from local.deployment import deploy, synthesize
from scenarios.world import CHOICES, SCALE, World

os.environ["POWERTOOLS_SERVICE_NAME"] = "weighbridge"
"""By which loggers are named once and for all when their modules are imported, by whichever test comes first."""
SIMULATED = "--simulated"
ASSEMBLY = "--assembly"
LONGEST = "test_in_simulation.py"
ALONE = {"test_import_budgets.py"}
"""Files that one process runs."""
COMMAND_LINE = {"deploy"}
"""Fixtures that start other processes."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(SIMULATED, action="store_true", help="play the scenarios in the simulation instead of a local cloud")
    parser.addoption(ASSEMBLY, type=Path, help="an already synthesized cloud assembly, instead of synthesizing app.py")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The simulation's own tests are not even imported elsewhere: with it come another environment and another time."""
    return True if collection_path.name == "simulated" and not config.getoption(SIMULATED) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that nothing waits for it alone at the end.

    The simulation is one process: what needs another, a thread or a socket is played on the local cloud alone.
    """
    items.sort(key=_place)
    elsewhere = _only_on_local_cloud if config.getoption(SIMULATED) else _only_in_simulation
    apart = {item for item in items if elsewhere(item)}
    config.hook.pytest_deselected(items=apart)
    items[:] = [item for item in items if item not in apart]


class _Groups(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """Hands out tests that share something dear as one; its own marks for that have no effect with this pytest."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(Path(nodeid.partition("::")[0])) or nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return _Groups(config, log)


def _group(path: Path) -> str | None:
    """The tests that one process runs, since what they share is dear: a local cloud, a synthesized stack, modules.

    Scenarios wait most of their time, so every process has a local cloud of its own for them, and leaves the others the
    processor meanwhile.
    """
    folder = path.parent.name
    if folder == "workflow" or path.name in ALONE:
        return path.name
    return folder if folder in {"acceptance", "benchmarks", "infra", "local"} else None


def _place(item: pytest.Item) -> int:
    """Where a test comes: what takes longest first."""
    first = [item.path.parent.name == "workflow", item.path.name == LONGEST, _group(item.path) is not None]
    return first.index(True) if True in first else len(first)


def _only_in_simulation(item: pytest.Item) -> bool:
    return item.get_closest_marker("simulated") is not None


def _only_on_local_cloud(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return item.get_closest_marker("local_cloud") is not None or bool(COMMAND_LINE & set(fixtures))


def synthesized(factory: pytest.TempPathFactory, name: str, choices: Mapping[str, object] | None = None) -> Path:
    """The cloud assembly of these context values: synthesized once a run, whichever of its processes comes first."""
    own: Path = factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    assembly = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not assembly.exists():
            made = factory.mktemp(name) / "assembly"
            synthesize(ROOT / "app.py", made, choices)
            made.rename(assembly)
    return assembly


@pytest.fixture(scope="session")
def deployed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cloud assembly that scenarios are played with."""
    assembly: Path | None = request.config.getoption(ASSEMBLY)
    return assembly or synthesized(tmp_path_factory, "deployed", CHOICES)


@pytest.fixture(scope="session")
def world(request: pytest.FixtureRequest, deployed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    if request.config.getoption(SIMULATED):
        # Only here: the emulator, which it brings into this process, reads the environment when it is imported.
        from verify.simulation.world import simulated_world  # noqa: PLC0415

        with simulated_world(deployed) as simulated:
            yield simulated
        return
    with LocalCloud(time_scale=SCALE, directory=tmp_path_factory.mktemp("cloud"), enforce_iam=True) as cloud:
        yield World(cloud, deploy(cloud, deployed))
