"""CodeDeploy's own clients, as users have them: stock boto3 and the real `aws deploy`."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local.cloud import CREDENTIALS
from local.sample import write_environment
from scenarios.world import World

CLI = Path(sys.executable).parent / "aws"
Cli = Callable[..., Any]
Terminal = Callable[[str], str]


@pytest.fixture(autouse=True)
def _few_files(request: pytest.FixtureRequest) -> Iterator[None]:
    """No scenario has the files of those before it looked after as well."""
    yield
    if "world" in request.fixturenames:
        request.getfixturevalue("world").delete_files()


@pytest.fixture
def codedeploy(world: World) -> Any:
    """boto3's client as a user makes it, pointed at the function's URL."""
    return boto3.client(
        "codedeploy",
        endpoint_url=world.outputs["ApiUrl"],
        region_name="us-east-1",
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(proxies={}),
    )


@pytest.fixture(scope="session")
def api_caller(world: World) -> boto3.Session:
    """Who may call the API by its URL, as docs/operations.md has it, and do nothing else."""
    return world.user("caller", *world.recipes("shop").calls["Statement"])


@pytest.fixture
def deploy(world: World, tmp_path: Path) -> Cli:
    """Runs `aws deploy …`; returns its answer, and of a failure what it says."""
    environment = CREDENTIALS | {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL_CODEDEPLOY": world.outputs["ApiUrl"],
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_PAGER": "",
        "LC_ALL": "C.UTF-8",
    }

    def run(*arguments: str) -> Any:
        command = [str(CLI), "deploy", *arguments, "--output", "json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)
        if done.returncode:
            return done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    return run


@pytest.fixture
def at_cloud(world: World, tmp_path: Path) -> dict[str, str]:
    """The environment of a step of a pipeline, in which the command `weighbridge` is there and means that cloud."""
    return CREDENTIALS | {
        "PATH": os.pathsep.join([str(CLI.parent), os.environ["PATH"]]),
        "HOME": str(tmp_path),
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": world.cloud.endpoint,
        "LC_ALL": "C.UTF-8",
    }


@pytest.fixture
def terminal(world: World, tmp_path: Path) -> Terminal:
    """Pastes lines into a terminal of a user of that cloud, where an error ends them; returns what they print."""
    environment = write_environment(world.cloud, world.outputs)

    def paste(lines: str) -> str:
        done = subprocess.run(
            ["sh", "-s"],
            input=f". {environment}\nset -eu\n{lines}",
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return paste
