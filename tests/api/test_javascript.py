"""The SDK for JavaScript v3, as npm has it, at the API: typed exceptions, paginators and its waiter."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.cloud import ROOT
from tests.api.caller import Caller
from tests.api.served import served
from tests.aws.account import keep_planned
from tests.core.samples import at
from weighbridge.core.endings import failed, succeeded
from weighbridge.store import deployments

BEGIN = """
const sdk = require("@aws-sdk/client-codedeploy");
const client = new sdk.CodeDeployClient({ maxAttempts: 1 });
const waiter = { client, maxWaitTime: 30, minDelay: 0.01, maxDelay: 0.01 };
const told = (value) => console.log(JSON.stringify(value));
"""


def run(api: Caller, source: str) -> Any:
    """What a script says, which may use `sdk`, `client` and `waiter` and says it by `told`."""
    with served(api) as url:
        environment = {
            "PATH": os.environ["PATH"],
            "NODE_PATH": str(ROOT / "node_modules"),
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_ENDPOINT_URL_CODEDEPLOY": url,
        }
        command = [str(Path(sys.executable).parent / "node"), "--eval", f"{BEGIN}(async () => {{{source}}})();"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_exceptions_are_those_of_the_sdk(api: Caller) -> None:
    source = """
    const calls = [
      new sdk.GetApplicationCommand({ applicationName: "nobody" }),
      new sdk.GetDeploymentCommand({ deploymentId: "d-000000000" }),
      new sdk.CreateApplicationCommand({ applicationName: "a b" }),
      new sdk.CreateDeploymentConfigCommand({ deploymentConfigName: "CodeDeployDefault.Mine", computePlatform: "Lambda" }),
    ];
    const names = [];
    for (const call of calls) {
      await client.send(call).catch((error) => names.push(
        [error.name, error instanceof sdk[error.name], error instanceof sdk.CodeDeployServiceException, error.message.length > 10]
      ));
    }
    told(names);
    """
    assert run(api, source) == [
        [name, True, True, True]
        for name in (
            "ApplicationDoesNotExistException",
            "DeploymentDoesNotExistException",
            "InvalidApplicationNameException",
            "InvalidDeploymentConfigNameException",
        )
    ]


def test_its_paginator_reads_every_page(api: Caller) -> None:
    names = [f"application-{number:03}" for number in range(101)]
    for name in names:
        api.call("CreateApplication", applicationName=name, computePlatform="Lambda")
    source = """
    const pages = [];
    for await (const page of sdk.paginateListApplications({ client }, {})) pages.push(page.applications);
    told(pages);
    """
    pages = run(api, source)
    assert [len(page) for page in pages] == [100, 1]
    assert sorted(name for page in pages for name in page) == names


WAIT = """
await sdk.waitUntilDeploymentSuccessful(waiter, { deploymentId: "d-AAAAAAAAA" }).then(
  (waited) => told(["ended", waited.state]),
  (error) => told([error.name, JSON.parse(error.message).state]),
);
"""


@pytest.mark.parametrize(("error", "said"), [(None, ["ended", "SUCCESS"]), ("HookFailed", ["Error", "FAILURE"])])
def test_its_waiter_ends_as_the_deployment_does(api: Caller, error: str | None, said: list[str]) -> None:
    record = keep_planned()
    ending = failed(record, {"error": error, "cause": "no"}, {}, at(9)) if error else succeeded(record, at(9))
    deployments.update(record["deploymentId"], ending.change)
    assert run(api, WAIT) == said


def test_its_waiter_waits_for_a_deployment_that_is_running(api: Caller) -> None:
    keep_planned()
    assert run(api, f"waiter.maxWaitTime = 1; {WAIT}") == ["TimeoutError", "TIMEOUT"]
