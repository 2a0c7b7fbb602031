"""What a deployment may cost at most, and what of that does not hold."""

from collections.abc import Iterator, Mapping
from typing import Any

TRANSITIONS_A_STEP = 4
WRITES_A_STEP = 1
READS = 3
"""Of Lambda's control plane, a deployment."""
HOOK_READS = 1
"""How many more a deployment with two hooks may have (decision 64)."""
RECORD_BYTES = 100_000
MOST_STEPS = 100
"""Of a linear deployment: 99 shares and all of the traffic."""
LONG_MINUTES = 600
"""Of a canary that waits, against one that waits five minutes."""
SAME = ("transitions", "history_events", "invocations", "calls")
"""What does not depend on how long a deployment waits."""


def missed(figures: Mapping[str, Any]) -> Iterator[str]:
    """What of the budgets the figures of `cost.measure` do not keep, one sentence each."""
    fits, counts = figures["fits"], figures["counts"]
    if fits["transitions"]["b"] > TRANSITIONS_A_STEP:
        yield f"a step takes {fits['transitions']['b']} state transitions"
    for line in ("transitions", "control-plane writes", "control-plane reads"):
        if fits[line]["off"] > 0:
            yield f"{line} do not grow by the same number with every step"
    for count in counts:
        reads, writes = (count["control_plane"][kind] for kind in ("reads", "writes"))
        if writes > WRITES_A_STEP * count["steps"]:
            yield f"{count['name']}: {writes} writes of the control plane in {count['steps']} steps"
        if reads > READS + (HOOK_READS if count["hooks"] else 0):
            yield f"{count['name']}: {reads} reads of the control plane"
        if count["record_bytes"] > RECORD_BYTES:
            yield f"{count['name']}: a record of {count['record_bytes']} bytes"
    if (largest := largest_record(figures)) > RECORD_BYTES:
        yield f"a record of {largest:.0f} bytes with {MOST_STEPS} steps"
    yield from _by_waiting(*waiting(counts))


def failed(figures: Mapping[str, Any]) -> Iterator[str]:
    """What did not hold of the loads that `scale.measure` has simulated, one sentence each.

    What did not on the local cloud stands on the page: it may be that this machine is slow.
    """
    for load in figures["loads"]:
        for outcome, number in load["failed"].items():
            yield f"of {load['deployments']} deployments within {load['spreadSeconds']:g} s {number} ended {outcome}"
    for checked in figures["simulated"]:
        yield from checked["wrong"]


def waiting(counts: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same deployment that waits shortly, and long."""
    [short] = [count for count in counts if count["name"] == "canary" and count["alarm"] and not count["hooks"]]
    [long] = [count for count in counts if count["name"] == f"canary of {LONG_MINUTES} minutes"]
    return short, long


def _by_waiting(short: Mapping[str, Any], long: Mapping[str, Any]) -> Iterator[str]:
    if long["waited"] <= short["waited"]:
        yield "nothing has waited longer"
    for figure in SAME:
        if short[figure] != long[figure]:
            yield f"{figure} grow with the time that is waited: {short[figure]}, then {long[figure]}"


def largest_record(figures: Mapping[str, Any]) -> float:
    """Bytes of the record of a linear deployment of most steps, by the line through those that were counted."""
    fit = figures["fits"]["record bytes"]
    return float(fit["a"] + fit["b"] * MOST_STEPS + fit["off"])
