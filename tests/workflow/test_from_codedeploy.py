"""docs/from-codedeploy.md as it stands: its blocks, one after another, in a terminal whose cloud enforces IAM."""

import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import boto3
import pytest
from botocore.loaders import Loader

from local.cloud import CREDENTIALS, ROOT
from scenarios.world import ACCOUNT, LAMBDA, Alias, Shop, World, allow, trusting
from tests.workflow.test_stock_clients import environment, proxied

pytestmark = pytest.mark.local_cloud  # other processes

TEXT = (ROOT / "docs" / "from-codedeploy.md").read_text(encoding="utf-8")
LOCAL, ON_AWS = "## On the local cloud\n", "## On AWS\n"
MAKE_LOCAL = r"make local +# in one terminal\n"
PROXY = ".venv/bin/weighbridge proxy <ApiUrl>"


def blocks(section: str) -> list[str]:
    """The blocks of code of a section, in order."""
    text = TEXT.partition(section)[2].partition("\n## ")[0]
    return [textwrap.dedent(block) for block in re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of one's own, as far as the page uses it."""
    (tmp_path / ".local" / "4566").mkdir(parents=True)
    (tmp_path / "client").symlink_to(ROOT / "client")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def paste(lines: str, checkout: Path, shell: dict[str, str]) -> str:
    """What a terminal answers to pasted lines; the first that fails is the last."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail"],
        input=lines,
        cwd=checkout,
        env=shell,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def impatient(directory: Path) -> Path:
    """Data for botocore in which CodeDeploy's waiter asks every second instead of every fifteen."""
    model = Loader().load_service_model("codedeploy", "waiters-2")
    for waiter in model["waiters"].values():
        waiter["delay"] = 1
    folder = directory / "data" / "codedeploy" / "2014-10-06"
    folder.mkdir(parents=True)
    (folder / "waiters-2.json").write_text(json.dumps(model))
    return directory / "data"


def test_every_block_of_the_page_is_run_here() -> None:
    assert sum(len(blocks(section)) for section in (LOCAL, ON_AWS)) == len(
        re.findall(r"^(?:    .*\n)+", TEXT, re.MULTILINE)
    )
    assert PROXY + "\n" in blocks(ON_AWS)
    assert re.match(MAKE_LOCAL, blocks(LOCAL)[0])


def test_on_the_local_cloud(world: World, checkout: Path) -> None:
    """`make local` runs already, and has written down what the terminal needs; the roles are made as operations.md says."""
    recipes = world.recipes("store")
    world.role("store", trusting(LAMBDA))
    actions = ["lambda:GetAlias", "lambda:GetFunctionConfiguration", "lambda:UpdateAlias"]
    older_name = allow(actions, f"arn:aws:lambda:{world.cloud.region}:{ACCOUNT}:function:shop-checkout*")
    from_releases = allow("s3:GetObject", "arn:aws:s3:::releases/*")
    world.role("WeighbridgeServiceRole-store", recipes.trust, *recipes.rights["Statement"], older_name, from_releases)
    variables = CREDENTIALS | {
        "AWS_DEFAULT_REGION": world.cloud.region,
        "AWS_ENDPOINT_URL": world.cloud.endpoint,
        "AWS_ENDPOINT_URL_CODEDEPLOY": world.outputs["ApiUrl"],
        "AWS_PAGER": "",
        "AWS_DATA_PATH": str(impatient(checkout)),
    }
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
    (checkout / ".local" / "4566" / "environment").write_text(exports)
    lines = re.sub(MAKE_LOCAL, "", "".join(blocks(LOCAL)))
    paste(lines, checkout, {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(checkout)})
    assert world.alias(Shop("shop-checkout")) == Alias("2", {})


@pytest.mark.parametrize("block", [block for block in blocks(ON_AWS) if not block.startswith(PROXY)])
def test_on_aws(world: World, checkout: Path, api_caller: boto3.Session, block: str) -> None:
    shop = world.shop()
    here = block.replace("<ApiUrl>", world.outputs["ApiUrl"])
    assert shop.name in paste(here, checkout, environment(world, api_caller, checkout))


def test_on_aws_by_the_proxy(world: World, checkout: Path, api_caller: boto3.Session) -> None:
    """The line of the page starts it, and what it prints is pasted into another terminal."""
    shop, shell = world.shop(), environment(world, api_caller, checkout)
    command = shlex.split(PROXY.replace("<ApiUrl>", world.outputs["ApiUrl"]))
    with proxied(command, checkout, shell) as line:
        assert shop.name in paste(f"{line}\naws deploy list-applications\n", checkout, shell)
