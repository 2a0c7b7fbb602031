"""Version 1: what a basket costs."""

from typing import Any


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    return {"total": sum(item["price"] * item["quantity"] for item in event["items"])}
