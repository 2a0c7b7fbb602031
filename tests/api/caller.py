"""Calls the API as a function URL does, and reads its answers with botocore's own parser."""

import base64
import json
from typing import Any

from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser

from weighbridge.api import protocol
from weighbridge.handlers.api import handler

CALLER = "arn:aws:iam::123456789012:user/deployer"
# What may be answered to any operation, whatever it models: it concerns the request as such.
PROTOCOL = {
    "AccessDeniedException",
    "RequestEntityTooLargeException",
    "SerializationException",
    "ThrottlingException",
    "UnknownOperationException",
    "ValidationException",
}


LARGEST = 6 * 1024 * 1024
"""Bytes of JSON that Lambda takes of a function as its answer."""


class Context:
    function_name = "Api"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:Api"
    aws_request_id = "5f0ff9ef-0ee9-4ac8-8ae2-0f7d8d5a5d7c"


class Refused(Exception):
    """The API answered with an error; `name` is the exception's."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name, self.message = name, message


def modelled(operation: str) -> set[str]:
    """The exceptions that an operation has in botocore's model."""
    return {shape.name for shape in protocol.service().operation_model(operation).error_shapes}


class Caller:
    def send(self, body: str | None, **changes: Any) -> dict[str, Any]:
        """The function's answer to a request; `changes` are `target`, `method`, `is_base64`, `headers`."""
        headers = {"content-type": "application/x-amz-json-1.1"}
        if "target" in changes:
            headers["x-amz-target"] = changes["target"]
        event = {
            "version": "2.0",
            "rawPath": "/",
            "headers": headers | changes.get("headers", {}),
            "requestContext": {
                "http": {"method": changes.get("method", "POST"), "path": "/"},
                "authorizer": {"iam": {"userArn": CALLER}},
            },
            "body": body,
            "isBase64Encoded": changes.get("is_base64", False),
        }
        # Lambda hands events over as JSON, and takes answers as JSON.
        answered = json.dumps(handler(json.loads(json.dumps(event)), Context()))  # type: ignore[arg-type]
        assert len(answered) <= LARGEST
        answer: dict[str, Any] = json.loads(answered)
        return answer

    def raw(self, operation: str, body: str | None, *, is_base64: bool = False) -> dict[str, Any]:
        """The parsed answer to a body: the output's members, or `Error`; fails where the protocol is broken."""
        answer = self.send(body, target=f"CodeDeploy_20141006.{operation}", is_base64=is_base64)
        shape = protocol.service().operation_model(operation).output_shape
        response = {
            "status_code": answer["statusCode"],
            "headers": HeadersDict(answer["headers"]),
            "body": answer["body"].encode(),
        }
        parsed: dict[str, Any] = create_parser("json").parse(response, shape)  # type: ignore[arg-type]
        metadata = parsed.pop("ResponseMetadata")
        assert answer["headers"]["Content-Type"] == "application/x-amz-json-1.1"
        assert answer["headers"]["x-amzn-RequestId"] == metadata["RequestId"] == Context.aws_request_id
        if answer["statusCode"] == 200:
            assert "Error" not in parsed
            return parsed
        assert answer["statusCode"] == 400
        assert parsed["Error"]["Code"] in modelled(operation) | PROTOCOL
        assert parsed["Error"]["Message"]
        return parsed

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """The output's members; raises Refused."""
        parsed = self.raw(operation, json.dumps(arguments))
        if "Error" in parsed:
            raise Refused(parsed["Error"]["Code"], parsed["Error"]["Message"])
        return parsed

    def names(self, operation: str, member: str, **arguments: Any) -> list[str]:
        """All that an operation lists, page by page."""
        entries: list[str] = []
        token: dict[str, str] = {}
        while True:
            answer = self.call(operation, **arguments, **token)
            entries += answer[member]
            if "nextToken" not in answer:
                return entries
            token = {"nextToken": answer["nextToken"]}


def encoded(body: str) -> str:
    return base64.b64encode(body.encode()).decode()
