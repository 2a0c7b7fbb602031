"""What `make destroy` asks before the stack is deleted. With open deployments: tests/workflow/test_teardown.py."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber
from click.testing import CliRunner, Result

from infra import teardown
from tests.infra.scripted import scripted

OUTPUTS = {"TableName": "table", "EventBusName": "bus"}
KEY = {"pk": {"S": "DEPLOYMENT#d-AAAAAAAAA"}, "sk": {"S": "DEPLOYMENT"}}
RECORD: dict[str, Any] = {
    "deploymentId": {"S": "d-AAAAAAAAA"},
    "applicationName": {"S": "shop"},
    "deploymentGroupName": {"S": "prod"},
    "status": {"S": "Created"},
    "open": {"S": "open"},
}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Stubber]]:
    """Services of an account, which answer as they are told to and are asked nothing else."""
    monkeypatch.setattr(teardown, "_PAUSE", 0)
    with scripted(monkeypatch, "cloudformation", "dynamodb", "events") as services:
        yield services


def has_stack(account: dict[str, Stubber], outputs: dict[str, str]) -> None:
    stack = {"StackName": "Weighbridge", "StackStatus": "CREATE_COMPLETE", "CreationTime": "2026-11-27T00:00:00Z"}
    stack["Outputs"] = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]  # type: ignore[assignment]
    account["cloudformation"].add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": "Weighbridge"})


def is_open(account: dict[str, Stubber], *records: dict[str, Any]) -> None:
    keys = [KEY | {"open": {"S": "open"}, "createTime": {"S": "2026"}} for _ in records]
    account["dynamodb"].add_response("query", {"Items": keys})
    for record in records:
        account["dynamodb"].add_response(
            "get_item", {"Item": KEY | record}, {"TableName": "table", "Key": KEY, "ConsistentRead": True}
        )


def run(*options: str) -> Result:
    return CliRunner().invoke(teardown.main, options, catch_exceptions=False)


def test_a_stack_without_open_deployments_may_go(account: dict[str, Stubber]) -> None:
    has_stack(account, OUTPUTS)
    is_open(account)
    done = run("--require-approval", "never")
    assert (done.exit_code, done.output) == (0, "")


def test_one_that_has_just_ended_is_not_open_because_the_index_says_so(account: dict[str, Stubber]) -> None:
    has_stack(account, OUTPUTS)
    is_open(account, {name: value for name, value in RECORD.items() if name != "open"})
    assert run().exit_code == 0


def test_an_open_deployment_keeps_the_stack_and_is_named_with_its_traffic(account: dict[str, Stubber]) -> None:
    has_stack(account, OUTPUTS)
    target = {
        "functionName": {"S": "checkout"},
        "functionAlias": {"S": "live"},
        "targetVersion": {"S": "7"},
        "targetVersionWeight": {"N": "0.1"},
    }
    held_up = {"M": {"code": {"S": "IAM_ROLE_PERMISSIONS"}, "message": {"S": "may not update the alias"}}}
    is_open(account, RECORD, RECORD | {"lambdaFunctionInfo": {"M": target}, "heldUp": held_up})
    done = run()
    assert done.exit_code == 1
    assert done.stderr.splitlines()[:3] == [
        "Error: Weighbridge is left as it is, for deployments are open:",
        "  d-AAAAAAAAA of shop/prod is Created",
        "  d-AAAAAAAAA of shop/prod is Created, checkout:live has 10 % on version 7; held up: may not update the alias",
    ]
    assert "`make destroy STOP=1`" in done.stderr


def test_asked_to_it_stops_each_once_and_waits_for_all(account: dict[str, Stubber]) -> None:
    has_stack(account, OUTPUTS)
    rollback = RECORD | {"rollbackInfo": {"M": {"rollbackTriggeringDeploymentId": {"S": "d-AAAAAAAAA"}}}}
    account["events"].add_response("put_events", {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})
    for records in ([RECORD], [RECORD, rollback], [RECORD | {"status": {"S": "InProgress"}}], []):
        is_open(account, *records)
    done = run("--stop")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "Stopping d-AAAAAAAAA",
        "  d-AAAAAAAAA of shop/prod is Created",
        "  d-AAAAAAAAA of shop/prod is InProgress",
    ]


def test_one_that_cannot_be_stopped_keeps_the_stack(account: dict[str, Stubber]) -> None:
    has_stack(account, OUTPUTS)
    is_open(account, RECORD)
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure", "ErrorMessage": "try again"}]}
    account["events"].add_response("put_events", refused)
    done = run("--stop")
    assert done.exit_code == 1
    assert done.stderr == "Error: d-AAAAAAAAA cannot be stopped: try again\n"


def test_without_the_stack_it_says_so_and_where_it_looked(account: dict[str, Stubber]) -> None:
    account["cloudformation"].add_client_error("describe_stacks", "ValidationError", expected_params={"StackName": "Other"})
    done = run("-c", "stackName=Other")
    assert (done.exit_code, done.output) == (0, "There is no stack Other in eu-west-1.\n")


def test_a_stack_that_was_never_whole_or_has_lost_its_table_may_go(account: dict[str, Stubber]) -> None:
    has_stack(account, {})
    assert run().exit_code == 0
    has_stack(account, OUTPUTS)
    account["dynamodb"].add_client_error("query", "ResourceNotFoundException")
    assert run().exit_code == 0


def test_where_it_cannot_be_seen_the_stack_is_left(account: dict[str, Stubber]) -> None:
    has_stack(account, OUTPUTS)
    account["dynamodb"].add_client_error("query", "AccessDeniedException", "not you")
    denied = run()
    assert denied.exit_code == 1
    assert denied.stderr.startswith("Error: Weighbridge is left as it is: whether a deployment is open cannot be seen: ")


def test_so_it_is_without_credentials_or_region(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    nowhere = run()
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    nobody, unknown = run(), run("--profile", "unknown")
    assert [done.exit_code for done in (nowhere, nobody, unknown)] == [1, 1, 1]
    assert "You must specify a region" in nowhere.stderr
    assert "Unable to locate credentials" in nobody.stderr
    assert "unknown" in unknown.stderr
