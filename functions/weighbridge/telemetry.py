"""Counts of what happens, as CloudWatch metrics in the log (embedded metric format): no call, nothing to wait for."""

from aws_lambda_powertools import single_metric
from aws_lambda_powertools.metrics import MetricUnit


def count(name: str) -> None:
    """Counts one in the metric `name` of the namespace that the environment gives."""
    with single_metric(name=name, unit=MetricUnit.Count, value=1):
        pass
