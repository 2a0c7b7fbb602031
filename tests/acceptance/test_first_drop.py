"""What `make deploy` says of dropped files. With a bucket that sends their events: tests/workflow/test_first_drop.py."""

import time
from collections.abc import Iterator

import pytest
from botocore.stub import Stubber
from click.testing import CliRunner, Result

from acceptance import first_drop
from tests.infra.scripted import scripted
from tests.infra.test_teardown import has_stack

OUTPUTS = {"BucketName": "drops", "TableName": "table"}
DROPPED = {"Bucket": "drops", "Key": first_drop.KEY}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Stubber]]:
    monkeypatch.setattr(first_drop, "_PAUSE", 1)
    monkeypatch.setattr(first_drop, "_LONGEST", 3)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with scripted(monkeypatch, "cloudformation", "dynamodb", "s3") as services:
        yield services


def looked(account: dict[str, Stubber], *is_ready_each_time: bool) -> None:
    has_stack(account, OUTPUTS)
    account["s3"].add_response("put_object", {"VersionId": "v1"}, DROPPED)
    for is_ready in is_ready_each_time:
        account["dynamodb"].add_response("get_item", {"Item": {"pk": {"S": "REFUSAL#"}}} if is_ready else {})
    account["s3"].add_response("delete_object", {}, DROPPED | {"VersionId": "v1"})


def run(*options: str) -> Result:
    return CliRunner().invoke(first_drop.main, options, catch_exceptions=False)


def test_it_waits_until_the_file_is_received_and_removes_it(account: dict[str, Stubber]) -> None:
    looked(account, False, True)
    done = run("--require-approval", "never")
    assert done.exit_code == 0
    assert "Dropped files arrive: this one after " in done.stdout


def test_one_that_nobody_hears_of_is_removed_and_fails(account: dict[str, Stubber]) -> None:
    looked(account, False, False, False)
    done = run()
    assert done.exit_code == 1
    assert "did not arrive in 3 s" in done.stderr


def test_without_the_right_to_try_it_says_so(account: dict[str, Stubber]) -> None:
    has_stack(account, OUTPUTS)
    account["s3"].add_client_error("put_object", "AccessDenied", "not you")
    done = run()
    assert done.exit_code == 0
    assert "cannot be tried" in done.stderr
    assert "not you" in done.stderr


@pytest.mark.usefixtures("account")
def test_no_alarm_is_set_off_for_it() -> None:
    done = run("-c", "alarmOnRefusals=true")
    assert (done.exit_code, "is not tried" in done.stdout) == (0, True)


def test_without_a_stack_there_is_nothing_to_say(account: dict[str, Stubber]) -> None:
    account["cloudformation"].add_client_error("describe_stacks", "ValidationError")
    done = run()
    assert (done.exit_code, done.output) == (0, "")
