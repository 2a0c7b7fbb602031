"""Weighbridge deploys Lambda functions, so there is one platform. Decision 8."""

from weighbridge.api import wire
from weighbridge.api.operations import Request


def check(request: Request) -> None:
    """Refuses every platform but Lambda; leaving it out means Lambda."""
    given = request.arguments.get("computePlatform", "Lambda")
    if given != "Lambda":
        message = f"ComputePlatform '{given}' is not valid. Valid values are [Lambda]: pass computePlatform Lambda."
        raise wire.invalid(request.operation, "computePlatform", message)
