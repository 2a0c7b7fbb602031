"""What the tests' account holds, and the ways in which its services can be made to fail."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from moto.awslambda_simple.models import lambda_simple_backends
from moto.dynamodb.models import dynamodb_backends
from moto.events.models import events_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends
from moto.stepfunctions.models import stepfunctions_backends

from tests.core.samples import at, members, plan
from weighbridge.aws import clients, dynamodb
from weighbridge.core.deployment import begun, created, planned
from weighbridge.core.record import Record
from weighbridge.store import deployments, keys

REGION = "eu-west-1"
ACCOUNT = "123456789012"
FUNCTION, ALIAS = "shop", "live"
SCHEDULE_RULE = "Weighbridge-Schedule"


INDEXES = {"open": "createTime", "listing": "listingKey", "status": "createTime", "groupStatus": "createTime"}
"""The table's indexes: hash key, which is the name, and range key."""


def create_table(name: str) -> None:
    """A table like the deployed one."""
    attributes = sorted({"pk", "sk", *INDEXES, *INDEXES.values()})
    _of(dynamodb_backends).create_table(
        name,
        schema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        throughput=None,
        attr=[{"AttributeName": key, "AttributeType": "S"} for key in attributes],
        global_indexes=[
            {
                "IndexName": hash_key,
                "KeySchema": [
                    {"AttributeName": hash_key, "KeyType": "HASH"},
                    {"AttributeName": range_key, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for hash_key, range_key in INDEXES.items()
        ],
        indexes=None,
        streams={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        billing_mode="PAY_PER_REQUEST",
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )


def create_bucket(name: str) -> None:
    buckets = s3_backends[ACCOUNT]["aws"]
    buckets.create_bucket(name, REGION)
    buckets.put_bucket_versioning(name, "Enabled")


def create_machine(name: str, role: str) -> str:
    """A state machine that ends after a second; its ARN."""
    definition = '{"StartAt": "Run", "States": {"Run": {"Type": "Wait", "Seconds": 1, "End": true}}}'
    return str(_of(stepfunctions_backends).create_state_machine(name, definition, role).arn)


def create_queue(name: str) -> str:
    """A queue's URL."""
    return str(_of(sqs_backends).create_queue(name).url(urlsplit(f"https://sqs.{REGION}.amazonaws.com")))


def create_rule() -> None:
    """The rule of the schedule, switched on."""
    _of(events_backends).put_rule(SCHEDULE_RULE, scheduled_expression="rate(5 minutes)", state="ENABLED")


def create_alias(version: str = "1", weights: dict[str, float] | None = None) -> None:
    functions = _of(lambda_simple_backends)
    functions.delete_alias(ALIAS, FUNCTION)  # there need be none
    functions.create_alias(ALIAS, FUNCTION, version, "", {"AdditionalVersionWeights": weights or {}})


def _of(backends: Any) -> Any:
    """One service in the tests' account. What every test begins with is made there, past the clients, which take longer."""
    return backends[ACCOUNT][REGION]


def routing() -> tuple[str, dict[str, float]]:
    """The alias's version and weights."""
    alias = clients.client("lambda").get_alias(FunctionName=FUNCTION, Name=ALIAS)
    return alias["FunctionVersion"], (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights", {})


def new_record(deployment_id: str = "d-AAAAAAAAA", **changes: Any) -> Record:
    made = created(
        deployment_id,
        "what asked for it",
        application="shop-app",
        group="prod",
        revision={"revisionType": "S3", "s3Location": {"bucket": "drops", "key": "shop-app/prod/a.yaml"}},
        now=at(0),
    )
    return members(**(made | changes))


def keep_begun(deployment_id: str = "d-AAAAAAAAA", *, alarms: tuple[str, ...] = ("errors",)) -> Record:
    """A deployment in the table that has its group and its alias, but no plan yet."""
    record = new_record(deployment_id)
    assert deployments.create(record)
    change = begun("config", group_id="g-1", alarms=alarms, alias=f"{FUNCTION}:{ALIAS}", now=at(1))
    deployments.begin(record, change)
    return kept(deployment_id)


def keep_planned(deployment_id: str = "d-AAAAAAAAA", **changes: Any) -> Record:
    """A deployment in the table right after validation."""
    keep_begun(deployment_id)
    deployments.update(deployment_id, planned(plan(**({"deploymentId": deployment_id} | changes)), at(1)))
    return kept(deployment_id)


def kept(deployment_id: str = "d-AAAAAAAAA") -> Record:
    record = deployments.get(deployment_id)
    assert record is not None
    return record


def events_of(record: Record) -> list[str]:
    """The timeline's events in order."""
    return [entry["event"] for entry in record["timeline"]]


@dataclass
class Waits:
    """Step Functions as the holder of task tokens: what it was told, and the tokens whose waits are over."""

    ended: list[tuple[str, Any]] = field(default_factory=list)
    interrupted: list[tuple[str, str, Any]] = field(default_factory=list)
    over: set[str] = field(default_factory=set)
    unknown: dict[str, str] = field(default_factory=dict)
    """What Step Functions answers to tokens that no wait holds."""

    def send_task_heartbeat(self, taskToken: str) -> dict[str, Any]:  # noqa: N803
        self._known(taskToken)
        return {}

    def send_task_success(self, taskToken: str, output: str) -> dict[str, Any]:  # noqa: N803
        self._once(taskToken)
        self.ended.append((taskToken, json.loads(output)))
        return {}

    def send_task_failure(self, taskToken: str, error: str, cause: str) -> dict[str, Any]:  # noqa: N803
        self._known(taskToken)
        self._once(taskToken)
        self.interrupted.append((taskToken, error, json.loads(cause) if cause.startswith("{") else cause))
        return {}

    def _known(self, token: str) -> None:
        if token in self.unknown:
            raise client_error(self.unknown[token], "SendTask")

    def _once(self, token: str) -> None:
        if token in self.over:
            raise client_error("TaskTimedOut", "SendTask")
        self.over.add(token)


def client_error(code: str, operation: str = "Operation", status: int = 400, message: str = "Because.") -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        operation,
    )


OUTDATED = ("PreconditionFailedException", "UpdateAlias", 412)
"""What Lambda answers to a write with another revision than the alias has; moto writes all the same."""


def refuse(monkeypatch: pytest.MonkeyPatch, service: str, method: str, *refusals: Exception) -> list[dict[str, Any]]:
    """The next calls of a method end in `refusals`, those after them are answered; returns the arguments of all calls."""
    client, calls = clients.client(service), list[dict[str, Any]]()
    answer: Callable[..., Any] = getattr(client, method)
    left = list(refusals)

    def call(**arguments: Any) -> Any:
        calls.append(arguments)
        if left:
            raise left.pop(0)
        return answer(**arguments)

    monkeypatch.setattr(client, method, call)
    return calls


MOST_BYTES = 60_000


def small_items(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on an item holds `MOST_BYTES` of JSON: more is refused as DynamoDB refuses it, and nothing is written.

    moto counts what is appended twice, and keeps half of what it refuses.
    """
    service = clients.client("dynamodb")
    update, transact = service.update_item, service.transact_write_items

    def held(requests: list[dict[str, Any]], write: Callable[[], Any], refusal: Callable[[], ClientError]) -> Any:
        keys = [
            (each["TableName"], each.get("Key") or {name: each["Item"][name] for name in ("pk", "sk")}) for each in requests
        ]
        before = [service.get_item(TableName=name, Key=key).get("Item") for name, key in keys]
        answer = write()
        after = [service.get_item(TableName=name, Key=key).get("Item") for name, key in keys]
        if all(item is None or len(json.dumps(dynamodb.plain(item))) <= MOST_BYTES for item in after):
            return answer
        for (name, key), item in zip(keys, before, strict=True):
            if item is None:
                service.delete_item(TableName=name, Key=key)
            else:
                service.put_item(TableName=name, Item=item)
        raise refusal()

    def update_item(**request: Any) -> Any:
        too_large = client_error("ValidationException", "UpdateItem", message=f"{TOO_LARGE}.")
        return held([request], lambda: update(**request), lambda: too_large)

    def transact_write_items(TransactItems: list[dict[str, Any]]) -> Any:  # noqa: N803
        requests = [request for action in TransactItems for request in action.values()]
        cancelled = client_error("TransactionCanceledException", "TransactWriteItems")
        cancelled.response["CancellationReasons"] = [{"Code": "ValidationError", "Message": TOO_LARGE}]
        return held(requests, lambda: transact(TransactItems=TransactItems), lambda: cancelled)

    monkeypatch.setattr(service, "update_item", update_item)
    monkeypatch.setattr(service, "transact_write_items", transact_write_items)


TOO_LARGE = "Item size to update has exceeded the maximum allowed size"


def fill(deployment_id: str = "d-AAAAAAAAA") -> None:
    """Fills a record with readings of alarms until there is no room for a sentence more."""
    item: Any = clients.client("dynamodb").get_item(TableName=dynamodb.name(), Key=keys.deployment(deployment_id))["Item"]
    record = dynamodb.plain(item)
    while (left := MOST_BYTES - len(json.dumps(record)) - 200) > 0:
        reading = {"time": record["createTime"], "event": "AlarmsRead", "reason": "x" * min(left, 7_000)}
        record["timeline"].append(reading)
    item["timeline"] = dynamodb.attribute(record["timeline"])
    clients.client("dynamodb").put_item(TableName=dynamodb.name(), Item=item)


@contextmanager
def lost_answer(service: str, operation: str) -> Iterator[None]:
    """The service does what it is asked, but its answer gets lost once, so that botocore asks again."""
    endpoint = clients.client(service)._endpoint
    answer: Callable[..., Any] = endpoint._get_response
    lost: list[str] = []

    def answer_or_lose(request: Any, operation_model: Any, context: Any) -> Any:
        answered = answer(request, operation_model, context)
        if operation_model.name == operation and not lost:
            lost.append(operation)
            return None, ReadTimeoutError(endpoint_url=service)
        return answered

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(endpoint, "_get_response", answer_or_lose)
        yield
    assert lost, f"{operation} was never asked for"


def never_answered(client: Any, service: str, operation: str, error: Exception) -> list[str]:
    """Every request of an operation ends in a connection's `error`; returns the requests."""
    requests: list[str] = []

    def fail(request: Any, **_: Any) -> None:
        requests.append(request.url)
        raise error

    client.meta.events.register_first(f"before-send.{service}.{operation}", fail)
    return requests
