"""`make deploy` bootstraps the CDK only where it has to."""

import subprocess
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from click.testing import CliRunner, Result

from infra import bootstrap

VERSION = {"Name": "/cdk-bootstrap/hnb659fds/version"}


@pytest.fixture
def parameters(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "eu-west-1")
    client = boto3.client("ssm")
    monkeypatch.setattr(bootstrap, "session", lambda _: SimpleNamespace(client=lambda _: client))
    with Stubber(client) as stubber:
        yield stubber


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    run: list[list[str]] = []

    def note(command: list[str], **_: Any) -> SimpleNamespace:
        run.append(command)
        return SimpleNamespace(returncode=3)

    monkeypatch.setattr(subprocess, "run", note)
    return run


def start(*options: str) -> Result:
    return CliRunner().invoke(bootstrap.main, options, catch_exceptions=False)


def test_where_it_has_been_done_it_is_not_done_again(parameters: Stubber, commands: list[list[str]]) -> None:
    parameters.add_response("get_parameter", {"Parameter": {"Value": "30"}}, VERSION)
    assert (start("--require-approval", "never").exit_code, commands) == (0, [])


def test_where_it_has_not_it_is_done_in_the_same_account(parameters: Stubber, commands: list[list[str]]) -> None:
    parameters.add_client_error("get_parameter", "ParameterNotFound", expected_params=VERSION)
    assert start("--profile", "prod").exit_code == 3
    assert commands == [["cdk", "bootstrap", "--profile", "prod"]]


def test_who_may_not_see_it_goes_on_without(parameters: Stubber, commands: list[list[str]]) -> None:
    parameters.add_client_error("get_parameter", "AccessDeniedException", "not you")
    done = start()
    assert (done.exit_code, commands) == (0, [])
    assert "not you" in done.stderr


def test_another_qualifier_is_another_bootstrap(parameters: Stubber, commands: list[list[str]]) -> None:
    parameters.add_response("get_parameter", {"Parameter": {"Value": "30"}}, {"Name": "/cdk-bootstrap/ours/version"})
    assert (start("-c", "@aws-cdk/core:bootstrapQualifier=ours").exit_code, commands) == (0, [])
