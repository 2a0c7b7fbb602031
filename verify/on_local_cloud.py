"""What is tried on the local cloud itself, by real processes in real time, after everything that can be simulated."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from rich.console import Console

from local.cloud import ROOT, LocalCloud
from local.deployment import deploy
from scenarios.world import World
from verify.case import Tried
from verify.load import deploy_at_once, problems
from verify.report import Row

ALIASES = 200
TIME_SCALE = 3.0
"""On AWS every function has a processor of its own; here all share those of this machine, and get more time instead."""
WORKERS = 16


@dataclass(frozen=True)
class Part:
    """A row of the table. `run` takes the cloud assembly, and tells on a console of what does not hold."""

    fault_class: str
    run: Callable[[Path, Console], Row]


def _load(assembly: Path, console: Console) -> Row:
    """As many deployments at once as in the simulation, by functions that are throttled as AWS throttles an account."""
    row = Row(LOAD)
    console.print(f"Deploying {ALIASES} aliases at once on a local cloud; this takes minutes")
    with tempfile.TemporaryDirectory(prefix="weighbridge-load-") as directory:
        local = LocalCloud(
            time_scale=TIME_SCALE, directory=Path(directory), enforce_iam=True, limit_rates=True, workers=WORKERS
        )
        with local as cloud:
            world = World(cloud, deploy(cloud, assembly))
            load = deploy_at_once(world, ALIASES)
            wrong = list(problems(world, load, ALIASES))
    for problem in wrong:
        console.print(f"FAILED {LOAD}: {problem}", markup=False)
    row.count(Tried(wrong, ALIASES, str(load)))
    return row


def _scenarios(name: str, *options: str) -> Callable[[Path, Console], Row]:
    def run(_assembly: Path, console: Console) -> Row:
        """Every scenario of the tests; what fails is said by pytest."""
        console.print(f"Playing the {name}")
        with tempfile.TemporaryDirectory(prefix="weighbridge-scenarios-") as directory:
            results = Path(directory) / "results.xml"
            command = [sys.executable, "-m", "pytest", "tests/workflow", "-q", "-p", "no:cacheprovider"]
            subprocess.run([*command, f"--junitxml={results}", *options], cwd=ROOT, stdout=sys.stderr, check=False)
            suites = ET.parse(results).getroot().iter("testsuite")  # noqa: S314 - pytest has just written it
            counts = [
                {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")} for suite in suites
            ]
        cases = sum(count["tests"] - count["skipped"] for count in counts)
        return Row(name, cases, sum(count["failures"] + count["errors"] for count in counts))

    return run


LOAD = "load, on the local cloud"
PARTS = [
    Part(LOAD, _load),
    *(
        Part(name, _scenarios(name, *options))
        for name, options in (("scenarios, IAM enforced", ()), ("scenarios, simulated", ("--simulated",)))
    ),
]
