"""Clients: one a service and process by the function's own role, a new one for every use of a group's service role."""

from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from weighbridge.aws import clients
from weighbridge.core.service_role import ServiceRole

ROLE = ServiceRole("arn:aws:iam::123456789012:role/Deployer", "shop-app/prod")


def _assumable(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    assumed: list[dict[str, str]] = []

    def assume_role(**arguments: str) -> dict[str, Any]:
        assumed.append(arguments)
        keys = {"AccessKeyId": f"key-{len(assumed)}", "SecretAccessKey": "none", "SessionToken": f"token-{len(assumed)}"}
        return {"Credentials": keys}

    monkeypatch.setattr(clients.client("sts"), "assume_role", assume_role)
    return assumed


def test_a_client_is_made_once() -> None:
    assert clients.client("lambda") is clients.client("lambda")
    assert clients.client_as(None, "d-AAAAAAAAA", "lambda") is clients.client("lambda")


def test_a_table_that_does_not_answer_leaves_time_to_put_traffic_back() -> None:
    # Decision 0028: half of the thirty seconds that the function has, pauses between the tries included.
    config = clients.client("dynamodb").meta.config
    tries = config.retries["total_max_attempts"]
    assert tries * (config.connect_timeout + config.read_timeout) + sum(2**n for n in range(tries - 1)) < 20


def test_nothing_is_assumed_where_the_group_has_no_role(monkeypatch: pytest.MonkeyPatch) -> None:
    assumed = _assumable(monkeypatch)
    clients.client_as(None, "d-AAAAAAAAA", "lambda", Config(read_timeout=1))
    assert assumed == []


def test_a_session_of_a_role_is_named_after_its_deployment_and_says_for_which_group(
    monkeypatch: pytest.MonkeyPatch, fresh: SimpleNamespace
) -> None:
    assumed = _assumable(monkeypatch)
    fresh.of("lambda")
    assert clients.client_as(ROLE, "d-AAAAAAAAA", "lambda") is fresh.client
    assert assumed == [{"RoleArn": ROLE.arn, "RoleSessionName": "d-AAAAAAAAA", "ExternalId": "shop-app/prod"}]
    [(arguments, options)] = fresh.made
    assert arguments == ("lambda",)
    assert options == {
        "config": clients.PATIENCE,
        "aws_access_key_id": "key-1",
        "aws_secret_access_key": "none",
        "aws_session_token": "token-1",
    }


def test_assumed_credentials_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assumed = _assumable(monkeypatch)
    first = clients.client_as(ROLE, "d-AAAAAAAAA", "lambda")
    second = clients.client_as(ROLE, "d-BBBBBBBBB", "lambda")
    assert first is not second
    assert [call["RoleSessionName"] for call in assumed] == ["d-AAAAAAAAA", "d-BBBBBBBBB"]


def test_a_role_that_cannot_be_assumed_is_told_as_botocore_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(**_: str) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, "AssumeRole")

    monkeypatch.setattr(clients.client("sts"), "assume_role", deny)
    with pytest.raises(ClientError, match="AssumeRole"):
        clients.client_as(ROLE, "d-AAAAAAAAA", "lambda")


def test_patience_ends_well_inside_a_functions_time_out() -> None:
    settings: Any = boto3.client("lambda", config=clients.PATIENCE).meta.config
    # The shortest time-out of a function that uses it is 30 s; one request that hangs must leave time for another.
    assert settings.connect_timeout + settings.read_timeout < 15
    assert settings.retries == {"mode": "standard", "total_max_attempts": 4}
