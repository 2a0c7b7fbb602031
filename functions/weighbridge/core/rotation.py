"""In which order the scheduled functions look at what may be more than they get round to."""

from collections.abc import Sequence
from datetime import datetime, timedelta

INTERVAL = timedelta(minutes=5)
"""How often the schedule comes round."""
_GOLDEN = (5**0.5 - 1) / 2


def rotated(names: Sequence[str], now: datetime) -> list[str]:
    """The names in the order in which the run at `now` looks at them: sorted, and each run begins at another place.

    Runs that follow each other begin a golden section apart, which leaves no large gap whatever their reach is: everybody's
    turn comes, and nothing needs to be kept.
    """
    ordered = sorted(names)
    start = int(len(ordered) * (int(now.timestamp() / INTERVAL.total_seconds()) * _GOLDEN % 1))
    return ordered[start:] + ordered[:start]
