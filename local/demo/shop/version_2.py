"""Version 2: delivery is free for large baskets."""

from typing import Any

DELIVERY = 5
FREE_FROM = 50


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    goods = sum(item["price"] * item["quantity"] for item in event["items"])
    delivery = 0 if goods >= FREE_FROM else DELIVERY
    return {"total": goods + delivery, "delivery": delivery}
