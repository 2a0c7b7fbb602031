"""The last that `make deploy` does, with a bucket that sends events of its files."""

import os
import subprocess
import sys

import pytest

from acceptance.first_drop import KEY
from local.cloud import CREDENTIALS, ROOT
from scenarios.world import World


@pytest.mark.local_cloud  # another process
def test_make_deploy_sees_that_dropped_files_arrive(world: World) -> None:
    environment = CREDENTIALS | {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": "functions",
        "AWS_REGION": world.cloud.region,
        "AWS_ENDPOINT_URL": world.cloud.endpoint,
    }
    command = [sys.executable, "-m", "acceptance.first_drop", "-c", "deployableFunctions=*"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Dropped files arrive: this one after " in done.stdout
    versions = world.client("s3").list_object_versions(Bucket=world.bucket, Prefix=KEY)
    assert "Versions" not in versions
    assert "DeleteMarkers" not in versions
