"""What `make deploy` asks the account before it gives functions concurrency of their own."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from click.testing import CliRunner, Result

from infra import concurrency

WANTED = 150
RESERVED = {"Resources": {"A": {"Properties": {"ReservedConcurrentExecutions": 120}}, "B": {"Type": "AWS::SQS::Queue"}}}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Stubber, Stubber]]:
    """Lambda and CloudFormation of an account, which answer as they are told to."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "eu-west-1")
    clients: dict[str, Any] = {"lambda": boto3.client("lambda"), "cloudformation": boto3.client("cloudformation")}
    monkeypatch.setattr(boto3.Session, "client", lambda _, service: clients[service])
    with Stubber(clients["lambda"]) as functions, Stubber(clients["cloudformation"]) as stacks:
        yield functions, stacks


def tell(account: tuple[Stubber, Stubber], unreserved: int, template: Any = None) -> None:
    functions, stacks = account
    functions.add_response("get_account_settings", {"AccountLimit": {"UnreservedConcurrentExecutions": unreserved}})
    if template is None:
        stacks.add_client_error("get_template", "ValidationError", "Stack with id Weighbridge does not exist", 400)
    else:
        stacks.add_response("get_template", {"TemplateBody": template}, {"StackName": "Weighbridge"})


def obstacle(account: tuple[Stubber, Stubber]) -> str | None:
    functions, stacks = account
    return concurrency.obstacle(functions.client, stacks.client, "Weighbridge", WANTED)


@pytest.mark.parametrize(
    ("unreserved", "template"),
    [(1000, None), (250, None), (130, json.dumps(RESERVED)), (1000, json.dumps({"Resources": {}}))],
)
def test_an_account_that_has_enough_can(account: tuple[Stubber, Stubber], unreserved: int, template: Any) -> None:
    tell(account, unreserved, template)
    assert obstacle(account) is None


@pytest.mark.parametrize(
    ("unreserved", "template", "left"), [(10, None, 10), (249, None, 249), (129, json.dumps(RESERVED), 249)]
)
def test_an_account_that_has_too_few_cannot(
    account: tuple[Stubber, Stubber], unreserved: int, template: Any, left: int
) -> None:
    tell(account, unreserved, template)
    assert f"of the account's {left} that are not reserved 100 must stay" in str(obstacle(account))


def run(*options: str) -> Result:
    return CliRunner().invoke(concurrency.main, options, catch_exceptions=False)


def test_what_the_account_can_give_is_switched_on(account: tuple[Stubber, Stubber]) -> None:
    tell(account, 1000)
    printed = run("--require-approval", "never", "-c", "deployableFunctions=shop-*")
    assert printed.stdout == "-c reservedConcurrency=on\n"
    assert "Interrupt 40" in printed.stderr
    assert printed.stderr.count("\n") == 1


def test_what_it_cannot_is_said_and_left(account: tuple[Stubber, Stubber]) -> None:
    tell(account, 10)
    few = run()
    account[0].add_client_error("get_account_settings", "AccessDeniedException", "not you")
    denied = run()
    assert (few.stdout, denied.stdout) == ("", "")
    assert few.stderr.startswith("Functions get no concurrency of their own: they take ")
    assert denied.stderr.startswith("Functions get no concurrency of their own: the account could not be asked: ")


@pytest.mark.parametrize("options", [["-c", "reservedConcurrency=off"], ["--context=reservedConcurrency=Receive=5"]])
@pytest.mark.usefixtures("account")
def test_who_chooses_is_not_asked(options: list[str]) -> None:
    assert run(*options).output == ""
