"""What AWS charges for what a deployment does, in us-east-1 and outside of the free tier.

Beside what is charged by the month, which `make idle-cost` adds up.
"""

from collections.abc import Mapping
from dataclasses import dataclass

THOUSAND, MILLION, GIBIBYTE = 1e3, 1e6, 2**30
MEMORY = 0.5
"""GB that every function has (infra/handler.py)."""
BILLED_SECONDS = 0.3
"""Of an invocation: assumed, since no machine but AWS's own can tell. Warm ones are shorter, cold ones longer."""


@dataclass(frozen=True)
class Price:
    """US dollars for one unit, and where it stands: the page, and how it is known."""

    dollars: float
    page: str
    known: str


_READ = "read 2026-11-27"
_GENERAL = "as generally known, 2026-11-27"

PRICES: Mapping[str, Price] = {
    "state transition": Price(0.025 / THOUSAND, "https://aws.amazon.com/step-functions/pricing/", _READ),
    "Lambda request": Price(0.20 / MILLION, "https://aws.amazon.com/lambda/pricing/", _READ),
    "Lambda GB-second (Arm)": Price(0.0000133334, "https://aws.amazon.com/lambda/pricing/", _READ),
    "table write unit": Price(0.625 / MILLION, "https://aws.amazon.com/dynamodb/pricing/on-demand/", _READ),
    "table read unit": Price(0.125 / MILLION, "https://aws.amazon.com/dynamodb/pricing/on-demand/", _READ),
    "custom event": Price(1.00 / MILLION, "https://aws.amazon.com/eventbridge/pricing/", _GENERAL),
    "CloudWatch request": Price(0.01 / THOUSAND, "https://aws.amazon.com/cloudwatch/pricing/", _GENERAL),
    "log GB": Price(0.50, "https://aws.amazon.com/cloudwatch/pricing/", _GENERAL),
    "S3 read": Price(0.0004 / THOUSAND, "https://aws.amazon.com/s3/pricing/", _GENERAL),
    "S3 listing": Price(0.005 / THOUSAND, "https://aws.amazon.com/s3/pricing/", _GENERAL),
    "queue request": Price(0.40 / MILLION, "https://aws.amazon.com/sqs/pricing/", _GENERAL),
    "trace": Price(5.00 / MILLION, "https://aws.amazon.com/xray/pricing/", _GENERAL),
}
_CHARGED = {
    "eventbridge PutEvents": "custom event",
    "cloudwatch DescribeAlarms": "CloudWatch request",
    "cloudwatch GetMetricStatistics": "CloudWatch request",
    "s3 GetObject": "S3 read",
    "s3 HeadObject": "S3 read",
    "s3 ListObjectsV2": "S3 listing",
    "sqs ReceiveMessage": "queue request",
}
"""Calls that are charged each; Lambda's and Step Functions' are free, and DynamoDB's are charged by units."""


def quantities(
    calls: Mapping[str, int],
    *,
    transitions: int,
    invocations: int,
    units: tuple[float, float] = (0, 0),
    log_bytes: int = 0,
) -> dict[str, float]:
    """How much of what has a price; `units` are the table's, written and read. At most, every invocation is traced."""
    amounts: dict[str, float] = {
        "state transition": transitions,
        "Lambda request": invocations,
        "Lambda GB-second (Arm)": invocations * MEMORY * BILLED_SECONDS,
        "table write unit": units[0],
        "table read unit": units[1],
        "log GB": log_bytes / GIBIBYTE,
        "trace": invocations,
    }
    for call, count in calls.items():
        if call in _CHARGED:
            amounts[_CHARGED[call]] = amounts.get(_CHARGED[call], 0) + count
    return {name: amount for name, amount in amounts.items() if amount}


def dollars(amounts: Mapping[str, float]) -> dict[str, float]:
    """US dollars for each of those quantities."""
    return {name: amount * PRICES[name].dollars for name, amount in amounts.items()}
