"""CloudFormation: how stacks stand, what their resources are, and the answers that it waits for."""

import http.client
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from weighbridge.aws.clients import client
from weighbridge.aws.errors import code_of, translating
from weighbridge.core.errors import ServiceUnavailable, WeighbridgeError
from weighbridge.core.wanted import Holder, Stack

_CLOUDFORMATION = "AWSCloudFormation"
_PATIENCE = 8
"""Seconds."""
_SERVER_ERRORS, _OTHER_THAN_DONE = 500, 300


class Resource(NamedTuple):
    """A resource of a stack; `metadata` is what the template that was deployed says of it."""

    type: str
    physical_id: str
    metadata: Mapping[str, Any]


class Nested(NamedTuple):
    """How a stack stands, and the id of the root stack that it is in, which may be itself."""

    stack: Stack
    root_id: str


def stack(stack_id: str) -> Nested | None:
    """None where there is no such stack any more."""
    with translating(_CLOUDFORMATION):
        try:
            [description] = client("cloudformation").describe_stacks(StackName=stack_id)["Stacks"]
        except ClientError as error:
            if _is_missing(error):
                return None
            raise
    began = description.get("LastUpdatedTime") or description["CreationTime"]
    return Nested(
        Stack(description["StackId"], description["StackStatus"], str(began)),
        description.get("RootId") or description["StackId"],
    )


def resource(stack_id: str, logical_id: str) -> Resource | None:
    """None where there is no such stack, or no such resource in it."""
    with translating(_CLOUDFORMATION):
        try:
            answer = client("cloudformation").describe_stack_resource(StackName=stack_id, LogicalResourceId=logical_id)
        except ClientError as error:
            if _is_missing(error):
                return None
            raise
    detail = answer["StackResourceDetail"]
    if detail["ResourceStatus"] == "DELETE_COMPLETE":
        return None
    metadata = json.loads(detail.get("Metadata") or "{}")
    return Resource(
        detail["ResourceType"], detail.get("PhysicalResourceId", ""), metadata if isinstance(metadata, dict) else {}
    )


def holders(alias_arn: str, types: set[str]) -> list[Holder]:
    """The resources of these types, of any stack, that stand for an alias.

    One is prepared to let go of it whose metadata says `Weighbridge: prepared`.
    """
    with translating(_CLOUDFORMATION):
        try:
            answer = client("cloudformation").describe_stack_resources(PhysicalResourceId=alias_arn)
        except ClientError as error:
            if _is_missing(error):
                return []
            raise
    standing = []
    for each in answer["StackResources"]:
        if each.get("PhysicalResourceId") != alias_arn or each["ResourceType"] not in types:
            continue
        described = resource(each["StackId"], each["LogicalResourceId"])
        if described:
            prepared = described.metadata.get("Weighbridge") == "prepared"
            standing.append(Holder(each["StackId"], each["LogicalResourceId"], each["ResourceType"], prepared))
    return standing


def _is_missing(error: ClientError) -> bool:
    """CloudFormation has no code of its own for what is not there."""
    return code_of(error) == "ValidationError" and "does not exist" in str(error)


def is_answerable(url: str) -> bool:
    """Whether a URL is one at which CloudFormation takes answers in this region: whoever calls us writes it."""
    asked = client("cloudformation").meta
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if (parts.scheme, parts.netloc) == urlsplit(asked.endpoint_url)[:2]:
        return True
    region = re.escape(asked.region_name)
    place = rf"{region}|{region.replace(re.escape('-'), '')}"
    host = (
        rf"cloudformation-(?:custom-resource-response|waitcondition)-(?:{place})"
        rf"\.s3(?:[.-](?:dualstack\.)?{region})?\.amazonaws\.com(?:\.cn)?(?::443)?"
    )
    return parts.scheme == "https" and re.fullmatch(host, parts.netloc, re.ASCII) is not None


def answer(url: str, body: Mapping[str, Any]) -> None:
    """Tells CloudFormation, at the URL that it gave, which is a secret; twice does no harm.

    Raises ServiceUnavailable where that may work later, WeighbridgeError where it will not: the URL is no such one, or is
    over. What is raised does not tell the URL.
    """
    if not is_answerable(url):
        raise WeighbridgeError(
            "The URL of the request is not one of CloudFormation's in this region; nothing is sent there."
        )
    status = send(url, json.dumps(body).encode())
    if status >= _SERVER_ERRORS:
        raise ServiceUnavailable(f"CloudFormation's bucket answered {status}.")
    if status >= _OTHER_THAN_DONE:
        raise WeighbridgeError(f"CloudFormation's bucket answered {status}: it does not wait for this any more.")


def send(url: str, body: bytes) -> int:
    """Puts the body there, following nothing; the status of the answer."""
    parts = urlsplit(url)
    make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = make(parts.netloc, timeout=_PATIENCE)
    try:
        # The signature in the URL is one over no type of content.
        connection.request("PUT", f"{parts.path}?{parts.query}" if parts.query else parts.path, body, {"Content-Type": ""})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise ServiceUnavailable(f"CloudFormation's bucket could not be reached: {type(error).__name__}") from None
    finally:
        connection.close()
