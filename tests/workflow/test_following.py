"""From a dropped file to what became of it: the script of the docs, as a pipeline runs it, and what is refused."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from client.generate import MODELS, SERVICE
from local.cloud import CREDENTIALS, REGION, ROOT
from scenarios.world import Alias, World, appspec
from tests.workflow.test_own_client import weighbridge

__all__ = ["weighbridge"]
pytestmark = pytest.mark.local_cloud  # other processes


def _follow(world: World, home: Path, key: str, content: str) -> subprocess.CompletedProcess[str]:
    shutil.copytree(MODELS / SERVICE, home / ".aws" / "models" / SERVICE)
    file = home / "file"
    file.write_text(content, encoding="utf-8")
    environment = CREDENTIALS | {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": world.cloud.endpoint,
        "AWS_ENDPOINT_URL_WEIGHBRIDGE": world.outputs["ApiUrl"],
        "AWS_PAGER": "",
        "INTERVAL": "1",
    }
    command = ["sh", str(ROOT / "client" / "follow_drop.sh"), world.bucket, key, str(file)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_a_drop_is_followed_to_its_success(world: World, tmp_path: Path) -> None:
    shop = world.shop()
    followed = _follow(world, tmp_path, f"{shop.name}/prod/2026/release.yaml", appspec(shop.name))
    assert (followed.returncode, followed.stderr) == (0, "")
    assert world.record(followed.stdout.strip())["status"] == "Succeeded"
    assert world.alias(shop) == Alias("2", {})


def test_a_drop_is_followed_to_its_failure(world: World, tmp_path: Path) -> None:
    shop = world.shop()
    followed = _follow(world, tmp_path, f"{shop.name}/test/release.yaml", appspec(shop.name))
    deployment_id = followed.stdout.strip()
    assert followed.returncode == 1
    assert f"{deployment_id} is Failed: No Deployment Group found for name: test" in followed.stderr


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("deployment-group.yaml", "{}", ""),
        ("deployment-group.yaml", "aliasses: []", "is Refused: Unknown key 'aliasses'; did you mean 'aliases'?"),
        ("release.txt", "version: 0.0", "/prod/release.txt' has no ending that is read"),
    ],
)
def test_what_is_no_deployment_is_followed_to_its_end(
    world: World, tmp_path: Path, name: str, content: str, says: str
) -> None:
    followed = _follow(world, tmp_path, f"{world.shop().name}/prod/{name}", content)
    assert (followed.returncode, followed.stdout) == (1 if says else 0, "")
    assert says in followed.stderr


def test_what_is_refused_is_told_on_the_default_bus_and_listed(world: World, weighbridge: Any) -> None:
    notices, shop = world.notices, world.shop()
    key = f"{shop.name}/prod/notes.txt"
    version = world.put(key, "version: 0.0")
    refused = weighbridge.get_drop(bucket=world.bucket, key=key)["dropInfo"]
    assert (refused["versionId"], refused["status"]) == (version, "Refused")
    stop = world.send("Deployment Stop Requested", {"deploymentId": "d-NOTTHERE1"})
    misspelt = world.send("Deployment Stop Request", {"deploymentId": "d-NOTTHERE1"})
    expected = [
        ({"bucket": world.bucket, "key": key, "versionId": version}, "Drop Refused", "has no ending that is read"),
        ({"eventId": stop, "detailType": "Deployment Stop Requested"}, "Event Refused", "could not be found"),
        ({"eventId": misspelt}, "Event Refused", "did you mean 'Deployment Stop Requested'?"),
    ]
    for subject, detail_type, says in expected:
        [notice] = notices.about(subject, detail_type)
        assert notice["source"] == "weighbridge"
        assert says in notice["detail"]["message"]
        pages = weighbridge.get_paginator("list_refusals").paginate()
        [listed] = [refusal for page in pages for refusal in page["refusals"] if subject.items() <= refusal.items()]
        assert (listed["code"], listed["message"]) == (notice["detail"]["code"], notice["detail"]["message"])
