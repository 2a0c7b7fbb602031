"""Scheduled rules in scaled time.

AWS: `rate(5 minutes)` fires every five minutes.
Emulator: fires in real time, looking every ten seconds.
Here: the rate is multiplied by the time scale, never below five seconds. Not a gap of the emulator, but what a scaled
cloud needs. `cron()` names points in time and is left alone.
"""

from collections.abc import Callable

from ministack.services import eventbridge

from local.gaps.patching import wrap

SHORTEST = 5.0
"""Seconds. Each round starts three functions: more often, they alone would keep a machine of two cores busy."""


def install(time_scale: float) -> None:
    wrap(eventbridge, "_parse_rate_seconds", lambda original: _scaled(original, time_scale))
    wrap(eventbridge, "_SCHEDULER_TICK_INTERVAL", lambda original: max(original * time_scale, SHORTEST / 4))


def _scaled(original: Callable[[str], int | None], time_scale: float) -> Callable[[str], float | None]:
    def seconds(expression: str) -> float | None:
        rate = original(expression)
        return None if rate is None else max(rate * time_scale, SHORTEST)

    return seconds
