"""The parts of a run by their names in the results: each measures, given a cloud assembly and whether to be quick."""

import importlib
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import cold_start, reaction

Measure = Callable[[Path, bool], dict[str, Any]]


def _apart(module: str) -> Measure:
    """Has `measure` of a module run in a process of its own, since the simulation brings another time and environment."""

    def measure(assembly: Path, quick: bool) -> dict[str, Any]:  # noqa: FBT001 - the one choice there is
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            return pool.submit(_measured, module, assembly, quick).result()

    return measure


def _measured(module: str, assembly: Path, quick: bool) -> dict[str, Any]:  # noqa: FBT001 - as above
    figures: dict[str, Any] = importlib.import_module(f"benchmarks.{module}").measure(assembly, quick=quick)
    return figures


def _cold_start(_assembly: Path, _quick: bool) -> dict[str, Any]:  # noqa: FBT001 - as above
    return asdict(cold_start.measure())


def _reaction(assembly: Path, _quick: bool) -> dict[str, Any]:  # noqa: FBT001 - as above
    return reaction.measure(assembly)


QUICK: dict[str, Measure] = {"cost": _apart("cost"), "scale": _apart("scale")}
"""What a quick run measures: what needs no local cloud and is the same on every machine."""
PARTS: dict[str, Measure] = {
    **QUICK,
    "reaction": _reaction,
    "coldStart": _cold_start,
}
"""All of them, in order."""
