"""The table is protected from deletion once it is there."""

from collections.abc import Iterator

import pytest
from botocore.stub import Stubber
from click.testing import CliRunner

from infra import protection
from tests.infra.scripted import scripted
from tests.infra.test_teardown import has_stack

TABLE = {"TableName": "table"}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Stubber]]:
    with scripted(monkeypatch, "cloudformation", "dynamodb") as services:
        yield services


def test_a_table_is_protected_once(account: dict[str, Stubber]) -> None:
    for is_protected in (False, True):
        has_stack(account, TABLE)
        described = {"Table": {"DeletionProtectionEnabled": is_protected}}
        account["dynamodb"].add_response("describe_table", described, TABLE)
        if not is_protected:
            account["dynamodb"].add_response("update_table", {}, TABLE | {"DeletionProtectionEnabled": True})
        assert CliRunner().invoke(protection.main, []).exit_code == 0


def test_without_the_right_it_says_so_and_the_installation_stands(account: dict[str, Stubber]) -> None:
    has_stack(account, TABLE)
    account["dynamodb"].add_client_error("describe_table", "AccessDeniedException", "not authorized", 400)
    ended = CliRunner().invoke(protection.main, [])
    assert ended.exit_code == 0
    assert "could not be protected from deletion" in ended.stderr


def test_without_a_stack_there_is_nothing_to_protect(account: dict[str, Stubber]) -> None:
    account["cloudformation"].add_client_error("describe_stacks", "ValidationError", "does not exist", 400)
    assert CliRunner().invoke(protection.main, []).output == ""
