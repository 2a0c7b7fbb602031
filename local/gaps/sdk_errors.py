"""What a task that calls DynamoDB by the SDK fails with.

AWS: the error is `DynamoDb.` and the name of the Java SDK's exception, if DynamoDB's model has one; any other, such as the
validation's, is `DynamoDb.DynamoDbException`.
Emulator: puts `DynamoDb.` before whatever the service answered.
Here: as on AWS.
"""

from collections.abc import Callable
from functools import cache

import botocore.session
from ministack.services import stepfunctions

from local.gaps.patching import wrap


def install() -> None:
    wrap(stepfunctions, "_prefix_sdk_error", _as_modelled)


def name(code: str) -> str:
    """The error of a task whose call of DynamoDB was refused with that code."""
    if code not in _modelled():
        return "DynamoDb.DynamoDbException"
    return f"DynamoDb.{code.removesuffix('Exception')}Exception"


@cache
def _modelled() -> frozenset[str]:
    model = botocore.session.get_session().get_service_model("dynamodb")
    return frozenset(shape.name for shape in model.error_shapes)


def _as_modelled(original: Callable[[str, str], str]) -> Callable[[str, str], str]:
    def prefixed(service: str, code: str) -> str:
        # With a dot it is Step Functions' own error, such as States.Timeout.
        return name(code) if service == "dynamodb" and "." not in code else original(service, code)

    return prefixed
