"""CloudFormation as it is asked and answered; what Weighbridge makes of it is in tests/handlers/test_manage_alias.py."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from botocore.stub import Stubber

from weighbridge.aws import cloudformation
from weighbridge.core.errors import ServiceUnavailable, Throttled, WeighbridgeError
from weighbridge.core.wanted import Holder, Stack

ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop-app/1"
ROOT = "arn:aws:cloudformation:eu-west-1:123456789012:stack/root/2"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:shop:live"
BEGAN, UPDATED = datetime(2026, 11, 23, 6, 0, tzinfo=UTC), datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
Stub = Callable[[str], Stubber]


def described(**members: Any) -> dict[str, Any]:
    return {"Stacks": [{"StackId": ID, "StackName": "shop-app", "StackStatus": "X", "CreationTime": BEGAN} | members]}


def test_an_operation_is_known_by_when_it_began(stub: Stub) -> None:
    asked = stub("cloudformation")
    asked.add_response("describe_stacks", described(), {"StackName": ID})
    asked.add_response("describe_stacks", described(LastUpdatedTime=UPDATED, RootId=ROOT), {"StackName": ID})
    assert cloudformation.stack(ID) == (Stack(ID, "X", str(BEGAN)), ID)
    assert cloudformation.stack(ID) == (Stack(ID, "X", str(UPDATED)), ROOT)


def test_what_is_not_there_is_none(stub: Stub) -> None:
    asked = stub("cloudformation")
    for operation in ("describe_stacks", "describe_stack_resource", "describe_stack_resources"):
        asked.add_client_error(operation, "ValidationError", "Stack with id x does not exist")
    assert cloudformation.stack(ID) is None
    assert cloudformation.resource(ID, "Live") is None
    assert cloudformation.holders(ARN, {"AWS::Lambda::Alias"}) == []


def test_what_is_refused_otherwise_is_raised(stub: Stub) -> None:
    asked = stub("cloudformation")
    asked.add_client_error("describe_stacks", "Throttling", "Rate exceeded")
    asked.add_client_error("describe_stack_resource", "ValidationError", "1 validation error detected")
    asked.add_client_error("describe_stack_resources", "AccessDenied", "no")
    with pytest.raises(Throttled):
        cloudformation.stack(ID)
    with pytest.raises(WeighbridgeError, match="1 validation error"):
        cloudformation.resource(ID, "Live")
    with pytest.raises(WeighbridgeError, match="does not give you permission"):
        cloudformation.holders(ARN, set())


def detail(stack_id: str, logical_id: str, kind: str, **members: Any) -> dict[str, Any]:
    return {
        "StackResourceDetail": {
            "StackId": stack_id,
            "LogicalResourceId": logical_id,
            "ResourceType": kind,
            "ResourceStatus": "CREATE_COMPLETE",
            "LastUpdatedTimestamp": BEGAN,
        }
        | members
    }


def test_a_resource_that_was_deleted_is_none(stub: Stub) -> None:
    asked = stub("cloudformation")
    asked.add_response("describe_stack_resource", detail(ID, "Live", "X", ResourceStatus="DELETE_COMPLETE"))
    assert cloudformation.resource(ID, "Live") is None


def test_who_stands_for_an_alias_is_found_by_its_arn(stub: Stub) -> None:
    asked = stub("cloudformation")
    kinds = [
        ("Alias", "AWS::Lambda::Alias", ARN),
        ("Other", "AWS::Lambda::Alias", f"{ARN}2"),
        ("May", "AWS::IAM::Role", ARN),
    ]
    asked.add_response(
        "describe_stack_resources",
        {
            "StackResources": [
                {
                    "StackId": ID,
                    "LogicalResourceId": logical_id,
                    "ResourceType": kind,
                    "PhysicalResourceId": physical_id,
                    "Timestamp": BEGAN,
                    "ResourceStatus": "CREATE_COMPLETE",
                }
                for logical_id, kind, physical_id in kinds
            ]
        },
        {"PhysicalResourceId": ARN},
    )
    metadata = json.dumps({"Weighbridge": "prepared"})
    asked.add_response(
        "describe_stack_resource",
        detail(ID, "Alias", "AWS::Lambda::Alias", Metadata=metadata),
        {"StackName": ID, "LogicalResourceId": "Alias"},
    )
    holders = cloudformation.holders(ARN, {"AWS::Lambda::Alias"})
    assert holders == [Holder(ID, "Alias", "AWS::Lambda::Alias", prepared=True)]


RESPONSE = "https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/x?X-Amz-Signature=s3cr3t"
CONDITION = "https://cloudformation-waitcondition-eu-west-1.s3.eu-west-1.amazonaws.com/x?X-Amz-Signature=s3cr3t"


@pytest.mark.parametrize(
    "url",
    [
        RESPONSE,
        CONDITION,
        RESPONSE.replace(".s3.eu-west-1.", ".s3-eu-west-1."),
        RESPONSE.replace(".s3.eu-west-1.", ".s3."),
        RESPONSE.replace(".amazonaws.com", ".amazonaws.com:443"),
    ],
)
def test_cloudformations_own_buckets_are_answered(url: str) -> None:
    assert cloudformation.is_answerable(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://169.254.169.254/latest/meta-data",
        "https://example.com/x",
        RESPONSE.replace("https:", "http:"),
        RESPONSE.replace("euwest1", "useast1"),
        RESPONSE.replace("custom-resource-response-euwest1", "custom-resource-response-euwest1-mine"),
        RESPONSE.replace("https://", "https://mine."),
        RESPONSE.replace("https://", "https://me@"),
        RESPONSE.replace(".com/", ".com.example.com/"),
        RESPONSE.replace(".com/", ".com:8443/"),
        RESPONSE.replace(".com/", ".com\n.example.com/"),
        "https://my-bucket.s3.eu-west-1.amazonaws.com/x",
        "file:///etc/passwd",
        "https://[::1",
        "https://\ud800/",
        "//x",
    ],
)
def test_nothing_is_sent_anywhere_else(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloudformation, "send", lambda *_: pytest.fail("it was sent"))
    with pytest.raises(WeighbridgeError, match=r"not one of CloudFormation's") as refused:
        cloudformation.answer(url, {})
    assert not url or url not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "raised"), [(503, ServiceUnavailable), (403, WeighbridgeError), (307, WeighbridgeError)]
)
def test_what_becomes_of_an_answer_is_told_without_the_url(
    status: int, raised: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloudformation, "send", lambda *_: status)
    with pytest.raises(raised) as error:
        cloudformation.answer(RESPONSE, {})
    assert type(error.value) is raised
    assert "s3cr3t" not in str(error.value)


class _Bucket(BaseHTTPRequestHandler):
    heard: list[tuple[str, str | None, bytes]] = []  # noqa: RUF012

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append((self.path, self.headers["Content-Type"], body))
        self.send_response(307 if "moved" in self.path else 200)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def bucket() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Bucket)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    _Bucket.heard.clear()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_answer_is_put_as_it_was_signed_and_follows_nothing(bucket: str) -> None:
    assert cloudformation.send(f"{bucket}/x%7Cy?Signature=z%2B", b"{}") == 200
    assert cloudformation.send(f"{bucket}/moved", b"{}") == 307
    assert _Bucket.heard == [("/x%7Cy?Signature=z%2B", "", b"{}"), ("/moved", "", b"{}")]


def test_a_bucket_that_cannot_be_reached_may_be_later() -> None:
    with pytest.raises(ServiceUnavailable) as error:
        cloudformation.send("http://127.0.0.1:1/x?Signature=s3cr3t", b"{}")
    assert "s3cr3t" not in str(error.value)
