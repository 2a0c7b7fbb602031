"""What is said of several samples of one figure."""

from collections.abc import Sequence
from statistics import quantiles


def spread_of(samples: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile, the greatest, and of how many; the last alone where there are none."""
    if not samples:
        return {"of": 0}
    several = [*samples, *samples] if len(samples) == 1 else samples
    cuts = quantiles(several, n=20, method="inclusive")
    figures = {"p50": cuts[9], "p95": cuts[18], "max": max(samples)}
    return {name: round(value, 3) for name, value in figures.items()} | {"of": len(samples)}
