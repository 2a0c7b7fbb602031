"""CodeDeploy's wire protocol: requests in, answers out. Reference: section 2.1.

What members an operation has, of which types, which are required, how long and which of an enum's values they may be, all
comes from botocore's own model of the service, so that it is what the callers' clients were made from. The operations that
Weighbridge has beyond CodeDeploy's are added to it (api.additions).
"""

import base64
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from weighbridge.api import additions
from weighbridge.core.errors import clip

CONTENT_TYPE = "application/x-amz-json-1.1"
BODY_LIMIT = 1024 * 1024
"""Bytes a request may have; an AppSpec file and everything around it has far fewer."""
LARGEST_ANSWER = 5 * 1024 * 1024
"""Bytes that a batch's entries may have in an answer; Lambda takes 6 MB."""
_TOO_LARGE = {"integer": 2**31, "long": 2**63}
# The model gives exceptions names but no members. Where a top-level member is missing or malformed, the operation's own
# list of exceptions says which one it is: for these members the exception is not named after the member itself.
_NAMED_OTHERWISE: Mapping[str, tuple[str, ...]] = {
    "alarmConfiguration": ("AlarmConfig",),
    "applicationNames": ("ApplicationName",),
    "autoRollbackConfiguration": ("AutoRollbackConfig",),
    "autoScalingGroups": ("AutoScalingGroup",),
    "createTimeRange": ("TimeRange",),
    "currentDeploymentGroupName": ("DeploymentGroupName",),
    "deployed": ("DeployedStateFilter",),
    "deploymentGroupNames": ("DeploymentGroupName",),
    "deploymentIds": ("DeploymentId",),
    "ec2TagFilters": ("EC2Tag",),
    "ec2TagSet": ("EC2TagCombination",),
    "ecsServices": ("ECSService",),
    "includeOnlyStatuses": ("DeploymentStatus",),
    "instanceIds": ("InstanceId", "InstanceName"),
    "instanceId": ("InstanceId", "InstanceName"),
    "instanceNames": ("InstanceName",),
    "instanceStatusFilter": ("InstanceStatus",),
    "instanceTypeFilter": ("InstanceType",),
    "minimumHealthyHosts": ("MinimumHealthyHostValue",),
    "newApplicationName": ("ApplicationName",),
    "newDeploymentGroupName": ("DeploymentGroupName",),
    "onPremisesInstanceTagFilters": ("Tag",),
    "onPremisesTagSet": ("OnPremisesTagCombination",),
    "overrideAlarmConfiguration": ("AlarmConfig",),
    "ResourceArn": ("ResourceArn", "Arn"),
    "revisions": ("Revision",),
    "s3Bucket": ("BucketNameFilter",),
    "s3KeyPrefix": ("KeyPrefixFilter",),
    "serviceRoleArn": ("Role",),
    "status": ("LifecycleEventHookExecutionStatus",),
    "TagKeys": ("TagsToAdd", "Tag"),
    "Tags": ("TagsToAdd", "Tag"),
    "tags": ("TagsToAdd", "Tag"),
    "targetFilters": ("TargetFilterName",),
    "targetId": ("DeploymentTargetId",),
    "targetIds": ("DeploymentTargetId",),
    "tokenName": ("GitHubAccountTokenName",),
    "trafficRoutingConfig": ("TrafficRoutingConfiguration",),
    "triggerConfigurations": ("TriggerConfig",),
    "zonalConfig": ("ZonalDeploymentConfiguration",),
}


# Values of the model that mean nothing for Lambda: each has a refusal of its own, so that no message calls it valid.
_FOR_OTHERS: Mapping[str, set[str]] = {
    "BundleType": {"tar", "tgz"},
    "ComputePlatform": {"Server", "ECS"},
    "DeploymentMode": {"RESTART"},
    "DeploymentOption": {"WITHOUT_TRAFFIC_CONTROL"},
    "DeploymentType": {"IN_PLACE"},
    "FileExistsBehavior": {"DISALLOW", "OVERWRITE", "RETAIN"},
    "InstanceType": {"Blue", "Green"},
    "LifecycleEventStatus": {"Pending", "InProgress", "Skipped", "Unknown"},
    "OutdatedInstancesStrategy": {"IGNORE"},
    "RevisionLocationType": {"GitHub"},
    "TargetFilterName": {"ServerInstanceLabel"},
    "TriggerEventType": {"InstanceStart", "InstanceSuccess", "InstanceFailure", "InstanceReady"},
}


class ApiError(Exception):
    """An answer with an error: `name` is one of the service's exceptions, `str(error)` says what to do."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(clip(message))
        self.name = name


@cache
def model() -> Mapping[str, Any]:
    """CodeDeploy's model in botocore's form, with what Weighbridge adds to it."""
    theirs = Loader().load_service_model("codedeploy", "service-2")
    return {
        **theirs,
        "operations": theirs["operations"]
        | additions.OPERATIONS
        | {"PlanDeployment": additions.planned(theirs["operations"]["CreateDeployment"])},
        "shapes": theirs["shapes"] | additions.SHAPES,
    }


@cache
def service() -> ServiceModel:
    return ServiceModel(model())


def operation_of(method: str, headers: Mapping[str, str]) -> str:
    """The operation that an HTTP request names (header names in lower case); raises ApiError where it names none."""
    if method != "POST":
        raise ApiError("UnknownOperationException", "Send a POST request with an X-Amz-Target header.")
    prefix, _, operation = headers.get("x-amz-target", "").partition(".")
    if prefix != service().metadata["targetPrefix"] or operation not in service().operation_names:
        raise ApiError("UnknownOperationException", "The X-Amz-Target header names no operation of CodeDeploy.")
    return operation


def arguments_of(operation: str, body: str | None, *, is_base64: bool = False) -> dict[str, Any]:
    """The members in a request's body, of the types, lengths and values that the model asks for.

    Nulls are left out, but a `Boolean` (not a `NullableBoolean`) of an object that was sent is never absent: clients with
    plain booleans, such as those of Go, do not send false. Raises ApiError for what is no such member.
    """
    shape = service().operation_model(operation).input_shape
    content = _decoded(body or "", is_base64=is_base64)
    if shape is None:
        return {}
    arguments = _structure(operation, shape, content, "")
    for member in shape.required_members:
        if arguments.get(member) in (None, "", [], {}):
            raise missing(operation, member)
    return arguments


def _decoded(body: str, *, is_base64: bool) -> Mapping[str, Any]:
    try:
        content = base64.b64decode(body, validate=True) if is_base64 else body.encode()
        if len(content) > BODY_LIMIT:
            raise ApiError("RequestEntityTooLargeException", f"A request may have at most {BODY_LIMIT} bytes.")
        value = json.loads(content.decode(), parse_constant=_no_number) if content.strip() else {}
    except (ValueError, RecursionError) as error:
        raise ApiError("SerializationException", "The body is not JSON.") from error
    if not isinstance(value, dict):
        raise ApiError("SerializationException", "The body must be a JSON object.")
    return value


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def missing(operation: str, member: str) -> ApiError:
    """The exception that an operation has for a member that it needs."""
    name = _exception(operation, *(f"{subject}RequiredException" for subject in _subjects(member)))
    return ApiError(name, f"{member} is missing; {operation} needs it.")


def invalid(operation: str, member: str, message: str) -> ApiError:
    """The exception that an operation has for a member that is malformed."""
    return ApiError(_exception(operation, *(f"Invalid{subject}Exception" for subject in _subjects(member))), message)


def _subjects(member: str) -> tuple[str, ...]:
    return _NAMED_OTHERWISE.get(member) or (member[0].upper() + member[1:],)


def _exception(operation: str, *candidates: str) -> str:
    """The first of the `candidates` for an exception that the operation has."""
    known = {shape.name.lower(): shape.name for shape in service().operation_model(operation).error_shapes}
    for name in (*candidates, "InvalidInputException"):
        if name.lower() in known:
            return known[name.lower()]
    return "ValidationException"


def _structure(operation: str, shape: StructureShape, value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong_type(path, "an object")
    # Members that the model does not know are ignored, as AWS does: a newer client may send them.
    members = {
        name: _value(operation, shape.members[name], item, f"{path}.{name}" if path else name)
        for name, item in value.items()
        if name in shape.members and item is not None
    }
    if path:
        for name in shape.required_members:
            if name not in members:
                raise invalid(operation, _top(path), f"{path}.{name} is missing.")
    left_out = {name: False for name, member in shape.members.items() if member.name == "Boolean" and name not in members}
    return members | left_out


def _value(operation: str, shape: Shape, value: Any, path: str) -> Any:
    match shape:
        case StructureShape():
            return _structure(operation, shape, value, path)
        case ListShape():
            if not isinstance(value, list):
                raise _wrong_type(path, "a list")
            return [
                _value(operation, shape.member, item, f"{path}[{n}]") for n, item in enumerate(value) if item is not None
            ]
        case MapShape():
            if not isinstance(value, dict):
                raise _wrong_type(path, "an object")
            keys = (_value(operation, shape.key, key, path) for key in value)
            items = (_value(operation, shape.value, item, f"{path}.{key[:100]}") for key, item in value.items())
            return dict(zip(keys, items, strict=True))
    return _scalar(operation, shape, value, path)


def _scalar(operation: str, shape: Shape, value: Any, path: str) -> Any:
    match shape.type_name:
        case "string":
            if not isinstance(value, str):
                raise _wrong_type(path, "text")
            _check_text(operation, shape, value, path)
            return value
        case "boolean":
            if not isinstance(value, bool):
                raise _wrong_type(path, "true or false")
            return value
        case "integer" | "long" as kind:
            if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= _TOO_LARGE[kind]:
                raise _wrong_type(path, "a whole number")
            return value
        case "timestamp":
            return _timestamp(value, path)
    raise _wrong_type(path, "a value that an input can have")


def _check_text(operation: str, shape: Shape, value: str, path: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:  # half of a surrogate pair: JSON can say it, but nothing can keep it
        raise _wrong_type(path, "text that Unicode can write") from error
    enum, longest, shortest = (shape.metadata.get(key) for key in ("enum", "max", "min"))
    if enum and value not in enum and not _case_free(shape, value, enum):
        valid = ", ".join(known for known in enum if known not in _FOR_OTHERS.get(shape.name, ()))
        instead = f". Valid values are [{valid}]" if valid else "; leave it out."
        raise invalid(operation, _top(path), f"{_spoken(path)} '{value[:100]}' is not valid{instead}")
    if shortest and len(value) < shortest and "." not in path and "[" not in path:
        raise missing(operation, path)
    if longest and len(value) > longest:
        raise invalid(operation, _top(path), f"{path} has {len(value)} characters; at most {longest} are allowed.")


def _spoken(path: str) -> str:
    """A member as the service's sentences name it."""
    return path[0].upper() + path[1:]


def _case_free(shape: Shape, value: str, enum: list[str]) -> bool:
    """Bundle types reach the service as people type them (reference 2.4)."""
    return shape.name == "BundleType" and value.lower() in {known.lower() for known in enum}


def _timestamp(value: Any, path: str) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong_type(path, "a time in seconds since 1970")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise _wrong_type(path, "a time in seconds since 1970") from error


def _wrong_type(path: str, what: str) -> ApiError:
    return ApiError("SerializationException", f"{path or 'The body'} must be {what}.")


def _top(path: str) -> str:
    return path.split(".", maxsplit=1)[0].split("[", maxsplit=1)[0]


# ------------------------------------------------------------------------------------------------------- answers


def answer(operation: str, result: Mapping[str, Any]) -> str:
    """The body of a success: the members of `result` that the operation's output has, ISO 8601 times as epoch seconds."""
    shape = service().operation_model(operation).output_shape
    return json.dumps(_rendered(shape, result)) if shape is not None else ""


def fitting(entries: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of a batch's entries, which hold what JSON can, that fit into one answer together."""
    fitting_entries, size = list[Mapping[str, Any]](), 0
    for entry in entries:
        # The body is JSON, and a text in the JSON that Lambda takes: quotes and escapes are spelled out twice.
        length = len(json.dumps(json.dumps(entry)))
        if size + length <= LARGEST_ANSWER:
            fitting_entries.append(entry)
            size += length
    return fitting_entries


def unserved(operation: str) -> ApiError:
    """The answer of an operation that does nothing for Lambda."""
    candidates = ("UnsupportedActionForDeploymentTypeException", "OperationNotSupportedException")
    known = {shape.name for shape in service().operation_model(operation).error_shapes}
    name = next((name for name in candidates if name in known), "UnknownOperationException")
    return ApiError(name, f"{operation} does nothing for deployments of Lambda functions, which are all that run here.")


def failure(error: ApiError) -> str:
    """The body of an error."""
    return json.dumps({"__type": error.name, "message": str(error)})


def _rendered(shape: Shape, value: Any) -> Any:
    match shape:
        case StructureShape():
            return {
                name: _rendered(member, value[name])
                for name, member in shape.members.items()
                if value.get(name) is not None
            }
        case ListShape():
            return [_rendered(shape.member, item) for item in value]
        case MapShape():
            return {key: _rendered(shape.value, item) for key, item in value.items()}
    if shape.type_name == "timestamp":
        return round(datetime.fromisoformat(value).timestamp(), 3)
    return value
