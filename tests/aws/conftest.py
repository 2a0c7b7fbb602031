"""One account in this process for all tests of a package; every test has a table, a bucket and a state machine of its own."""

import io
import itertools
import zipfile
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.endpoint
import pytest
from botocore.stub import Stubber
from moto import mock_aws
from moto.core.serialize import BaseJSONSerializer

from tests.aws.account import (
    FUNCTION,
    REGION,
    SCHEDULE_RULE,
    Waits,
    create_alias,
    create_bucket,
    create_machine,
    create_queue,
    create_rule,
    create_table,
)
from weighbridge.aws import clients
from weighbridge.lifecycle import schedule

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def quick_items() -> Iterator[None]:
    """Has moto write what is in items without looking every value up under some thirty names, of which it has one.

    That took half the time of what goes to its table.
    """
    write: Callable[..., None] = BaseJSONSerializer._serialize_type_structure

    def write_quickly(self: Any, written: dict[str, Any], value: Any, shape: Any, key: str) -> None:
        if shape.name != "AttributeValue":
            write(self, written, value, shape, key)
            return
        members: dict[str, Any] = {}
        written[key] = members
        for name, member in value.items():
            self._serialize(members, member, shape.members[name], name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseJSONSerializer, "_serialize_type_structure", write_quickly)
        yield


@pytest.fixture(scope="package", autouse=True)
def account(quick_items: None) -> Iterator[str]:  # noqa: ARG001
    """The account, with a role and the function `shop` in two versions; the role's ARN."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        environment.setenv("POWERTOOLS_METRICS_NAMESPACE", "Weighbridge")
        environment.setenv("POWERTOOLS_SERVICE_NAME", "weighbridge")
        environment.setenv("DEPLOYABLE_FUNCTIONS", "*")
        environment.setenv("INVOCABLE_HOOKS", "CodeDeployHook_*")
        environment.setenv("SERVICE_ROLE_REQUIRED", "false")
        environment.setenv("ACCOUNT_ID", "123456789012")
        environment.setenv("SERVICE_ROLE_ACCOUNTS", "123456789012,999999999999")
        environment.setenv("SCHEDULE_RULE", SCHEDULE_RULE)
        environment.setenv("RELEASE", "this one")
        with mock_aws(config={"lambda": {"use_docker": False}}):
            clients.session.cache_clear()
            clients.client.cache_clear()
            role = boto3.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
            functions = boto3.client("lambda")
            functions.create_function(
                FunctionName=FUNCTION,
                Runtime="python3.13",
                Role=role,
                Handler="main.handler",
                Code={"ZipFile": _archive("1")},
            )
            functions.publish_version(FunctionName=FUNCTION)
            for version in ("2", "3"):
                functions.update_function_code(FunctionName=FUNCTION, ZipFile=_archive(version))
                functions.publish_version(FunctionName=FUNCTION)
            yield role
            clients.session.cache_clear()
            clients.client.cache_clear()


@pytest.fixture(autouse=True)
def place(account: str, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the environment of every handler names, new for each test, and the alias `live` on version 1."""
    number = next(_numbers)
    made = SimpleNamespace(table=f"table-{number}", bucket=f"drops-{number}", machine="")
    create_table(made.table)
    create_bucket(made.bucket)
    made.machine = create_machine(f"machine-{number}", account)
    create_alias()
    schedule.asked_for.clear()
    create_rule()
    monkeypatch.setenv("DEAD_LETTERS_URL", create_queue(f"letters-{number}"))
    monkeypatch.setenv("TABLE_NAME", made.table)
    monkeypatch.setenv("BUCKET_NAME", made.bucket)
    monkeypatch.setenv("STATE_MACHINE_ARN", made.machine)
    return made


@pytest.fixture
def stub() -> Iterator[Callable[[str], Stubber]]:
    """Scripts the answers of one of the process's own clients; all of them have to be asked for."""
    active: dict[str, Stubber] = {}

    def of(service: str) -> Stubber:
        if service not in active:
            active[service] = Stubber(clients.client(service))
            active[service].activate()
        return active[service]

    yield of
    for stubber in active.values():
        stubber.deactivate()
    for stubber in active.values():
        stubber.assert_no_pending_responses()


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """Scripts the answers of the one client that the test makes anew; `made` holds the arguments it was made with."""
    scripted = SimpleNamespace(made=[], client=None)

    def of(service: str) -> Stubber:
        scripted.client = clients.session().create_client(service)
        scripted.stubber = Stubber(scripted.client)
        scripted.stubber.activate()
        monkeypatch.setattr(clients.session(), "create_client", make)
        return scripted.stubber  # type: ignore[no-any-return]

    def make(*arguments: Any, **options: Any) -> Any:
        scripted.made.append((arguments, options))
        return scripted.client

    scripted.of = of
    yield scripted
    if scripted.client:
        scripted.stubber.assert_no_pending_responses()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    """What the waits of the state machine were told."""
    recorded = Waits()
    for method in ("send_task_success", "send_task_failure", "send_task_heartbeat"):
        monkeypatch.setattr(clients.client("stepfunctions"), method, getattr(recorded, method))
    return recorded


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses of botocore before it tries again, noted instead of slept."""
    pauses: list[float] = []
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=pauses.append))
    return pauses


def _archive(source: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", source)
    return packed.getvalue()
